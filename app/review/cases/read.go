package cases

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/internal/stricttoml"
	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/policy"
)

// Case is one request and the expected answer.
type Case struct {
	Name     string
	File     string
	Line     int
	Question offline.Question
	At       time.Time // the time that decides which grants have expired; zero for now
	Allow    bool
	Reason   gateway.Reason // empty for any
}

// file is the TOML form of a file of cases. The struct tags are the text of the reference in the docs.
type file struct {
	Cases []rawCase `toml:"case" doc:"One request and the expected answer."`
}

type rawCase struct {
	Name     string           `toml:"name" doc:"What the case checks. A failure prints the name."`
	Identity rawIdentity      `toml:"identity" doc:"Who asks."`
	Request  rawRequest       `toml:"request" doc:"What is asked."`
	Expect   rawExpect        `toml:"expect" doc:"The answer."`
	At       stricttoml.Value `toml:"at" type:"date or date-time" doc:"The date or time at which grants are judged; now if left out. A date is its first moment, UTC."`
}

type rawIdentity struct {
	Subject string           `toml:"sub" doc:"The token's sub. If left out, a subject that has no rule of its own."`
	Issuer  string           `toml:"issuer" doc:"The issuer's name; the only one if left out."`
	Groups  []string         `toml:"groups" doc:"The token's groups."`
	Policy  stricttoml.Value `toml:"policy" type:"string or list" doc:"The token's policy claim: a string or a list."`
	Claims  stricttoml.Value `toml:"claims" type:"table" doc:"Further claims of the token: strings, numbers, booleans, lists, and tables for nested claims."`
	Account string           `toml:"account" doc:"A static MinIO key without a token, instead of all the above."`
}

type rawRequest struct {
	Action     string           `toml:"action" doc:"The action, such as s3:GetObject."`
	Bucket     string           `toml:"bucket" doc:"The bucket."`
	Object     string           `toml:"object" doc:"The object's key."`
	Conditions stricttoml.Value `toml:"conditions" type:"table" doc:"What MinIO sends about the request, such as SourceIp, each a string or a list."`
	Owner      bool             `toml:"owner" doc:"The key is root's."`
	DenyOnly   bool             `toml:"deny_only" doc:"Self-service: allowed unless denied."`
}

type rawExpect struct {
	Allow  bool   `toml:"allow" doc:"Whether it is allowed."`
	Reason string `toml:"reason" doc:"Why, one of the reasons of the decision log; any if left out."`
}

// loose has the values that the strict decoder does not read: tables whose keys are free names.
type loose struct {
	Cases []struct {
		Identity struct {
			Policy any            `toml:"policy"`
			Claims map[string]any `toml:"claims"`
		} `toml:"identity"`
		Request struct {
			Conditions map[string]any `toml:"conditions"`
		} `toml:"request"`
	} `toml:"case"`
}

// Read reads a file of cases. If cases are wrong, the error is of type Errors.
func Read(path string) ([]Case, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := reader{path: path}
	source, problems := stricttoml.Decode(path, data, &r.file, nil, nil)
	r.source = source
	for _, p := range problems {
		r.fail(p.At, p.Message, p.Fix)
	}
	if len(problems) == 0 {
		var l loose
		text, err := utf8text.Decode(data)
		if err == nil {
			err = toml.Unmarshal(text, &l)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err) // a key that must be a table has another value
		}
		for i := range r.file.Cases {
			r.read(&r.file.Cases[i], &l, i)
		}
		if len(r.file.Cases) == 0 {
			r.fail(stricttoml.Position{File: path, Line: 1, Column: 1}, "there is no case", "write [[case]] with name, identity, request and expect")
		}
	}
	if len(r.errors) > 0 {
		return nil, r.errors
	}
	return r.cases, nil
}

// Errors are all errors of a file of cases. Each is FILE:LINE:COLUMN: what is wrong; what to write.
type Errors []string

func (e Errors) Error() string { return strings.Join(e, "\n") }

type reader struct {
	path   string
	file   file
	source *stricttoml.Source
	cases  []Case
	errors Errors
}

func (r *reader) fail(at stricttoml.Position, message, fix string) {
	r.errors = append(r.errors, fmt.Sprintf("%s:%d:%d: %s; %s", at.File, at.Line, at.Column, message, fix))
}

func (r *reader) read(raw *rawCase, l *loose, i int) {
	at := r.source.At(raw)
	identity, request := l.Cases[i].Identity, l.Cases[i].Request
	c := Case{
		Name: raw.Name, File: r.path, Line: at.Line, Allow: raw.Expect.Allow, Reason: gateway.Reason(raw.Expect.Reason),
		Question: offline.Question{
			Subject: raw.Identity.Subject, Issuer: raw.Identity.Issuer, Groups: raw.Identity.Groups, Account: raw.Identity.Account,
			Action: raw.Request.Action, Bucket: raw.Request.Bucket, Object: raw.Request.Object,
			Owner: raw.Request.Owner, DenyOnly: raw.Request.DenyOnly, Claims: map[string]any{},
		},
	}
	q := &c.Question
	for name, value := range identity.Claims {
		q.Claims[name] = value
	}
	if list, isList := identity.Policy.([]any); identity.Policy != nil && (!isList || len(list) > 0) {
		q.Policy = r.words(at, "identity.policy", identity.Policy, identity.Policy)
	}
	if len(request.Conditions) > 0 {
		q.Conditions = map[string][]string{}
	}
	for name, value := range request.Conditions {
		switch v := r.words(at, "request.conditions."+name, value, nil).(type) {
		case string:
			q.Conditions[name] = []string{v}
		case []string:
			q.Conditions[name] = v
		}
	}
	switch {
	case q.Account != "" && (q.Subject != "" || len(q.Groups) > 0 || q.Policy != nil):
		r.fail(at, "the identity has both an account and a token", "keep account, or sub and what belongs to it")
	case q.Account == "" && q.Subject == "":
		q.Subject = "somebody"
	}
	r.check(raw, &c, at)
	r.cases = append(r.cases, c)
}

// words returns a string or a list of strings as it is. For any other value words reports an error at the key, and
// returns fallback.
func (r *reader) words(at stricttoml.Position, key string, value, fallback any) any {
	switch v := value.(type) {
	case string:
		return v
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			text, ok := e.(string)
			if !ok {
				break
			}
			list = append(list, text)
		}
		if len(list) == len(v) {
			return list
		}
	}
	r.fail(at, key+" must be a string or a list of strings", `write "a" or ["a", "b"]`)
	return fallback
}

func (r *reader) check(raw *rawCase, c *Case, at stricttoml.Position) {
	if c.Name == "" {
		r.fail(at, "the case has no name", "write what the case checks")
	}
	if c.Question.Action == "" {
		r.fail(at, "the case asks for no action", `write request = { action = "s3:GetObject", ... }`)
	} else if advice, known := policy.KnownAction(c.Question.Action); !known && advice != policy.SeeActions {
		r.fail(r.source.At(&raw.Request.Action), fmt.Sprintf("no action is called %q", c.Question.Action), advice)
	}
	if !r.source.Has(&raw.Expect.Allow) {
		r.fail(at, "the case expects nothing", "write expect = { allow = true } or false")
	}
	if c.Reason != "" && !slices.Contains(gateway.Reasons(), c.Reason) {
		r.fail(r.source.At(&raw.Expect.Reason), fmt.Sprintf("there is no reason %q", c.Reason), "write one of the reasons of the decision log")
	} else if c.Reason != "" && c.Reason.Allows() != c.Allow {
		r.fail(r.source.At(&raw.Expect.Reason), fmt.Sprintf("the reason %s goes with allow = %v", c.Reason, c.Reason.Allows()), "correct one of them")
	}
	if raw.At.Kind != stricttoml.Invalid {
		when, ok := raw.At.Time()
		if !ok {
			r.fail(raw.At.At, "at must be a date or a date-time", "write a date without quotes, such as at = 2027-03-31")
		}
		if raw.At.Kind == stricttoml.LocalDate { // Time returns the end of the date; a case means its start
			when = when.AddDate(0, 0, -1)
		}
		c.At = when
	}
}

// Reference lists every table and key of a file of cases.
func Reference() []mapping.Table { return mapping.ReferenceOf(file{}) }
