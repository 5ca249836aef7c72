package verifier

import (
	"context"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
	"golang.org/x/sync/singleflight"
)

// maxBadTTL is the longest time that a token with a bad signature is remembered.
const maxBadTTL = 5 * time.Second

// Verifier verifies tokens. Its methods may be called concurrently.
type Verifier struct {
	issuers     map[string]*issuer // by iss
	order       []*issuer          // as configured
	claimNames  []string           // claims that are read, for any issuer
	maxToken    int
	tokenTTL    time.Duration
	now         func() time.Time
	clock       forwardclock.Clock
	cache       *tokenCache
	credentials *credentials
	once        singleflight.Group
	running     background
	refused     counter
}

// Presented says how a token was presented. The zero value is safe.
type Presented struct {
	// By names the credential that presented the token, such as the access key of the
	// request. If a signature is forged, the next new tokens of this name wait, and no
	// others. "" is a name like any other. By is not kept.
	By string
	// MaxAge lets a token count past its exp, until MaxAge after its iat: for an access
	// key made from a session, whose token can never be renewed. 0 means not at all. A
	// token without iat ends with its exp.
	MaxAge time.Duration
}

// Verify returns the identity that the token names. The error is an *Error.
func (v *Verifier) Verify(ctx context.Context, token string, p Presented) (*Identity, error) {
	if len(token) > v.maxToken {
		return nil, refuse(Malformed, "the token is longer than max_token")
	}
	now := v.now()
	digest, f := v.cache.find(token, now)
	if f == nil {
		if v.credentials.named(p.By).full() {
			return nil, queueFull // reading the token would cost more than everything before
		}
		// Concurrent requests with the same token share one check, in the queue of the
		// first request's credential.
		first := false
		shared, _, _ := v.once.Do(string(digest[:]), func() (any, error) {
			first = true
			return v.verify(context.WithoutCancel(ctx), token, digest, p.By), nil
		})
		f = shared.(*verified)
		if !first && f.bad == queueFull { // the first credential's queue is no reason to refuse others
			f = v.verify(context.WithoutCancel(ctx), token, digest, p.By)
		}
		now = v.now()
	}
	if f.bad != nil {
		v.refused.Add(1)
		return nil, f.bad
	}
	switch set := f.issuer.keys.At(now); {
	case set == nil:
		return nil, f.issuer.unavailable()
	case !f.trustedBy(set): // the key left the set during the check
		return nil, unknownKey(f.key.Kid(), "")
	}
	if err := f.issuer.config.judgeTime(&f.judged, now, v.clock.Latest(now), p.MaxAge); err != nil {
		return nil, err
	}
	return &f.identity, nil
}

// verify applies steps 1 to 6 and caches the outcome.
func (v *Verifier) verify(ctx context.Context, token string, digest [32]byte, by string) *verified {
	f, err := v.check(ctx, token, v.credentials.named(by))
	f.identity.Digest = digest
	f.bad = err
	switch {
	case err == nil:
		ttl := v.tokenTTL
		if left := f.identity.Expires.Sub(v.now()); left > 0 {
			ttl = min(ttl, left+f.issuer.config.Leeway)
		}
		f.until = v.now().Add(ttl)
		v.cache.good.put(f, ttl)
	case f.checked:
		// Bad as long as the key set is the same.
		v.cache.bad.put(f, min(maxBadTTL, f.issuer.config.RefetchCooldown))
	}
	return f
}

// check applies steps 1 to 6.
func (v *Verifier) check(ctx context.Context, token string, c checker) (*verified, *Error) {
	f := new(verified)
	claims, err := v.authenticate(ctx, f, token, accessTypes, v.claimNames, c)
	if err != nil {
		return f, err
	}
	j, err := f.issuer.config.judge(claims)
	if err != nil {
		return f, err
	}
	f.judged = *j
	return f, nil
}

// Start fetches key sets in the background until Close.
func (v *Verifier) Start() {
	for _, i := range v.order {
		v.running.Go(i.keys.Run)
	}
}

// Close ends the background work and forgets every token. A running Verify ends, but
// asks no issuer any more.
func (v *Verifier) Close() {
	v.running.cancel()
	v.running.Wait()
	for _, i := range v.order {
		i.keys.Close()
		i.introspector.Close()
	}
	v.cache.close()
}
