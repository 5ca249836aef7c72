package login

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/pelletier/go-toml/v2"
)

// Profile says where to log in. Issuer, ClientID and Endpoint are required.
type Profile struct {
	Issuer   string `toml:"issuer"`             // the iss of the tokens, byte for byte
	ClientID string `toml:"client_id"`          // of a public client, which has no secret
	Endpoint string `toml:"endpoint"`           // MinIO's URL
	RoleARN  string `toml:"role_arn,omitempty"` // empty: made from ClientID
	CAFile   string `toml:"ca_file,omitempty"`  // PEM certificates for the issuer and for MinIO
	Duration string `toml:"duration,omitempty"` // of MinIO's credentials, 15m to 168h; empty: 8h
	Scopes   string `toml:"scopes,omitempty"`   // separated by blanks; empty: the usual ones
}

const usualDuration = "8h"

// usualScopes are requested if the issuer has them. The mapping of the scope minio puts the token for claimgate
// into the id_token, and offline_access brings a refresh token.
var usualScopes = []string{"openid", "profile", "email", "groups", "minio", "offline_access"}

// configFile returns the path of the file with the profiles.
func configFile() (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "claimgate", "login.toml"), err
}

// Load returns the profile of a name, or the zero Profile if there is none.
func Load(name string) (Profile, error) {
	all, err := profiles()
	return all[name], err
}

func profiles() (map[string]Profile, error) {
	file, err := configFile()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	if errors.Is(err, os.ErrNotExist) {
		return map[string]Profile{}, nil
	}
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 { // Windows has no such bits
		return nil, fmt.Errorf("%s may be written by others (mode %04o), who could send your login elsewhere: chmod 600 %s", file, info.Mode().Perm(), file)
	}
	text, err := utf8text.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var read struct {
		Profile map[string]Profile `toml:"profile"`
	}
	if err := toml.Unmarshal(text, &read); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if read.Profile == nil {
		read.Profile = map[string]Profile{}
	}
	return read.Profile, nil
}

// Save saves the profile under a name, in the file of the profiles.
func Save(name string, p Profile) error {
	all, err := profiles()
	if err != nil {
		return err
	}
	all[name] = p
	text, err := toml.Marshal(map[string]any{"profile": all})
	if err != nil {
		return err
	}
	file, err := configFile()
	if err != nil {
		return err
	}
	return write(file, text)
}

// Check returns an error if a setting is missing or wrong. The error names the flag of claimgate login.
func (p *Profile) Check() error {
	for flag, text := range map[string]string{"--issuer": p.Issuer, "--endpoint": p.Endpoint} {
		u, err := url.Parse(text)
		switch {
		case text == "":
			return fmt.Errorf("%s is missing: the profile is not set up yet", flag)
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			return fmt.Errorf("%s %q is not a URL", flag, text)
		case u.Scheme == "http" && !loopback(u.Hostname()):
			return fmt.Errorf("%s %q is plain http: somebody on the network could read the login; write https", flag, text)
		}
	}
	if p.ClientID == "" {
		return errors.New("--client-id is missing: the client ID of the provider's public client")
	}
	d, err := time.ParseDuration(p.duration())
	if err != nil || d < 15*time.Minute || d > 7*24*time.Hour {
		return fmt.Errorf("--duration %q: MinIO takes 15m to 168h", p.Duration)
	}
	return nil
}

// loopback returns true for localhost and for IP addresses of the loopback interface.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (p *Profile) duration() string {
	if p.Duration == "" {
		return usualDuration
	}
	return p.Duration
}

func (p *Profile) seconds() int {
	d, _ := time.ParseDuration(p.duration()) // Check refuses other values
	return int(d.Seconds())
}

// scopes returns the scopes to request: those of the profile, or the usual ones that the issuer supports. Some
// issuers refuse a scope that they do not know. If the issuer lists no scopes, all usual ones are requested.
func (p *Profile) scopes(supported []string) []string {
	if p.Scopes != "" {
		return strings.Fields(p.Scopes)
	}
	if len(supported) == 0 {
		return usualScopes
	}
	return slices.DeleteFunc(slices.Clone(usualScopes), func(s string) bool { return s != "openid" && !slices.Contains(supported, s) })
}
