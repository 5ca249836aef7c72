package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The lifetimes of codes, device codes and refresh tokens. In Authentik, a code lives one minute and a refresh token
// 30 days. A device code lives one minute there too, which is too short for a person.
const (
	codeLife    = time.Minute
	deviceLife  = 10 * time.Minute
	refreshLife = 30 * 24 * time.Hour
)

// maxStored bounds each map of codes, device codes, refresh tokens and sessions, so that a stranger cannot fill the
// memory.
const maxStored = 10_000

// grant is what a code, a device code or a refresh token stands for.
type grant struct {
	user      string // empty: nobody has decided yet (device)
	denied    bool   // the person refused (device)
	scope     string
	nonce     string
	redirect  string
	challenge string // of PKCE, S256
	session   string
	userCode  string // device
	ends      time.Time
	asked     time.Time // the last poll for a device code
}

// logins holds the grants by their code, and the sessions.
type logins struct {
	codes   map[string]*grant
	devices map[string]*grant
	refresh map[string]*grant
	live    map[string]string // session -> user
	ended   map[string]bool   // sessions
}

func newLogins() logins {
	return logins{codes: map[string]*grant{}, devices: map[string]*grant{}, refresh: map[string]*grant{}, live: map[string]string{}, ended: map[string]bool{}}
}

// store stores a grant for the time life, under a random name, and returns the name. If the map is full, it removes
// other grants. The caller holds i.mu.
func (i *Issuer) store(in map[string]*grant, g *grant, life time.Duration) string {
	now := i.clock()
	g.ends = now.Add(life)
	for name, old := range in {
		if !now.Before(old.ends) {
			delete(in, name)
		}
	}
	for name := range in {
		if len(in) < maxStored {
			break
		}
		delete(in, name)
	}
	name := randomName()
	in[name] = g
	return name
}

// take removes a grant and returns it, so that each grant counts once. It returns nil for a grant that is unknown,
// expired, or of an ended session. The caller holds i.mu.
func (i *Issuer) take(from map[string]*grant, name string) *grant {
	g := from[name]
	delete(from, name)
	if g == nil || !i.clock().Before(g.ends) || i.logins.ended[g.session] {
		return nil
	}
	return g
}

// startSession records the session of a login. The caller holds i.mu.
func (i *Issuer) startSession(g *grant) {
	for name := range i.logins.live {
		if len(i.logins.live) < maxStored {
			break
		}
		delete(i.logins.live, name)
	}
	i.logins.live[g.session] = g.user
}

// endSession ends a session: its refresh tokens and codes are invalid from now on. If the session was live, the
// logout URI gets a logout token.
func (i *Issuer) endSession(session string) {
	i.mu.Lock()
	user := i.logins.live[session]
	delete(i.logins.live, session)
	if len(i.logins.ended) < maxStored {
		i.logins.ended[session] = true
	}
	for _, in := range []map[string]*grant{i.logins.codes, i.logins.devices, i.logins.refresh} {
		for name, g := range in {
			if g.session == session {
				delete(in, name)
			}
		}
	}
	i.mu.Unlock()
	if u, known := i.User(user); known {
		i.sendLogoutToken(u, session)
	}
}

// allowedRedirect returns true for an allowed redirect URI: any port of the loopback interface (RFC 8252, section
// 7.3), or one of Options.RedirectURIs.
func (i *Issuer) allowedRedirect(address string) bool {
	if slices.Contains(i.redirects, address) {
		return true
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// proves returns true if the PKCE verifier belongs to the grant's challenge (RFC 7636, section 4.6).
func (g *grant) proves(verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	got := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(got), []byte(g.challenge)) == 1
}

// knownScopes removes unknown scopes, as Authentik does.
func knownScopes(scope string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return !slices.Contains(scopes, s) }), " ")
}

var scopes = []string{"openid", "email", "profile", "minio", "offline_access"}

func randomName() string {
	var data [32]byte
	_, _ = rand.Read(data[:]) // crypto/rand never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(data[:])
}
