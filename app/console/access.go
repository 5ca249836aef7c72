package console

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// accessView holds a question and who may do what.
type accessView struct {
	Query    string         `json:"q"`
	Read     string         `json:"read"` // how the console reads the question
	Entries  []access.Entry `json:"entries"`
	More     bool           `json:"-"` // there are entries beyond the rows of the page
	Rows     []row          `json:"-"`
	Groups   []string       `json:"-"` // for completion
	Examples []string       `json:"-"`
}

// row is an entry with the lines of its rule and of its statement.
type row struct {
	access.Entry
	Lines   []excerpt
	Explain string // the address of Explain with one request that the entry allows
}

// accessQuery is a parsed question.
type accessQuery struct {
	identity    offline.Question
	hasIdentity bool
	actions     []string
	on          string
	words       []string
}

func (c *Console) access(r *http.Request) (any, error) {
	v := accessView{Query: strings.TrimSpace(r.URL.Query().Get("q")), Entries: []access.Entry{}}
	l := c.files.mapping()
	if l.m == nil {
		return v, errBroken
	}
	v.Groups = namesOf(l.m)
	v.Examples = []string{"s3:DeleteObject backups", "s3:PutBucketPolicy", "admin:*"}
	for _, rule := range l.m.Rules() {
		if rule.Kind == "group" && rule.Captures == nil {
			v.Examples = append(v.Examples, "group:"+rule.Name)
			break
		}
	}
	if v.Query == "" {
		return v, nil
	}
	a, err := parseAccessQuery(l.m, v.Query)
	if err != nil {
		return v, err
	}
	v.Read = strings.Join(a.words, ", ")
	most := math.MaxInt
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		most = maxRows
	}
	if v.Entries, v.More, err = c.answer(r, l, a, most); err != nil {
		return v, err
	}
	for i := range v.Entries {
		if i == maxRows {
			v.More = true
			break
		}
		v.Rows = append(v.Rows, rowOf(l, &v.Entries[i], a))
	}
	return v, nil
}

var errBroken = errors.New("the mapping has errors: see Overview")

func namesOf(m *mapping.Mapping) []string {
	var names []string
	for _, r := range m.Rules() {
		if (r.Kind == "group" || r.Kind == "user" || r.Kind == "account") && r.Captures == nil {
			names = append(names, r.Kind+":"+r.Name)
		}
	}
	return names
}

func (c *Console) answer(r *http.Request, l *loaded, a *accessQuery, most int) (list []access.Entry, more bool, err error) {
	if !a.hasIdentity {
		actions := a.actions
		if len(actions) == 0 {
			actions = access.Asked()
		}
		list, more = l.whoCan(actions, a.on, c.o.Now(), most)
		return list, more, nil
	}
	gate, err := offline.New(l.options)
	if err != nil {
		return nil, false, err
	}
	defer gate.Close()
	q := a.identity
	q.Action, q.Bucket, q.Object = "s3:GetObject", "any", "any"
	body, err := gate.Body(&q)
	if err != nil {
		return nil, false, err
	}
	holder, err := gate.Holder(r.Context(), body)
	if err != nil {
		return nil, false, err
	}
	entries := access.Can(holder.Grants, a.on, holder.Value)
	if len(a.actions) == 0 {
		return entries, false, nil
	}
	kept := []access.Entry{}
	for _, e := range entries {
		e.All = slices.DeleteFunc(slices.Clone(e.All), func(action string) bool { return !slices.Contains(a.actions, action) })
		if len(e.All) > 0 {
			e.Actions = access.ShortActions(e.All)
			kept = append(kept, e)
		}
	}
	return kept, false, nil
}

// parseAccessQuery parses a question. Its words are principals (group:NAME, user:SUB, account:NAME, claim:NAME=VALUE,
// or the name of a rule alone), actions (with or without s3:, with wildcards), and one bucket or resource.
func parseAccessQuery(m *mapping.Mapping, text string) (*accessQuery, error) {
	a := &accessQuery{identity: offline.Question{Claims: map[string]any{}}}
	for _, word := range fields(text) {
		if err := a.word(m, word); err != nil {
			return nil, err
		}
	}
	if a.identity.Account != "" && (a.identity.Subject != "" || len(a.identity.Groups) > 0) {
		return nil, errors.New("a static key has no token: ask about the account, or about groups and a subject")
	}
	if a.hasIdentity && a.identity.Account == "" && a.identity.Subject == "" {
		a.identity.Subject = "somebody"
	}
	return a, nil
}

func (a *accessQuery) word(m *mapping.Mapping, word string) error {
	kind, name, prefixed := strings.Cut(word, ":")
	switch {
	case prefixed && slices.Contains([]string{"group", "user", "account", "claim"}, kind) && name != "":
		return a.person(kind, name)
	case prefixed && slices.Contains([]string{"s3", "admin", "kms", "s3tables"}, kind):
		return a.action(word)
	}
	for _, r := range m.Rules() {
		if r.Name == word && r.Kind != "claim" && r.Captures == nil {
			return a.person(r.Kind, word)
		}
	}
	if found := access.Matching("s3:" + word); len(found) > 0 && strings.Trim(word, "*") != "" && word == strings.TrimSpace(word) && 'A' <= word[0] && word[0] <= 'Z' {
		return a.action("s3:" + word)
	}
	if a.on != "" {
		return fmt.Errorf("both %q and %q are read as a resource: ask about one", a.on, word)
	}
	a.on = word
	if !strings.ContainsAny(word, "/*?") {
		a.on += "/*" // the bucket and its objects
		a.words = append(a.words, "bucket "+word)
		return nil
	}
	a.words = append(a.words, "resource "+word)
	return nil
}

func (a *accessQuery) person(kind, name string) error {
	a.hasIdentity = true
	a.words = append(a.words, kind+" "+name)
	switch kind {
	case "group":
		a.identity.Groups = append(a.identity.Groups, name)
	case "user":
		a.identity.Subject = name
	case "account":
		a.identity.Account = name
	case "claim":
		key, value, found := strings.Cut(name, "=")
		path, ok := policy.ClaimPath(key)
		if !found || !ok {
			return fmt.Errorf("write claim:NAME=VALUE, not %q", "claim:"+name)
		}
		policy.SetClaim(a.identity.Claims, path, value)
	}
	return nil
}

func (a *accessQuery) action(pattern string) error {
	found := access.Matching(pattern)
	if len(found) == 0 {
		advice, _ := policy.KnownAction(pattern)
		return fmt.Errorf("no action of MinIO is called %q; %s", pattern, advice)
	}
	a.actions = append(a.actions, found...)
	a.words = append(a.words, "action "+pattern)
	return nil
}

// fields splits a question into words at white space. Double quotes keep a name with white space together.
func fields(text string) []string {
	var all []string
	var word strings.Builder
	quoted := false
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
		case unicode.IsSpace(r) && !quoted:
			all = append(all, word.String())
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	all = append(all, word.String())
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func rowOf(l *loaded, e *access.Entry, a *accessQuery) row {
	out := row{Entry: *e}
	out.Lines = append(out.Lines, l.lines(e.Rule.File, e.Rule.Line))
	if _, at, ok := l.m.StatementAt(e.Policy, e.Statement); ok && at.File != "" {
		out.Lines = append(out.Lines, l.lines(at.File, at.Line))
	}
	q := url.Values{}
	add := func(key, value string) {
		if value != "" {
			q.Add(key, value)
		}
	}
	who := a.identity
	kind, name, _ := strings.Cut(e.Principal, ":")
	switch {
	case a.hasIdentity:
	case kind == "account":
		who.Account = name
	case kind == "user":
		who.Subject = name
	case kind == "group":
		for part := range strings.SplitSeq(e.Principal, " + ") {
			who.Groups = append(who.Groups, strings.TrimPrefix(part, "group:"))
		}
	case kind == "claim":
		add("claim", name)
	}
	add("account", who.Account)
	if who.Account == "" {
		add("sub", cmp.Or(who.Subject, "somebody"))
	}
	for _, g := range who.Groups {
		add("group", g)
	}
	add("issuer", strings.TrimPrefix(e.Issuer, "any other"))
	if len(e.All) > 0 {
		add("action", e.All[0])
	}
	resource := e.Resources[0]
	resource = resource[strings.LastIndex(resource, ":::")+1:]
	bucket, object, _ := strings.Cut(strings.TrimLeft(resource, ":"), "/")
	if !strings.ContainsAny(bucket, "*?${") {
		add("bucket", bucket)
	} else {
		add("bucket", "reports")
	}
	if len(e.All) > 0 && access.KindOf(e.All[0]) == access.ObjectKind {
		if object == "" || strings.ContainsAny(object, "*?${") {
			object = "example.txt"
		}
		add("object", object)
	}
	out.Explain = "/explain?" + q.Encode()
	return out
}
