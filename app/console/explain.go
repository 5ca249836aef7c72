package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/claimgate/claimgate/app/review/explain"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// explainView holds one request and why it is allowed or denied.
type explainView struct {
	Form        form                 `json:"request"`
	Pasted      bool                 `json:"-"`
	ID          string               `json:"id,omitempty"` // the id of a decision in the log
	Explanation *explain.Explanation `json:"explanation"`
	Lines       []excerpt            `json:"-"`
	Groups      []string             `json:"-"`
	Actions     []string             `json:"-"`
	Log         bool                 `json:"-"`
}

// Request returns the texts of the form for a request, which are those of the question unless something was pasted.
func (v explainView) Request() form {
	if v.Pasted {
		return form{}
	}
	return v.Form
}

// Token returns the texts of the fields for a pasted token.
func (v explainView) Token() form {
	if v.Pasted {
		return v.Form
	}
	return form{}
}

// form holds the fields of the form for a request.
type form struct {
	Sub        string   `json:"sub"`
	Issuer     string   `json:"issuer"`
	Groups     []string `json:"groups"`
	Claims     []string `json:"claims"`
	Account    string   `json:"account"`
	Action     string   `json:"action"`
	Bucket     string   `json:"bucket"`
	Object     string   `json:"object"`
	Conditions []string `json:"conditions"`
}

func formOf(r *http.Request) form {
	list := func(name string) []string {
		all := []string{}
		for _, text := range r.Form[name] {
			for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == '\r' }) {
				if part = strings.TrimSpace(part); part != "" {
					all = append(all, part)
				}
			}
		}
		return all
	}
	return form{
		Sub: r.Form.Get("sub"), Issuer: r.Form.Get("issuer"), Groups: list("group"), Claims: list("claim"), Account: r.Form.Get("account"),
		Action: strings.TrimSpace(r.Form.Get("action")), Bucket: r.Form.Get("bucket"), Object: r.Form.Get("object"), Conditions: list("condition"),
	}
}

func (f *form) question() (*offline.Question, error) {
	q := &offline.Question{
		Subject: f.Sub, Issuer: f.Issuer, Groups: f.Groups, Account: f.Account, Action: f.Action, Bucket: f.Bucket, Object: f.Object,
		Claims: map[string]any{}, Conditions: map[string][]string{},
	}
	if q.Account != "" && (q.Subject != "" || len(q.Groups) > 0) {
		return nil, errors.New("a static key has no token: leave the subject and the groups empty, or the account")
	}
	if q.Account == "" && q.Subject == "" {
		q.Subject = "somebody"
	}
	for _, pair := range f.Claims {
		name, value, found := strings.Cut(pair, "=")
		path, ok := policy.ClaimPath(name)
		if !found || !ok {
			return nil, fmt.Errorf("write a claim as NAME=VALUE, not %q", pair)
		}
		policy.SetClaim(q.Claims, path, value)
	}
	for _, pair := range f.Conditions {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("write a condition as NAME=VALUE, such as SourceIp=10.0.0.1, not %q", pair)
		}
		q.Conditions[name] = append(q.Conditions[name], value)
	}
	if advice, known := policy.KnownAction(q.Action); !known {
		return nil, fmt.Errorf("no action of MinIO is called %q; %s", q.Action, advice)
	}
	return q, nil
}

func (c *Console) explain(r *http.Request) (any, error) {
	if err := r.ParseForm(); err != nil {
		return explainView{}, errors.New("the form is too large or malformed")
	}
	v := explainView{Form: formOf(r), ID: strings.TrimSpace(r.Form.Get("id")), Log: c.o.Audit != "", Actions: access.Asked()}
	l := c.files.mapping()
	if l.m == nil {
		return v, errBroken
	}
	for _, name := range namesOf(l.m) {
		if group, ok := strings.CutPrefix(name, "group:"); ok {
			v.Groups = append(v.Groups, group)
		}
	}
	gate, err := offline.New(l.options)
	if err != nil {
		return v, err
	}
	defer gate.Close()
	pasted := strings.TrimSpace(r.PostForm.Get("pasted"))
	x := explain.Explanation{}
	switch {
	case pasted != "" && strings.Count(pasted, ".") == 2 && !strings.ContainsAny(pasted, " {\n"):
		v.Pasted = true
		x, err = c.explainToken(r, gate, &v, pasted)
	case pasted != "":
		v.Pasted = true
		x, err = explainRecorded(r, gate, []byte(pasted))
	case v.ID != "":
		line, findErr := c.find(v.ID)
		if findErr != nil {
			return v, findErr
		}
		x, err = explainRecorded(r, gate, line)
	case v.Form.Action == "":
		return v, nil
	default:
		var q *offline.Question
		if q, err = v.Form.question(); err == nil {
			x, err = gate.ExplainQuestion(r.Context(), q)
		}
	}
	if err != nil {
		return v, err
	}
	v.Explanation = &x
	if x.Rule != nil {
		v.Lines = append(v.Lines, l.lines(x.Rule.File, x.Rule.Line))
	}
	if x.Statement != nil && x.Statement.File != "" {
		v.Lines = append(v.Lines, l.lines(x.Statement.File, x.Statement.Line))
	}
	return v, nil
}

func explainRecorded(r *http.Request, gate *offline.Gate, text []byte) (explain.Explanation, error) {
	x, err := gate.ExplainRecorded(r.Context(), text)
	if err != nil {
		err = fmt.Errorf("this is not a recorded request: %w", err)
	}
	return x, err
}

// explainToken explains the request of the form for the subject of a pasted token. It does not check the
// signature, and does not keep the token.
func (c *Console) explainToken(r *http.Request, gate *offline.Gate, v *explainView, token string) (explain.Explanation, error) {
	claims, err := offline.Claims(token)
	if err != nil {
		return explain.Explanation{}, err
	}
	asked := form{Issuer: v.Form.Issuer, Action: v.Form.Action, Bucket: v.Form.Bucket, Object: v.Form.Object, Conditions: v.Form.Conditions}
	if asked.Sub, _ = claims["sub"].(string); asked.Sub == "" {
		return explain.Explanation{}, errors.New("the token has no sub")
	}
	switch {
	case asked.Action == "" && asked.Bucket == "":
		return explain.Explanation{}, errors.New("a token names no request: fill in the action, bucket and object, too")
	case asked.Action == "":
		asked.Action = "s3:GetObject"
	}
	q, err := asked.question()
	if err != nil {
		return explain.Explanation{}, err
	}
	q.Claims = claims
	return gate.ExplainQuestion(r.Context(), q)
}
