package login

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Formats returns the formats of Write.
func Formats() []string { return []string{"process", "env", "mc", "json"} }

// Write prints the credentials of a session in one of Formats: process for AWS's credential_process, env for
// shells, mc for MinIO's client, or json.
func Write(w io.Writer, format string, s *Session) error {
	switch format {
	case "process":
		// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
		return writeJSON(w, map[string]any{
			"Version": 1, "AccessKeyId": s.AccessKey, "SecretAccessKey": s.SecretKey, "SessionToken": s.SessionToken, "Expiration": s.Expires.UTC().Format(time.RFC3339),
		})
	case "env":
		_, err := fmt.Fprintf(w, "export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\nexport AWS_SESSION_TOKEN=%s\nexport AWS_ENDPOINT_URL_S3=%s\n",
			quoted(s.AccessKey), quoted(s.SecretKey), quoted(s.SessionToken), quoted(s.Endpoint))
		return err
	case "mc":
		return writeMC(w, s)
	case "json":
		return writeJSON(w, map[string]any{
			"access_key": s.AccessKey, "secret_key": s.SecretKey, "session_token": s.SessionToken, "endpoint": s.Endpoint, "expires": s.Expires.UTC().Format(time.RFC3339),
		})
	}
	return fmt.Errorf("no format %q", format)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

var alias = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// writeMC writes the variable that defines an alias for mc: https://ACCESSKEY:SECRETKEY:TOKEN@host.
func writeMC(w io.Writer, s *Session) error {
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		return err
	}
	name := alias.ReplaceAllString(s.Profile, "_")
	_, err = fmt.Fprintf(w, "export MC_HOST_%s=%s\n", name, quoted(fmt.Sprintf("%s://%s:%s:%s@%s", u.Scheme, s.AccessKey, s.SecretKey, s.SessionToken, u.Host)))
	return err
}

// quoted quotes a text for a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// Shown holds the fields of a session that are not secret.
type Shown struct {
	Profile  string    `json:"profile"`
	Issuer   string    `json:"issuer"`
	Subject  string    `json:"sub"`
	Username string    `json:"username,omitempty"`
	Groups   []string  `json:"groups"`
	Policy   []string  `json:"policy"`
	ID       string    `json:"sid,omitempty"`
	Endpoint string    `json:"endpoint"`
	Expires  time.Time `json:"expires"`
	Renews   bool      `json:"renews"` // there is a refresh token
}

// Shown returns the fields of the session that are not secret.
func (s *Session) Shown() Shown {
	return Shown{s.Profile, s.Issuer, s.Subject, s.Username, s.Groups, s.Policy, s.ID, s.Endpoint, s.Expires.UTC(), s.RefreshToken != ""}
}
