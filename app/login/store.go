package login

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Session is a login with MinIO's credentials. The fields of the first part may be shown, the others are secret.
type Session struct {
	Profile  string    `json:"profile"`
	Issuer   string    `json:"issuer"`
	Subject  string    `json:"sub"`
	Username string    `json:"username,omitempty"`
	Groups   []string  `json:"groups"`
	Policy   []string  `json:"policy"`
	ID       string    `json:"sid,omitempty"` // of the session at the issuer
	Endpoint string    `json:"endpoint"`
	Expires  time.Time `json:"expires"` // the earlier end: of the credentials, or of the token inside the id_token

	AccessKey    string `json:"access_key"`
	SecretKey    string `json:"secret_key"`
	SessionToken string `json:"session_token"`
	RefreshToken string `json:"refresh_token,omitempty"`

	// Unsealed warns that the file of the session is not sealed although the system has a keyring, and says what to
	// do. It is set by a login or a renewal, and holds no secret.
	Unsealed string `json:"-"`
}

// ErrNotLoggedIn is the error of Read, Current and Logout if the profile has no session.
var ErrNotLoggedIn = errors.New("nobody is logged in")

func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "claimgate"), err
}

// sessionFile returns the path of a profile's session. The path holds a digest of the profile's name, because a
// name may hold any character.
func sessionFile(profile string) (string, error) {
	dir, err := cacheDir()
	sum := sha256.Sum256([]byte(profile))
	return filepath.Join(dir, "session-"+hex.EncodeToString(sum[:8])+".json"), err
}

// Read returns the saved session of a profile, without renewing it.
func Read(profile string) (*Session, error) {
	file, err := sessionFile(profile)
	if err != nil {
		return nil, err
	}
	text, err := readOwn(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotLoggedIn
	}
	if err == nil {
		text, err = unseal(profile, text)
	}
	if err != nil {
		return nil, err
	}
	var s Session
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): claimgate login", file, err)
	}
	return &s, nil
}

func (s *Session) save() error {
	file, err := sessionFile(s.Profile)
	if err != nil {
		return err
	}
	text, err := json.Marshal(s) //nolint:gosec // into a file of mode 0600, which is what the session is for
	if err == nil {
		text, s.Unsealed, err = seal(s.Profile, text)
	}
	if err != nil {
		return err
	}
	return write(file, text)
}

// Forget removes the session of a profile and its key of the keyring. A missing session is no error.
func Forget(profile string) error {
	file, err := sessionFile(profile)
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	forgetKey(profile)
	return nil
}

// write replaces a file, with mode 0600 in a directory of mode 0700. A reader sees the old content or the new.
func write(file string, text []byte) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory needs the x; an older directory may be open to others
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// lockFile returns the path of the file that locked locks, and makes the directory.
func lockFile(profile string) (string, error) {
	file, err := sessionFile(profile)
	if err != nil {
		return "", err
	}
	return file + ".lock", os.MkdirAll(filepath.Dir(file), 0o700)
}
