package revocation

import (
	"context"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/claimgate/claimgate/verifier"
	"github.com/claimgate/claimgate/verifier/internal/pool"
	"github.com/claimgate/claimgate/verifier/internal/purpose"
)

// Logout is a verified logout token. It ends one session, or every session of a subject
// that began before.
type Logout struct {
	Issuer   string    // the configured name of the issuer
	Subject  string    // sub; "" if the token names the session only
	Session  string    // sid; "" if every session of the subject ends
	ID       string    // jti; List.End accepts it once, shared.Store.End once over all replicas
	IssuedAt time.Time // later sessions of the subject are not affected
	Expires  time.Time // from then on Verify refuses the token
}

const (
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
	// maxLogoutAge is how old a logout token without exp may be. Authentik 2025.8 writes no
	// exp (authentik#16490).
	maxLogoutAge = 5 * time.Minute

	// Anybody may send logout tokens, so their checks must not take the CPU of requests.
	// Logout tokens have a pool of their own, which runs one check at a time. After a forgery
	// the slot rests nine times as long as the check took, so forgeries take at most a tenth
	// of a core. With RSA-4096 all waiters have their turn within a second.
	maxLogoutWaiters = 256
	maxLogoutWait    = 2 * time.Second
	logoutRestFactor = 9
)

// LogoutVerifier verifies logout tokens. Its methods may be called concurrently.
type LogoutVerifier struct {
	tokens  *verifier.Verifier
	now     func() time.Time
	purpose purpose.Purpose
}

// NewLogoutVerifier returns a LogoutVerifier for the issuers of v. now is the clock;
// nil means time.Now.
func NewLogoutVerifier(v *verifier.Verifier, now func() time.Time) *LogoutVerifier {
	if now == nil {
		now = time.Now
	}
	return &LogoutVerifier{tokens: v, now: now, purpose: purpose.Purpose{
		// Authentik's logout tokens have typ logout+jwt since 2026.2 only (Back-Channel
		// Logout 1.0 section 2.4).
		Types:  []string{"JWT", "logout+jwt"},
		Claims: []string{"jti", "nonce"},
		Checks: pool.New(1, maxLogoutWaiters, maxLogoutWait).WithRest(logoutRestFactor),
	}}
}

// Verify verifies a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6)
// with the same strict form, keys and signature check as any token. It accepts the logout
// tokens that Authentik has sent since 2025.8: typ is JWT or logout+jwt; sid, sub or both
// are present; exp may be absent if iat is at most five minutes old, plus leeway. Verify
// waits at most two seconds for its check. The error is a *verifier.Error.
//
// Verify does not check that a jti counts once; List.End and shared.Store.End do.
func (v *LogoutVerifier) Verify(ctx context.Context, token string) (*Logout, error) {
	t, err := v.tokens.Authenticate(ctx, token, &v.purpose)
	if err != nil {
		return nil, err
	}
	claims := t.Claims()
	if claims.Get("events").Get(logoutEvent).Kind() != strictjson.Object {
		return nil, &verifier.Error{Reason: verifier.Type, Detail: "events does not hold the logout event: it is no logout token"}
	}
	// Section 2.4 forbids nonce, so that an ID token is never used as a logout token.
	if claims.Get("nonce").Kind() != strictjson.Missing {
		return nil, &verifier.Error{Reason: verifier.Type, Detail: "the token has nonce: it is no logout token"}
	}
	if err := t.CheckAudience(); err != nil {
		return nil, err
	}
	l := &Logout{Issuer: t.Issuer().Name}
	if err := l.readNames(claims); err != nil {
		return nil, err
	}
	if err := l.readTimes(t, v.now()); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Logout) readNames(claims strictjson.Value) error {
	for name, to := range map[string]*string{"sub": &l.Subject, "sid": &l.Session, "jti": &l.ID} {
		value := claims.Get(name)
		switch *to = value.Text(); {
		case *to != "":
		case name != "jti" && (value.Kind() == strictjson.Missing || value.Kind() == strictjson.Null):
		default: // a token with sub and an empty sid must not end every session of the subject
			return badClaims(name + " is not a non-empty string")
		}
	}
	if l.Subject == "" && l.Session == "" {
		return badClaims("sid and sub are missing")
	}
	return nil
}

func (l *Logout) readTimes(t *verifier.Authenticated, now time.Time) error {
	iat, hasIAT, err := t.NumericDate("iat")
	if err != nil {
		return err
	}
	if !hasIAT {
		return badClaims("iat is missing")
	}
	exp, hasEXP, err := t.NumericDate("exp")
	if err != nil {
		return err
	}
	leeway := t.Issuer().Leeway
	l.IssuedAt = time.Unix(iat, 0)
	if l.IssuedAt.After(now.Add(leeway)) {
		return t.NotYetValid("iat")
	}
	l.Expires = l.IssuedAt.Add(maxLogoutAge + leeway)
	if hasEXP {
		if err := t.CheckLifetime(iat, exp); err != nil {
			return err
		}
		l.Expires = time.Unix(exp, 0).Add(leeway)
	}
	if !now.Before(l.Expires) {
		return &verifier.Error{Reason: verifier.Expired, Detail: "the logout token is too old"}
	}
	return nil
}

func badClaims(detail string) error {
	return &verifier.Error{Reason: verifier.BadClaims, Detail: detail}
}
