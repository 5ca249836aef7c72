package verifier

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/internal/ratchet"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/lestrrat-go/jwx/v3/jws/jwsbb"
	"golang.org/x/sync/singleflight"
)

// Options configure a Verifier. The zero value of a field means the default
// that its comment gives, except Issuers.
type Options struct {
	// Issuers are those whose tokens count. Never empty; names and URLs differ.
	Issuers []Issuer
	// MaxToken is the largest token in bytes; default 16 KiB.
	MaxToken int
	// TokenTTL is how long a verified token is remembered; default 5 minutes.
	TokenTTL time.Duration
	// TokenBytes bounds the memory for remembered tokens; default 64 MiB.
	TokenBytes int64
	// Notify is told what happens to key sets; it must not block. Default: nobody.
	Notify func(Notice)
	// Now is the clock that tokens are judged by; default time.Now.
	Now func() time.Time
	// Dial connects to issuers; default a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Checks is how many signatures are checked at once; default half the
	// processors, at least one. Waiters is how many may wait; default 512.
	Checks, Waiters int
}

const (
	refusedTTL = 5 * time.Second        // how long a token that failed its check is remembered
	patience   = 500 * time.Millisecond // the most that a check waits for a slot
)

// Verifier verifies tokens. Its methods may be called concurrently.
type Verifier struct {
	sources map[string]*keySource // by iss
	order   []*keySource
	// claimNames are the claims that are read, for any issuer.
	claimNames []string
	maxToken   int
	tokenTTL   time.Duration
	now        func() time.Time
	good       *tokens
	bad        *tokens
	recent     *recent
	pool       *pool
	bearers    *bearers // in front of pool
	logouts    *pool
	once       singleflight.Group
	cancel     context.CancelFunc
	running    sync.WaitGroup
	clock      ratchet.Clock
	stats      stats
}

type stats struct{ hit, miss, refused atomic.Uint64 }

// New makes a Verifier and loads the snapshots of its issuers. It does not wait
// for any issuer: keys are fetched after Start.
func New(o Options) (*Verifier, error) {
	o.setDefaults()
	if len(o.Issuers) == 0 {
		return nil, errors.New("there is no issuer: an empty list accepts no token")
	}
	v := &Verifier{
		sources: make(map[string]*keySource), claimNames: namesRead(o.Issuers), maxToken: o.MaxToken, tokenTTL: o.TokenTTL, now: o.Now,
		recent: newRecent(),
		pool:   newPool(o.Checks, o.Waiters, patience), logouts: newPool(1, logoutWaiters, logoutPatience),
	}
	v.bearers = newBearers(v.pool)
	v.logouts.rest = logoutRest
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	for n := range o.Issuers {
		if err := v.addIssuer(ctx, o.Issuers[n], &o); err != nil {
			cancel()
			return nil, err
		}
	}
	var err error
	if v.good, err = newTokens(o.TokenBytes); err == nil {
		v.bad, err = newTokens(max(o.TokenBytes/16, 1<<20))
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return v, nil
}

func (o *Options) setDefaults() {
	if o.MaxToken == 0 {
		o.MaxToken = 16 << 10
	}
	if o.TokenTTL == 0 {
		o.TokenTTL = 5 * time.Minute
	}
	if o.TokenBytes == 0 {
		o.TokenBytes = 64 << 20
	}
	if o.Notify == nil {
		o.Notify = func(Notice) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Checks == 0 {
		o.Checks = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if o.Waiters == 0 {
		o.Waiters = 512
	}
}

func (v *Verifier) addIssuer(ctx context.Context, i Issuer, o *Options) error {
	if err := i.validate(); err != nil {
		return err
	}
	for _, s := range v.order {
		if s.issuer.Name == i.Name || s.issuer.URL == i.URL {
			return fmt.Errorf("issuer %q: its name or url is given twice", i.Name)
		}
		if i.SnapshotFile != "" && s.issuer.SnapshotFile == i.SnapshotFile {
			return fmt.Errorf("issuer %q: its snapshot_file is that of issuer %q", i.Name, s.issuer.Name)
		}
	}
	f, err := newFetcher(&i, o.Dial)
	if err != nil {
		return err
	}
	s := &keySource{
		issuer: &i, fetch: f.keySet, notify: o.Notify, now: o.Now, ctx: ctx,
		missing: make(map[string]missingKid),
	}
	if i.Introspection.ClientID != "" {
		s.introspector = newIntrospector(ctx, f, o)
	}
	if i.SnapshotFile != "" {
		s.loadSnapshot()
	}
	v.sources[i.URL] = s
	v.order = append(v.order, s)
	return nil
}

// Start begins to fetch key sets in the background.
func (v *Verifier) Start() {
	for _, s := range v.order {
		v.running.Go(s.run)
	}
}

// Close ends the background work and forgets every token. What still runs ends,
// but asks no issuer any more.
func (v *Verifier) Close() {
	v.cancel()
	v.running.Wait()
	for _, s := range v.order {
		s.close()
		s.introspector.close()
	}
	v.good.close()
	v.bad.close()
	v.recent.clear()
}

// Presented is how a token came. The zero value is always safe to give.
type Presented struct {
	// By names who brought the token, such as the access key of the request: where
	// signatures of its tokens turn out to be forged, it is this name's next new
	// tokens that wait, and nobody else's. "" is nobody's, a name like any other.
	// It is not kept.
	By string
	// MaxAge lets a token count past its exp, for an access key that was made from a
	// session whose token can never be renewed: until MaxAge after iat, 0 not at
	// all. It never helps a token without iat.
	MaxAge time.Duration
}

// Verify returns who the token speaks of. The error is an *Error.
func (v *Verifier) Verify(ctx context.Context, token string, p Presented) (*Identity, error) {
	if len(token) > v.maxToken {
		return nil, refuse(Malformed, "the token is longer than max_token")
	}
	now := v.now()
	digest, f := v.known(token, now)
	if f == nil {
		if v.bearers.of(p.By).full() {
			return nil, crowded // reading the token costs more than all before it
		}
		// Everyone who brings the same token at once shares one check, in the turn of
		// whoever came first.
		first := false
		shared, _, _ := v.once.Do(string(digest[:]), func() (any, error) {
			first = true
			return v.verify(context.WithoutCancel(ctx), token, digest, p.By), nil
		})
		f = shared.(*verified)
		if !first && f.bad == crowded { // the first one's line is no reason to refuse others
			f = v.verify(context.WithoutCancel(ctx), token, digest, p.By)
		}
		now = v.now()
	}
	if f.bad != nil {
		v.stats.refused.Add(1)
		return nil, f.bad
	}
	switch set := f.source.currentAt(now); {
	case set == nil:
		return nil, f.source.unavailable()
	case !f.trustedBy(set): // it left while this token was checked
		return nil, unknownKey(f.key.kid)
	}
	if err := f.source.issuer.judgeTime(&f.judged, now, v.clock.Latest(now), p.MaxAge); err != nil {
		return nil, err
	}
	return &f.identity, nil
}

// verify applies steps 1 to 6 and remembers the outcome.
func (v *Verifier) verify(ctx context.Context, token string, digest [32]byte, by string) *verified {
	f, err := v.check(ctx, token, v.bearers.of(by))
	f.identity.Digest = digest
	f.bad = err
	switch {
	case err == nil:
		ttl := v.tokenTTL
		if left := f.identity.Expires.Sub(v.now()); left > 0 {
			ttl = min(ttl, left+f.source.issuer.Leeway)
		}
		f.until = v.now().Add(ttl)
		v.good.put(f, ttl)
	case f.checked:
		// Forged or unfit for good, as long as the key set is what it is.
		v.bad.put(f, min(refusedTTL, f.source.issuer.RefetchCooldown))
	}
	return f
}

// trustedBy reports whether the key that verified the token is in set.
func (f *verified) trustedBy(set *keySet) bool { return set == f.set || set.holds(f.key) }

func (v *Verifier) check(ctx context.Context, token string, c checker) (*verified, *Error) {
	f := new(verified)
	claims, err := v.authenticate(ctx, f, token, tokenTypes, v.claimNames, c)
	if err != nil {
		return f, err
	}
	j, err := f.source.issuer.judge(claims)
	if err != nil {
		return f, err
	}
	f.judged = *j
	return f, nil
}

// authenticate applies steps 1 to 5 and returns the claims of the token.
func (v *Verifier) authenticate(ctx context.Context, f *verified, token string, types, names []string, c checker) (strictjson.Value, *Error) {
	var none strictjson.Value
	g, err := gate(token, v.maxToken, types)
	if err != nil {
		return none, err
	}
	claims := g.payload.Root()
	f.payload = len(claims.Raw())
	if name, found := twin(claims, names); found {
		return none, refuse(Malformed, "a claim differs from "+name+" only by case")
	}
	if f.source, err = v.issuerOf(claims, g.alg); err != nil {
		return none, err
	}
	if err := f.verifySignature(ctx, g, c); err != nil {
		return none, err
	}
	return claims, nil
}

// issuerOf finds the issuer that the token names, byte for byte: a missing
// slash at the end makes another issuer.
func (v *Verifier) issuerOf(claims strictjson.Value, alg string) (*keySource, *Error) {
	iss := claims.Get("iss")
	s := v.sources[iss.Text()]
	if s == nil || iss.Kind() != strictjson.String {
		e := refuse(WrongIssuer, "iss is "+quoted(iss.Text())+", which is no configured issuer")
		if iss.Kind() == strictjson.Missing {
			e.Detail = "iss is missing"
			e.Hint = "assign an application to the Authentik provider"
		} else if near := v.similar(iss.Text()); near != "" {
			e.Hint = "the configured url " + quoted(near) + " differs only in scheme, host or slash: " +
				"set url to what Authentik writes, or make every client reach Authentik by one name"
		}
		return nil, e
	}
	for _, a := range s.issuer.Algorithms {
		if a == alg {
			return s, nil
		}
	}
	return nil, refuse(Algorithm, "alg "+alg+" is not among the issuer's algorithms")
}

// verifySignature applies steps 4 and 5.
func (f *verified) verifySignature(ctx context.Context, g *gated, c checker) *Error {
	var keys []*key
	f.set, keys = f.source.find(ctx, g.kid)
	err := f.tryKeys(ctx, g, keys, c)
	if err == nil || (err.Reason != Signature && err.Reason != Algorithm) {
		return err
	}
	// Authentik can replace the key under a kid in place, even by one of another
	// type, so a key that does not fit is a reason to look once, too. The set may
	// also have changed while the signature waited for its check.
	f.source.demand(ctx, g.kid)
	if f.source.set.Load() == f.set {
		return err
	}
	f.set = f.source.set.Load()
	return f.tryKeys(ctx, g, f.set.byKid[g.kid], c)
}

// tryKeys checks the signature by each key that fits, in one turn: where there are
// two, a token of the second is no forgery of the first.
func (f *verified) tryKeys(ctx context.Context, g *gated, keys []*key, c checker) *Error {
	switch {
	case f.set == nil:
		return f.source.unavailable()
	case len(keys) == 0:
		return unknownKey(g.kid)
	case !slices.ContainsFunc(keys, func(k *key) bool { return k.allows(g.alg) }):
		return refuse(Algorithm, "alg "+g.alg+" does not fit the key with this kid")
	}
	f.checked = true
	if err := c.check(ctx, func() bool {
		for _, k := range keys {
			if k.allows(g.alg) && jwsbb.Verify(k.public, g.alg, g.signed, g.signature) == nil {
				f.key = k
				return true
			}
		}
		return false
	}); err != nil {
		f.checked = false
		return err
	}
	if f.key == nil {
		return refuse(Signature, "the signature does not fit the key with this kid")
	}
	return nil
}

func unknownKey(kid string) *Error {
	return &Error{
		UnknownKey, "no signing key of the issuer has the kid " + quoted(kid),
		"Authentik publishes its current key only: tokens of a replaced key end with it",
	}
}
