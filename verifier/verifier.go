package verifier

import (
	"context"
	"time"

	"github.com/claimgate/claimgate/internal/forwardclock"
	"golang.org/x/sync/singleflight"
)

// maxBadTTL is the longest time that a token with a bad signature is remembered.
const maxBadTTL = 5 * time.Second

// Verifier verifies tokens. New makes a Verifier, Start begins to fetch key sets, Close
// stops. The other methods may be called concurrently, at any time.
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
	// request. After a forged signature, new tokens with the same By wait; tokens with
	// another By do not. "" is a name like any other. The verifier does not keep By.
	By string
	// MaxAge accepts an expired token until MaxAge after its iat. It is for an access key
	// made from a session, because the token of such a key is never renewed. 0 accepts no
	// expired token. A token without iat ends with its exp.
	MaxAge time.Duration
}

// Verify returns the identity that the token names. The error is an *Error.
//
// Verify may wait for a signature check and for a fetch of the key set; both waits are
// bounded. The end of ctx does not end them, because concurrent callers with the same
// token share one check.
func (v *Verifier) Verify(ctx context.Context, token string, p Presented) (*Identity, error) {
	if len(token) > v.maxToken {
		return nil, refuse(Malformed, "the token is longer than max_token")
	}
	now := v.now()
	digest, f := v.cache.find(token, now)
	if f == nil {
		if v.credentials.named(p.By).full() {
			return nil, errQueueFull // before the token is read, because reading is expensive
		}
		// Concurrent requests with the same token share one check, in the queue of the
		// first request's credential.
		first := false
		shared, _, _ := v.once.Do(string(digest[:]), func() (any, error) {
			first = true
			return v.verify(context.WithoutCancel(ctx), token, digest, p.By), nil
		})
		f = shared.(*verified)
		if !first && f.bad == errQueueFull { // the first credential's queue is no reason to refuse others
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
		// The token stays bad as long as the key set is the same.
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

// Start fetches key sets in the background until Close. It must be called at most once.
func (v *Verifier) Start() {
	for _, i := range v.order {
		v.running.Go(i.keys.Run)
	}
}

// Close stops the background work, waits for the running fetches and forgets every token.
// Verify may still be called, but no longer asks an issuer.
func (v *Verifier) Close() {
	v.running.cancel()
	v.running.Wait()
	for _, i := range v.order {
		i.keys.Close()
		i.introspector.Close()
	}
	v.cache.close()
}
