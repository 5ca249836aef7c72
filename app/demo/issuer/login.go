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

// How long what a login leaves behind counts. A code of Authentik lives a minute,
// a refresh token 30 days; its device codes live a minute too, which is too short
// for a person.
const (
	codeLife    = time.Minute
	deviceLife  = 10 * time.Minute
	refreshLife = 30 * 24 * time.Hour
)

// maxKept bounds the codes, device codes, refresh tokens and sessions that are
// kept, so that a stranger fills no memory.
const maxKept = 10_000

// grant is what somebody has agreed to: a code, a device code or a refresh token
// stands for one.
type grant struct {
	user      string // empty: nobody has decided yet (device)
	denied    bool   // somebody said no (device)
	scope     string
	nonce     string
	redirect  string
	challenge string // of PKCE, S256
	session   string
	userCode  string // device
	ends      time.Time
	asked     time.Time // the last question for a device code
}

// logins are the logins that are going on and those that last.
type logins struct {
	codes   map[string]*grant
	devices map[string]*grant
	refresh map[string]*grant
	live    map[string]string // the user of each session that a login made
	ended   map[string]bool   // sessions
}

func newLogins() logins {
	return logins{codes: map[string]*grant{}, devices: map[string]*grant{}, refresh: map[string]*grant{}, live: map[string]string{}, ended: map[string]bool{}}
}

// keep stores a grant under a name that nobody can guess and returns the name.
func (i *Issuer) keep(in map[string]*grant, g *grant, life time.Duration) string {
	now := i.clock()
	g.ends = now.Add(life)
	for name, old := range in {
		if !now.Before(old.ends) {
			delete(in, name)
		}
	}
	for name := range in {
		if len(in) < maxKept {
			break
		}
		delete(in, name)
	}
	name := unguessable()
	in[name] = g
	return name
}

// take removes a grant and returns it: whatever it is, it counts once.
func (i *Issuer) take(from map[string]*grant, name string) *grant {
	g := from[name]
	delete(from, name)
	if g == nil || !i.clock().Before(g.ends) || i.logins.ended[g.session] {
		return nil
	}
	return g
}

// begin notes that a login has made a session. The caller holds the lock.
func (i *Issuer) begin(g *grant) {
	for name := range i.logins.live {
		if len(i.logins.live) < maxKept {
			break
		}
		delete(i.logins.live, name)
	}
	i.logins.live[g.session] = g.user
}

// endSession ends a session that is live: its refresh tokens and codes count no more, and whoever
// is configured is told by a logout token.
func (i *Issuer) endSession(session string) {
	i.mu.Lock()
	user := i.logins.live[session]
	delete(i.logins.live, session)
	if len(i.logins.ended) < maxKept {
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
		i.tellOfLogout(u, session)
	}
}

// answers what a public client may be sent back to: a port of the machine itself (RFC 8252,
// section 7.3), or an address that Options name.
func (i *Issuer) mayReturnTo(address string) bool {
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

// proves compares a verifier of PKCE with its challenge (RFC 7636, section 4.6).
func (g *grant) proves(verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	got := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(got), []byte(g.challenge)) == 1
}

// known keeps the scopes that there are, as Authentik does, which ignores others.
func known(scope string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(scope), func(s string) bool { return !slices.Contains(scopes, s) }), " ")
}

var scopes = []string{"openid", "email", "profile", "minio", "offline_access"}

func unguessable() string {
	var data [32]byte
	_, _ = rand.Read(data[:]) // crypto/rand never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(data[:])
}
