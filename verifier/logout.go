package verifier

import (
	"context"
	"slices"
	"time"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// Logout is a verified logout token: the issuer's word that a session, or every
// session of a subject so far, is over.
type Logout struct {
	Issuer   string    // the configured name of the issuer
	Subject  string    // sub; "" where the token names the session only
	Session  string    // sid; "" where every session of the subject ends
	ID       string    // jti; it counts once
	IssuedAt time.Time // sessions from after it are untouched
	Expires  time.Time // from then on VerifyLogout refuses the token
}

const (
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
	// logoutAge is how old a logout token without exp may be. Authentik 2025.8
	// writes none (authentik#16490).
	logoutAge = 5 * time.Minute
	// Logout tokens are checked one at a time and apart from other tokens, and
	// after one that is forged the place rests nine times as long as its check took:
	// whoever forges them, which anybody may try, takes neither the slots of
	// requests nor more than a tenth of a core. logoutWaiters bounds those who wait
	// for it; with RSA-4096 all of them have their turn within a second.
	logoutWaiters  = 256
	logoutPatience = 2 * time.Second
	logoutRest     = 9
)

var logoutNames = slices.Concat(claimNames, []string{"jti", "nonce"})

// VerifyLogout verifies a logout token (OpenID Connect Back-Channel Logout 1.0
// section 2.6) by the same gate, keys and signature as any token. It takes what
// Authentik has sent since 2025.8: typ JWT or logout+jwt, sid or sub or both, and
// no exp where iat is a few minutes old at most. The error is an *Error.
//
// That a jti counts once is for Revocations to see to.
func (v *Verifier) VerifyLogout(ctx context.Context, token string) (*Logout, error) {
	f := new(verified)
	claims, err := v.authenticate(ctx, f, token, logoutTypes, logoutNames, v.logouts)
	if err != nil {
		return nil, err
	}
	l, err := f.source.issuer.judgeLogout(claims, v.now())
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (i *Issuer) judgeLogout(root strictjson.Value, now time.Time) (*Logout, *Error) {
	if root.Get("events").Get(logoutEvent).Kind() != strictjson.Object {
		return nil, refuse(Type, "events does not hold the logout event: it is no logout token")
	}
	// Section 2.4 forbids nonce, so that no ID token is taken for a logout token.
	if root.Get("nonce").Kind() != strictjson.Missing {
		return nil, refuse(Type, "the token has nonce: it is no logout token")
	}
	if err := i.judgeAudience(root); err != nil {
		return nil, err
	}
	l := &Logout{Issuer: i.Name}
	if err := l.readNames(root); err != nil {
		return nil, err
	}
	return l, i.judgeLogoutTime(l, root, now)
}

func (l *Logout) readNames(root strictjson.Value) *Error {
	for name, to := range map[string]*string{"sub": &l.Subject, "sid": &l.Session, "jti": &l.ID} {
		value := root.Get(name)
		switch *to = value.Text(); {
		case *to != "":
		case name != "jti" && (value.Kind() == strictjson.Missing || value.Kind() == strictjson.Null):
		default: // an empty sid beside a sub must not end every session of it
			return refuse(BadClaims, name+" is not a non-empty string")
		}
	}
	if l.Subject == "" && l.Session == "" {
		return refuse(BadClaims, "neither sid nor sub is there")
	}
	return nil
}

func (i *Issuer) judgeLogoutTime(l *Logout, root strictjson.Value, now time.Time) *Error {
	iat, hasIAT, err := seconds(root, "iat")
	if err != nil {
		return err
	}
	if !hasIAT {
		return refuse(BadClaims, "iat is missing")
	}
	exp, hasEXP, err := seconds(root, "exp")
	if err != nil {
		return err
	}
	l.IssuedAt = time.Unix(iat, 0)
	if l.IssuedAt.After(now.Add(i.Leeway)) {
		return i.early("iat")
	}
	l.Expires = l.IssuedAt.Add(logoutAge + i.Leeway)
	if hasEXP {
		if exp > farFuture || exp-iat > int64(i.MaxLifetime/time.Second) {
			return i.tooLong()
		}
		l.Expires = time.Unix(exp, 0).Add(i.Leeway)
	}
	if !now.Before(l.Expires) {
		return refuse(Expired, "the logout token is too old")
	}
	return nil
}
