package login

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // MinIO names a role so
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// credentials are MinIO's answer to AssumeRoleWithWebIdentity.
type credentials struct {
	AccessKey    string    `xml:"AccessKeyId"`
	SecretKey    string    `xml:"SecretAccessKey"`
	SessionToken string    `xml:"SessionToken"`
	Expires      time.Time `xml:"Expiration"`
}

// maxHeaders is the size of all headers that MinIO reads, in bytes. One of the headers holds the session token.
const maxHeaders = 8 << 10

// roleOf returns the ARN that MinIO makes of a client ID for a provider with a role policy.
func roleOf(clientID string) string {
	sum := sha1.Sum([]byte(clientID)) //nolint:gosec // MinIO names a role so
	return "arn:minio:iam:::role/" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// exchange calls AssumeRoleWithWebIdentity. If MinIO refuses the role that exchange made from the client ID, it
// tries again without a role, because a MinIO whose provider has no role policy knows no role.
func exchange(ctx context.Context, client *http.Client, p *Profile, idToken string) (*credentials, error) {
	role := p.RoleARN
	if role == "" {
		role = roleOf(p.ClientID)
	}
	c, err := assume(ctx, client, p, idToken, role)
	var refused *stsError
	if errors.As(err, &refused) && p.RoleARN == "" && strings.Contains(strings.ToLower(refused.Message), "role") {
		c, err = assume(ctx, client, p, idToken, "")
	}
	if err != nil {
		return nil, err
	}
	if len(c.SessionToken) > maxHeaders-1024 {
		return nil, fmt.Errorf("the session token has %d bytes, and MinIO reads %d of all headers: take claims out of the id_token, of which the largest are %s", len(c.SessionToken), maxHeaders, largest(idToken))
	}
	return c, nil
}

// stsError is a refusal of MinIO's STS.
type stsError struct {
	Status  int
	Code    string `xml:"Error>Code"`
	Message string `xml:"Error>Message"`
}

func (e *stsError) Error() string {
	advice := "the provider's audience, the role (--role-arn) and the clocks must be what MinIO expects"
	switch {
	case strings.Contains(e.Message, "expired"):
		advice = "compare the clocks of this machine, the issuer and MinIO"
	case strings.Contains(strings.ToLower(e.Message), "role"):
		advice = "name the role that MinIO prints at its start with --role-arn"
	}
	return fmt.Sprintf("MinIO refuses the login: %d %.60s: %.300s; %s", e.Status, e.Code, e.Message, advice)
}

func assume(ctx context.Context, client *http.Client, p *Profile, idToken, role string) (*credentials, error) {
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "WebIdentityToken": {idToken}, "DurationSeconds": {strconv.Itoa(p.seconds())},
	}
	if role != "" {
		form.Set("RoleArn", role)
		form.Set("RoleSessionName", "claimgate")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(p.Endpoint, "/")+"/", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("MinIO cannot be asked: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		refused := &stsError{Status: resp.StatusCode}
		_ = xml.Unmarshal(body, refused) // another form of answer leaves the code empty
		return nil, refused
	}
	var read struct {
		Credentials credentials `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	}
	if err := xml.Unmarshal(body, &read); err != nil || read.Credentials.AccessKey == "" {
		return nil, fmt.Errorf("%s does not answer as MinIO's STS does: is --endpoint the S3 address?", p.Endpoint)
	}
	return &read.Credentials, nil
}

// largest returns the names and sizes, in bytes, of the three largest claims of a token.
func largest(token string) string {
	type size struct {
		name  string
		bytes int
	}
	var sizes []size
	for name, v := range claimsOf(token) {
		text, err := json.Marshal(v)
		if err == nil {
			sizes = append(sizes, size{name, len(text)})
		}
	}
	slices.SortFunc(sizes, func(a, b size) int { return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.name, b.name)) })
	var list []string
	for _, s := range sizes[:min(3, len(sizes))] {
		list = append(list, fmt.Sprintf("%s (%d)", s.name, s.bytes))
	}
	return strings.Join(list, ", ")
}
