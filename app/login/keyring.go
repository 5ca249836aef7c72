package login

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

// The system's keyring keeps one key of 256 bits for each profile. The key seals the session's file (AES-256-GCM).
// The session itself does not fit into the keyring: Windows takes 2,560 bytes, and a session token is longer.

// keyringService is the name under which the keyring shows the keys.
const keyringService = "claimgate login"

// keyringTimeout bounds a call to the keyring. A locked keyring waits for a person, and `claimgate credentials`
// must not wait for anybody.
const keyringTimeout = 5 * time.Second

// sealedFile is the form of a sealed session.
type sealedFile struct {
	Sealed []byte `json:"sealed"` // the nonce, then the ciphertext and tag of AES-GCM
}

// hasKeyring returns true if there may be a keyring. On Linux the keyring is the Secret Service on the session
// bus. The check for a bus is needed because the keyring library starts a bus if there is none.
func hasKeyring() bool {
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "bus")) //nolint:gosec // the person's own environment
	return err == nil
}

var errNoKeyring = errors.New("there is no keyring")

var errKeyringTimeout = errors.New("the keyring does not answer: is it locked?")

// withKeyringTimeout calls ask and waits for at most keyringTimeout. After that ask goes on in its goroutine.
func withKeyringTimeout(ask func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := ask()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-time.After(keyringTimeout):
		return "", errKeyringTimeout
	}
}

// sealingKey returns the profile's key from the keyring.
func sealingKey(profile string) ([]byte, error) {
	text, err := withKeyringTimeout(func() (string, error) { return keyring.Get(keyringService, profile) })
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, errors.New("the keyring's entry was not made by claimgate")
	}
	return key, nil
}

// newSealingKey makes a key and puts it into the keyring.
func newSealingKey(profile string) ([]byte, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	_, err := withKeyringTimeout(func() (string, error) {
		return "", keyring.Set(keyringService, profile, base64.StdEncoding.EncodeToString(key))
	})
	return key, err
}

// sealer returns the AEAD of a key. The AEAD makes a random nonce for each Seal.
func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal seals the text of a session. Without a keyring it returns the text unchanged, and the file's mode 0600 is
// the only protection. If there is a keyring that is locked or fails, seal also returns a warning.
func seal(profile string, text []byte) (sealed []byte, warning string, err error) {
	if !hasKeyring() {
		return text, "", nil
	}
	key, err := sealingKey(profile)
	if err != nil && !errors.Is(err, errKeyringTimeout) && !isAbsent(err) {
		key, err = newSealingKey(profile)
	}
	switch {
	case err != nil && isAbsent(err):
		return text, "", nil
	case err != nil:
		return text, fmt.Sprintf("the session is not sealed, because the system's keyring cannot be used (%.200s): only the mode 0600 protects its file; unlock the keyring, then claimgate login",
			strings.Join(strings.Fields(err.Error()), " ")), nil
	}
	a, err := sealer(key)
	if err != nil {
		return nil, "", err
	}
	sealed, err = json.Marshal(sealedFile{a.Seal(nil, nil, text, []byte(profile))}) //nolint:gosec // the AEAD makes a random nonce itself
	return sealed, "", err
}

// isAbsent returns true if an error of the keyring says that there is none: there is no session bus or nothing listens on
// it, or the bus has no Secret Service, such as on a server.
func isAbsent(err error) bool {
	var refused dbus.Error
	if errors.As(err, &refused) {
		return refused.Name == "org.freedesktop.DBus.Error.ServiceUnknown" || refused.Name == "org.freedesktop.DBus.Error.NameHasNoOwner"
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, keyring.ErrUnsupportedPlatform)
}

// unseal reverses seal. It returns a text that is not sealed unchanged.
func unseal(profile string, text []byte) ([]byte, error) {
	var file sealedFile
	if err := json.Unmarshal(text, &file); err != nil || file.Sealed == nil {
		return text, nil //nolint:nilerr // the caller reads the text and says what is wrong
	}
	key, err := []byte(nil), errNoKeyring
	if hasKeyring() {
		key, err = sealingKey(profile)
	}
	if err != nil {
		return nil, fmt.Errorf("the session is sealed with a key of the system's keyring, which cannot be read (%w): unlock the keyring, or claimgate login", err)
	}
	a, err := sealer(key)
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, file.Sealed, []byte(profile))
	if err != nil {
		return nil, errors.New("the key of the system's keyring does not open the session: claimgate login")
	}
	return plain, nil
}

// forgetKey removes the profile's key from the keyring, if there is one.
func forgetKey(profile string) {
	if hasKeyring() {
		_, _ = withKeyringTimeout(func() (string, error) { return "", keyring.Delete(keyringService, profile) })
	}
}
