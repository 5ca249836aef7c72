package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
)

// input is the member input of a webhook body. The fields have MinIO's order.
type input struct {
	Account        string              `json:"account"`
	Groups         []string            `json:"groups"`
	Action         string              `json:"action"`
	OriginalAction string              `json:"originalAction"`
	Bucket         string              `json:"bucket"`
	Conditions     map[string][]string `json:"conditions"`
	Owner          bool                `json:"owner"`
	Object         string              `json:"object"`
	Claims         map[string]any      `json:"claims"`
	DenyOnly       bool                `json:"denyOnly"`
}

func (i *input) body() ([]byte, error) {
	return json.Marshal(struct {
		Input *input `json:"input"`
	}{i})
}

// static returns a request with a static key of MinIO.
func static(account, action, bucket, object string, now time.Time) *input {
	return &input{
		Account: account, Action: action, Bucket: bucket, Object: object,
		Claims: map[string]any{}, Conditions: fixed(account, "User", now),
	}
}

// session returns a request of a session from an OpenID Connect login in role mode. MinIO sends every claim of the
// id_token unchanged in claims, and the string claims again in conditions.
func session(claims map[string]any, action, bucket, object string, now time.Time) *input {
	const account = "DEMO7SESSION7ACCESS7"
	iss, _ := claims["iss"].(string)
	sub, _ := claims["sub"].(string)
	sum := sha256.Sum256([]byte("openid:" + sub + ":" + iss))
	in := &input{
		Account: account, Action: action, Bucket: bucket, Object: object,
		Claims:     maps.Clone(claims),
		Conditions: fixed(base64.RawURLEncoding.EncodeToString(sum[:]), "AssumedRole", now),
	}
	in.Claims["accessKey"] = account
	in.Claims["roleArn"] = "arn:minio:iam:::role/demo"
	for name, v := range in.Claims {
		if s, ok := v.(string); ok {
			in.Conditions[strings.ToLower(name)] = []string{s}
		}
	}
	if groups, ok := claims["groups"].([]string); ok && len(groups) > 0 {
		in.Conditions["groups"] = groups
	}
	return in
}

// fixed returns the conditions that MinIO sends with every request.
func fixed(username, principal string, now time.Time) map[string][]string {
	one := func(s string) []string { return []string{s} }
	return map[string][]string{
		"CurrentTime": one(now.UTC().Format(time.RFC3339)), "EpochTime": one(strconv.FormatInt(now.Unix(), 10)),
		"Referer": one(""), "SecureTransport": one("false"), "SourceIp": one("127.0.0.1"),
		"User-Agent": one("MinIO (linux; amd64) minio-go/v7.0.88 mc/demo"), "UserAgent": one("MinIO (linux; amd64) minio-go/v7.0.88 mc/demo"),
		"authType": one("REST-HEADER"), "principaltype": one(principal), "signatureversion": one("AWS4-HMAC-SHA256"),
		"userid": one(username), "username": one(username), "versionid": one(""),
	}
}

// loginClaims returns the claims of a user's id_token, with authentik_token.
func loginClaims(i *issuer.Issuer, name string) map[string]any {
	u, _ := i.User(name)
	return i.IDClaims(u)
}
