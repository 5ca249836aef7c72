package issuer

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	defaultKeyBits  = 2048
	defaultLifetime = time.Hour
	// defaultEvidence is the lifetime of the inner token. It must cover the MinIO session, which may outlive the
	// id_token (DurationSeconds).
	defaultEvidence = 8 * time.Hour
)

// Options configure an issuer. New requires URL; Listen does not. The zero value of any other field selects its
// default.
type Options struct {
	// URL is the issuer, byte for byte as in iss. As in Authentik, it ends in a slash, and its last segment is the
	// application's slug.
	URL string
	// ClientID is the audience; default "minio".
	ClientID string
	// ClientSecret is the client's secret for introspection; default DefaultClientSecret.
	ClientSecret string
	// RedirectURIs are the redirect URIs that are allowed beside loopback addresses, byte for byte.
	RedirectURIs []string
	// LogoutURI gets a logout token when a session ends (OpenID Connect Back-Channel Logout 1.0); default none.
	LogoutURI string
	// Clock is the clock for iat and exp; default time.Now.
	Clock func() time.Time
	// Users are the accounts; default DefaultUsers.
	Users []User
	// Key is the first signing key; default a new key of KeyBits.
	Key *rsa.PrivateKey
	// KeyBits is the size of new keys; default 2048. Authentik's own generator makes 4096.
	KeyBits int
	// Lifetime is the lifetime of ID and access tokens; default one hour.
	Lifetime time.Duration
	// EvidenceLifetime is the lifetime of the token inside the token; default eight hours.
	EvidenceLifetime time.Duration
}

// Issuer signs tokens and serves the endpoints of an OpenID Connect provider. It is safe for concurrent use.
type Issuer struct {
	url      string
	clientID string
	secret   string
	clock    func() time.Time
	keyBits  int
	lifetime time.Duration
	evidence time.Duration
	users    map[string]User
	mux      *http.ServeMux

	host      string            // scheme://host of the issuer
	actions   map[string]string // the path of each form
	redirects []string
	client    *http.Client

	mu        sync.RWMutex
	logoutURI string
	key       *key
	logins    logins
	revoked   map[[sha256.Size]byte]bool // tokens, by digest
}

// New makes an issuer that does not listen: see Listen.
func New(o Options) (*Issuer, error) {
	base, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	i := &Issuer{
		url:      o.URL,
		clientID: o.ClientID,
		secret:   o.ClientSecret,
		revoked:  make(map[[sha256.Size]byte]bool),
		clock:    o.Clock,
		keyBits:  o.KeyBits,
		lifetime: o.Lifetime,
		evidence: o.EvidenceLifetime,
		users:    make(map[string]User),

		host:      base.Scheme + "://" + base.Host,
		redirects: o.RedirectURIs,
		logoutURI: o.LogoutURI,
		client:    &http.Client{},
		logins:    newLogins(),
	}
	if i.clientID == "" {
		i.clientID = "minio"
	}
	if i.secret == "" {
		i.secret = DefaultClientSecret
	}
	if i.clock == nil {
		i.clock = time.Now
	}
	if i.keyBits == 0 {
		i.keyBits = defaultKeyBits
	}
	if i.lifetime == 0 {
		i.lifetime = defaultLifetime
	}
	if i.evidence == 0 {
		i.evidence = defaultEvidence
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	for _, user := range o.Users {
		if user.Subject == "" {
			user.Subject = hashedSubject(user.Name)
		}
		i.users[user.Name] = user
	}
	if o.Key == nil {
		if o.Key, err = rsa.GenerateKey(rand.Reader, i.keyBits); err != nil {
			return nil, fmt.Errorf("make a signing key of %d bits: %w", i.keyBits, err)
		}
	}
	if i.key, err = newKey(o.Key, i.clock()); err != nil {
		return nil, err
	}
	i.mux = i.routes(base)
	return i, nil
}

func parseURL(raw string) (*url.URL, error) {
	base, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("issuer URL: %w", err)
	}
	if base.Scheme == "" || base.Host == "" || !strings.HasSuffix(base.Path, "/") {
		return nil, fmt.Errorf("issuer URL %q: want something like http://127.0.0.1:9000/application/o/minio/, with the slash at the end", raw)
	}
	if base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("issuer URL: an issuer has no query and no fragment")
	}
	return base, nil
}

// URL returns the issuer as in iss.
func (i *Issuer) URL() string { return i.url }

// ClientID returns the audience of all tokens.
func (i *Issuer) ClientID() string { return i.clientID }

// User returns the user of a name. For an unknown name it returns the zero User, which has no subject, so that a
// verifier refuses the user's tokens.
func (i *Issuer) User(name string) (User, bool) {
	user, ok := i.users[name]
	return user, ok
}

func (i *Issuer) current() *key {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.key
}

// KeyID returns the kid of the current key.
func (i *Issuer) KeyID() string { return i.current().id }

// RotateKey replaces the signing key. The old key leaves the key set at once, because Authentik publishes no old
// keys.
func (i *Issuer) RotateKey() error {
	return i.replaceKey(func(_, _ *key) {})
}

// ReplaceKeyInPlace replaces the signing key and keeps the kid, as Authentik does if somebody overwrites the key
// data of a certificate pair.
func (i *Issuer) ReplaceKeyInPlace() error {
	return i.replaceKey(func(old, fresh *key) { fresh.id = old.id })
}

func (i *Issuer) replaceKey(adjust func(old, fresh *key)) error {
	private, err := rsa.GenerateKey(rand.Reader, i.keyBits)
	if err != nil {
		return fmt.Errorf("make a signing key of %d bits: %w", i.keyBits, err)
	}
	fresh, err := newKey(private, i.clock())
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	adjust(i.key, fresh)
	i.key = fresh
	return nil
}

// JWKS returns the key set, which holds only the current key.
func (i *Issuer) JWKS() []byte {
	return mustJSON(map[string][]jwk{"keys": {i.current().jwk()}})
}

// mustJSON encodes v. It panics on a value that JSON cannot hold, such as a channel or a NaN in the claims of Token.
func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("issuer: " + err.Error())
	}
	return data
}
