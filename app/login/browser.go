package login

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// ports are tried in turn. A provider that compares redirect URIs strictly must list all of them.
var ports = []int{18250, 18251, 18252}

// random returns 256 random bits in base64url.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// listen opens the callback's port on the loopback interface. A negative port stands for the first of ports that
// is free.
func listen(ctx context.Context, port int) (net.Listener, error) {
	try := ports
	if port >= 0 {
		try = []int{port}
	}
	var failed error
	for _, p := range try {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p)))
		if err == nil {
			return l, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, fmt.Errorf("no port for the answer of the browser is free; --port names another, which the provider's redirect URIs must allow: %w", failed)
}

// answer is the result of the callback: a code, or an error.
type answer struct {
	code string
	err  error
}

// browse logs in by the authorization code with PKCE (RFC 7636, RFC 8252). It calls open with the address of
// the login page, and returns the token and the nonce that the id_token must have.
func browse(ctx context.Context, d *provider, port int, open func(address string)) (*oauth2.Token, string, error) {
	if len(d.Challenges) > 0 && !slices.Contains(d.Challenges, "S256") {
		return nil, "", fmt.Errorf("the issuer supports PKCE only with %s, not with S256, so that somebody could steal the code; update the issuer", strings.Join(d.Challenges, ", "))
	}
	l, err := listen(ctx, port)
	if err != nil {
		return nil, "", err
	}
	c := d.oauth("http://" + l.Addr().String() + "/callback")
	state, nonce, secret := random(), random(), oauth2.GenerateVerifier()
	answers := make(chan answer, 1)
	server := &http.Server{Handler: d.callback(l.Addr().String(), state, answers), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(stop)
	}()
	open(c.AuthCodeURL(state, oauth2.S256ChallengeOption(secret), oauth2.SetAuthURLParam("nonce", nonce)))
	var got answer
	select {
	case <-ctx.Done():
		return nil, "", errors.New("nobody logged in: the browser did not come back")
	case got = <-answers:
	}
	if got.err != nil {
		return nil, "", got.err
	}
	token, err := c.Exchange(d.withClient(ctx), got.code, oauth2.VerifierOption(secret))
	if err != nil {
		return nil, "", fmt.Errorf("the code is refused: %w", hideSecrets(err))
	}
	return token, nonce, nil
}

// callback accepts one answer. A request with another Host, another state or another issuer does not belong to
// this login: it is answered 400 and changes nothing. If the issuer announces the parameter iss, an answer
// without iss is another issuer's too (RFC 9207 section 2.4).
func (d *provider) callback(host, state string, answers chan<- answer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "no-referrer")
		issued := slices.Equal(q["iss"], []string{d.Issuer}) || !q.Has("iss") && !d.SendsIss
		if r.Host != host || !slices.Equal(q["state"], []string{state}) || !issued {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprint(w, page("This is not the login that claimgate waits for."))
			return
		}
		a := answer{code: q.Get("code")}
		switch {
		case q.Get("error") != "":
			a.err = fmt.Errorf("the issuer refuses: %.100q %.200q", q.Get("error"), q.Get("error_description"))
		case a.code == "":
			a.err = errors.New("the issuer sent no code")
		}
		select {
		case answers <- a:
		default: // the first answer counts
			w.WriteHeader(http.StatusConflict)
			_, _ = fmt.Fprint(w, page("This login already has an answer."))
			return
		}
		text := "You are logged in. Close this window and go back to the terminal."
		if a.err != nil {
			text = "The login failed. The terminal says why."
		}
		_, _ = fmt.Fprint(w, page(text))
	})
	return mux
}

func page(text string) string {
	return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>claimgate login</title><style>` + pageStyle + `</style><main><h1>claimgate</h1><p>` + text + "</p></main></html>"
}

const pageStyle = `:root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.1rem/1.5 system-ui,sans-serif}main{max-width:30rem;padding:2rem}h1{font-size:1.3rem}`

// hideSecrets reduces a refusal to its status, error code and description. It drops the body, which may hold
// secrets.
func hideSecrets(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		status := ""
		if refused.Response != nil {
			status = refused.Response.Status
		}
		return fmt.Errorf("%s %.100s %.200s", status, refused.ErrorCode, refused.ErrorDescription)
	}
	return err
}
