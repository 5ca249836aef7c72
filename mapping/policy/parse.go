package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/spelling"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Parse reads one document. If anything is wrong with it, the Policy is nil and the error is an Errors with
// all findings. name is the name of the policy; src says where the document is, for positions.
func Parse(name string, doc []byte, src Source) (*Policy, error) {
	r := &reader{data: doc, src: src}
	p := &Policy{name: name}
	if text, err := strictjson.Parse(doc); err != nil {
		var syntax *strictjson.Error
		offset, msg := 0, err.Error()
		if errors.As(err, &syntax) {
			offset, msg = syntax.Offset, syntax.Msg
		}
		r.fail(offset, "the document is not valid JSON: "+msg, "correct the JSON at this place")
	} else {
		r.document(p, text.Root())
	}
	if len(r.findings) > 0 {
		slices.SortStableFunc(r.findings, func(a, b *Error) int {
			if a.Pos.Line != b.Pos.Line {
				return a.Pos.Line - b.Pos.Line
			}
			return a.Pos.Column - b.Pos.Column
		})
		return nil, r.findings
	}
	return p, nil
}

// A reader collects findings while it reads a document.
type reader struct {
	data     []byte
	src      Source
	findings Errors
}

func (r *reader) position(offset int) Position {
	line, column := strictjson.Position(r.data, offset)
	return Position{r.src.File, max(r.src.Line, 1) - 1 + line, column}
}

func (r *reader) fail(offset int, msg, fix string) {
	r.findings = append(r.findings, &Error{r.position(offset), msg, fix})
}

// members returns the members of an object by name, and reports each unknown member. MinIO drops unknown
// members, so a mistyped "Conditions" leaves a statement without its condition; here this is an error.
func (r *reader) members(object strictjson.Value, where string, names ...string) map[string]strictjson.Value {
	found := make(map[string]strictjson.Value, object.Len())
	for name, value := range object.Members() {
		text := name.Text()
		if slices.Contains(names, text) {
			found[text] = value
			continue
		}
		fix := "remove it; " + where + " has " + list(names)
		if name := spelling.Nearest(text, names); name != "" {
			fix = fmt.Sprintf("write %q, or remove it", name)
		}
		r.fail(name.Offset(), fmt.Sprintf("%s has no member %q", where, text), fix)
	}
	return found
}

// document reads the members of a policy and its statements.
func (r *reader) document(p *Policy, root strictjson.Value) {
	if root.Kind() != strictjson.Object {
		r.fail(root.Offset(), "a policy is an object, not "+root.Kind().String(),
			`write {"Version": "`+Version+`", "Statement": [...]}`)
		return
	}
	members := r.members(root, "a policy", "Version", "Id", "ID", "Statement")
	if version := members["Version"]; r.isOptionalText(version, "Version", `"`+Version+`"`) {
		p.version = version.Text()
		if p.version != "" && p.version != Version {
			r.fail(version.Offset(), fmt.Sprintf("version %q is not known", p.version), `write "`+Version+`"`)
		}
	}
	for _, name := range []string{"Id", "ID"} {
		if id := members[name]; r.isOptionalText(id, name, "a name") {
			p.id = p.id + id.Text()
		}
	}
	if len(members["Id"].Raw()) > 0 && len(members["ID"].Raw()) > 0 {
		r.fail(members["ID"].Offset(), `a policy has "Id" and "ID"`, "keep one of them")
	}
	statements := members["Statement"]
	switch statements.Kind() {
	case strictjson.Missing, strictjson.Null:
	case strictjson.Array:
		for st := range statements.Elements() {
			p.statements = append(p.statements, r.statement(st))
		}
	default:
		r.fail(statements.Offset(), "Statement is a list, not "+statements.Kind().String(), "write [ ] around it")
	}
}

// isOptionalText reports whether the member is present and a string. MinIO writes null or ""
// for a member that a document leaves out.
func (r *reader) isOptionalText(v strictjson.Value, name, want string) bool {
	switch v.Kind() {
	case strictjson.Missing, strictjson.Null:
		return false
	case strictjson.String:
		return true
	default:
	}
	r.fail(v.Offset(), name+" is a string, not "+v.Kind().String(), "write "+want)
	return false
}

// statement reads one statement of a policy. Each mistake becomes a finding.
func (r *reader) statement(v strictjson.Value) *statement {
	st := &statement{pos: r.position(v.Offset())}
	if v.Kind() != strictjson.Object {
		r.fail(v.Offset(), "a statement is an object, not "+v.Kind().String(),
			`write {"Effect": "Allow", "Action": [...], "Resource": [...]}`)
		return st
	}
	members := r.members(v, "a statement",
		"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
	if sid := members["Sid"]; sid.Kind() == strictjson.String {
		st.sid = sid.Text()
	} else if sid.Kind() != strictjson.Missing {
		r.fail(sid.Offset(), "Sid is a string, not "+sid.Kind().String(), "write a name, or remove it")
	}
	switch effect := members["Effect"]; {
	case effect.Is("Deny"):
		st.deny = true
	case effect.Is("Allow"):
	case effect.Kind() == strictjson.Missing:
		r.fail(v.Offset(), "the statement has no Effect", `write "Effect": "Allow" or "Effect": "Deny"`)
	default:
		r.fail(effect.Offset(), "Effect is "+quotedValue(effect), `write "Allow" or "Deny", in exactly these letters`)
	}
	before := len(r.findings)
	r.actions(st, v, members["Action"], members["NotAction"])
	if len(r.findings) > before {
		return st // the other members depend on the family of the actions
	}
	r.resources(st, v, members["Resource"], members["NotResource"])
	if condition := members["Condition"]; condition.Kind() != strictjson.Missing {
		r.conditions(st, condition)
	}
	return st
}

// written is a string of the document with its offset.
type written struct {
	text   string
	offset int
}

// strings reads a list of strings. A single string counts as a list of one.
func (r *reader) strings(v strictjson.Value, name string) []written {
	var all []written
	switch v.Kind() {
	case strictjson.String:
		all = append(all, written{v.Text(), v.Offset()})
	case strictjson.Array:
		for e := range v.Elements() {
			if e.Kind() != strictjson.String {
				r.fail(e.Offset(), name+" contains "+e.Kind().String(), "write a string")
				continue
			}
			all = append(all, written{e.Text(), e.Offset()})
		}
	default:
		r.fail(v.Offset(), name+" is "+v.Kind().String(), "write a list of strings")
		return nil
	}
	if v.Len() == 0 && v.Kind() == strictjson.Array {
		r.fail(v.Offset(), name+" is an empty list", "name at least one, or remove it")
	}
	return all
}

func list(names []string) string {
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// quotedValue returns a value for a finding, or only its kind if the value is long. Policies hold no secrets.
func quotedValue(v strictjson.Value) string {
	const longest = 80
	raw := v.Raw()
	if len(raw) > longest {
		return v.Kind().String()
	}
	return string(raw)
}
