package issuer

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// DefaultClientSecret is the secret for introspection if Options.ClientSecret is empty.
const DefaultClientSecret = "demo-client-secret" //nolint:gosec // of the demo, and public

// Revoke makes introspection call a token inactive, as revoking the token in Authentik does. The signature stays
// valid.
func (i *Issuer) Revoke(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[sha256.Sum256([]byte(token))] = true
}

// introspect is the introspection endpoint (RFC 7662). As in Authentik, a client with wrong credentials gets the
// same answer as for an unknown token.
func (i *Issuer) introspect(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request", "The request is otherwise malformed")
		return
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	answer := map[string]any{"active": false}
	if id == i.clientID && subtle.ConstantTimeCompare([]byte(secret), []byte(i.secret)) == 1 {
		if claims := i.activeClaims(r.PostForm.Get("token")); claims != nil {
			answer = claims
			answer["active"], answer["client_id"] = true, i.clientID
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, mustJSON(answer))
}

// activeClaims returns the claims of a token that is signed by the current key, has not expired and is not revoked. It
// returns nil for any other text.
func (i *Issuer) activeClaims(token string) map[string]any {
	i.mu.RLock()
	revoked, public := i.revoked[sha256.Sum256([]byte(token))], i.key.private.PublicKey
	i.mu.RUnlock()
	at := strings.LastIndexByte(token, '.')
	if revoked || at < 0 {
		return nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
	digest := sha256.Sum256([]byte(token[:at]))
	if err != nil || rsa.VerifyPKCS1v15(&public, crypto.SHA256, digest[:], signature) != nil {
		return nil
	}
	_, payload, _ := strings.Cut(token[:at], ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	var claims map[string]any
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return nil
	}
	if exp, ok := claims["exp"].(float64); !ok || int64(exp) <= i.clock().Unix() {
		return nil
	}
	return claims
}
