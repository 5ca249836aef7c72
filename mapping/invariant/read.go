package invariant

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/stricttoml"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/policy"
)

// file is the TOML form of a file of invariants. The struct tags are the text of the reference in the docs.
type file struct {
	Never  []rawNever  `toml:"never" doc:"What nobody can do, except those named."`
	Always []rawAlways `toml:"always" doc:"What somebody can do, whatever else they hold."`
}

type rawNever struct {
	Name      string   `toml:"name" doc:"The sentence that is proved. Findings print the name."`
	Actions   []string `toml:"actions" doc:"Actions, as patterns in a policy."`
	Resources []string `toml:"resources" doc:"Resources, as patterns in a policy; left out only for actions on the cluster, such as admin:*."`
	Except    []string `toml:"except" doc:"Who may: group:NAME, user:SUB, account:NAME, claim:NAME=VALUE."`
	Issuer    string   `toml:"issuer" doc:"Only tokens of this issuer; any if left out."`
}

type rawAlways struct {
	Name      string   `toml:"name" doc:"The sentence that is proved. Findings print the name."`
	Principal string   `toml:"principal" doc:"Who can: group:NAME, user:SUB, account:NAME, claim:NAME=VALUE."`
	Actions   []string `toml:"actions" doc:"Actions, as patterns in a policy."`
	Resources []string `toml:"resources" doc:"Resources, as patterns in a policy; left out only for actions on the cluster, such as admin:*."`
	Issuer    string   `toml:"issuer" doc:"Only tokens of this issuer; every issuer that the mapping names if left out."`
}

// Reference lists every table and key of a file of invariants.
func Reference() []mapping.Table { return mapping.ReferenceOf(file{}) }

// FileOf returns the name of the file of invariants for a mapping: mapping.invariants.toml for mapping.toml.
func FileOf(mappingFile string) string {
	return strings.TrimSuffix(mappingFile, filepath.Ext(mappingFile)) + ".invariants.toml"
}

// Errors are all errors of a file of invariants. Each is FILE:LINE:COLUMN: what is wrong; what to write.
type Errors []string

func (e Errors) Error() string { return strings.Join(e, "\n") }

// Read reads a file of invariants. The error is of type Errors if the file can be opened.
func Read(path string) ([]Invariant, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse parses the text of a file of invariants. path is the name in messages. The error is of type Errors.
func Parse(path string, data []byte) ([]Invariant, error) {
	r := reader{path: path}
	source, problems := stricttoml.Decode(path, data, &r.file, nil, nil)
	r.source = source
	for _, p := range problems {
		r.fail(p.At, p.Message, p.Fix)
	}
	if len(problems) == 0 {
		for i := range r.file.Never {
			r.never(&r.file.Never[i])
		}
		for i := range r.file.Always {
			r.always(&r.file.Always[i])
		}
		if len(r.file.Never)+len(r.file.Always) == 0 {
			r.fail(stricttoml.Position{File: path, Line: 1, Column: 1}, "there is no invariant", "write [[never]] or [[always]] with name, actions and resources")
		}
	}
	if len(r.errors) > 0 {
		return nil, r.errors
	}
	slices.SortStableFunc(r.list, func(a, b Invariant) int { return a.Line - b.Line })
	return r.list, nil
}

type reader struct {
	path   string
	file   file
	source *stricttoml.Source
	list   []Invariant
	names  []string
	errors Errors
}

func (r *reader) fail(at stricttoml.Position, message, fix string) {
	r.errors = append(r.errors, fmt.Sprintf("%s:%d:%d: %s; %s", at.File, at.Line, at.Column, message, fix))
}

const whoFix = "write group:NAME, user:SUB, account:NAME or claim:NAME=VALUE"

func (r *reader) never(raw *rawNever) {
	at := r.source.At(raw)
	i := r.common(at, Never, raw.Name, raw.Actions, raw.Resources, &raw.Actions, &raw.Resources)
	i.Issuer = raw.Issuer
	for n, text := range raw.Except {
		w, ok := parseWho(text)
		if !ok {
			r.fail(r.source.At(&raw.Except[n]), fmt.Sprintf("except names %q", text), whoFix)
			continue
		}
		i.Except = append(i.Except, w)
	}
	r.list = append(r.list, i)
}

func (r *reader) always(raw *rawAlways) {
	at := r.source.At(raw)
	i := r.common(at, Always, raw.Name, raw.Actions, raw.Resources, &raw.Actions, &raw.Resources)
	i.Issuer = raw.Issuer
	w, ok := parseWho(raw.Principal)
	if !ok {
		r.fail(at, fmt.Sprintf("the principal is %q", raw.Principal), whoFix)
	}
	if w.Kind == "account" && raw.Issuer != "" {
		r.fail(at, "the principal is an account, and an account has no issuer", "remove issuer")
	}
	i.Principal = w
	r.list = append(r.list, i)
}

// common reads the keys that both kinds have. An empty list is an error: it does not mean everything.
func (r *reader) common(at stricttoml.Position, kind Kind, name string, actions, resources []string, actionsField, resourcesField *[]string) Invariant {
	i := Invariant{Name: name, Kind: kind, File: r.path, Line: at.Line}
	switch {
	case name == "":
		r.fail(at, "the invariant has no name", "write the sentence that is proved")
	case slices.Contains(r.names, name):
		r.fail(at, fmt.Sprintf("two invariants have the name %q", name), "give each a name of its own")
	}
	r.names = append(r.names, name)
	before := len(r.errors)
	for n, pattern := range actions {
		found := access.Matching(pattern)
		if len(found) == 0 {
			advice, known := policy.KnownAction(pattern)
			if known { // an action of sts
				advice = "MinIO asks no webhook about it, so nothing can be proved"
			}
			r.fail(r.source.At(&(*actionsField)[n]), fmt.Sprintf("no action is called %q", pattern), advice)
		}
		i.Actions = append(i.Actions, found...)
	}
	slices.Sort(i.Actions)
	i.Actions = slices.Compact(i.Actions)
	if len(actions) == 0 {
		r.fail(at, "the invariant names no action", `write actions = ["s3:DeleteObject"]`)
	}
	for n, text := range resources {
		if fix := wrongResource(text); fix != "" {
			r.fail(r.source.At(&(*resourcesField)[n]), fmt.Sprintf("%q is no resource", text), fix)
		}
	}
	i.Resources = resources
	if len(r.errors) == before && len(i.Actions) > 0 {
		r.applies(&i, at)
	}
	return i
}

// wrongResource returns what to write in place of the text, or "" if the text is a resource.
func wrongResource(text string) (fix string) {
	_, s3 := strings.CutPrefix(text, "arn:aws:s3:::")
	_, kms := strings.CutPrefix(text, "arn:minio:kms:::")
	switch {
	case strings.Contains(text, "${"):
		return "write a text with * and ?: an invariant is about real buckets, not about variables"
	case text == "*", s3 && text != "arn:aws:s3:::", kms && text != "arn:minio:kms:::":
		return ""
	}
	return fmt.Sprintf("write %q", "arn:aws:s3:::"+strings.TrimPrefix(text, "arn:aws:s3:::")+map[bool]string{true: "BUCKET/*"}[s3])
}

// applies reports an error if MinIO asks no action of the invariant about one of the resources, because such an
// invariant always holds. applies removes the actions that MinIO asks about none of the resources.
func (r *reader) applies(i *Invariant, at stricttoml.Position) {
	if len(i.Resources) == 0 {
		if slices.ContainsFunc(i.Actions, func(a string) bool { return family(a) == "s3" }) {
			r.fail(at, "the invariant names no resource", `write resources = ["arn:aws:s3:::BUCKET/*"], or "arn:aws:s3:::*" for all`)
			return
		}
		i.Resources = []string{"*"}
	}
	for _, resource := range i.Resources {
		if !slices.ContainsFunc(i.Actions, func(a string) bool { return asked(a, resource) }) {
			r.fail(at, fmt.Sprintf("no action of the invariant is asked on %s", resource), resourceAdvice(i.Actions[0], resource))
		}
	}
	i.Actions = slices.DeleteFunc(i.Actions, func(a string) bool {
		return !slices.ContainsFunc(i.Resources, func(resource string) bool { return asked(a, resource) })
	})
}

func family(action string) string {
	family, _, _ := strings.Cut(action, ":")
	return family
}

// asked returns true if MinIO may ask about the action on the resource. MinIO does not read the resource for an
// action that is neither of s3 nor of kms.
func asked(action, resource string) bool {
	switch family(action) {
	case "s3":
		return !strings.HasPrefix(resource, "arn:minio:kms:::") && access.Applies(action, resource)
	case "kms":
		return !strings.HasPrefix(resource, "arn:aws:s3:::") && access.Applies(action, resource)
	}
	return true
}

// resourceAdvice returns how to write the resource so that MinIO asks about the action.
func resourceAdvice(action, resource string) string {
	switch kind := access.KindOf(action); {
	case kind == access.ClusterKind:
		return fmt.Sprintf("MinIO asks %s without a bucket: write \"*\"", action)
	case kind == access.KeyKind:
		return "write \"arn:minio:kms:::KEY\""
	case kind == access.ObjectKind && !strings.HasPrefix(resource, "arn:minio"):
		return fmt.Sprintf("%s is about objects: write %q", action, strings.TrimSuffix(resource, "/")+"/*")
	}
	return fmt.Sprintf("%s is about a bucket: write the bucket without /*", action)
}
