package mapping

import (
	"errors"
	"fmt"
	"strings"

	"github.com/claimgate/claimgate/internal/stricttoml"
	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/claimgate/claimgate/mapping/policy"
)

// loadPolicies registers MinIO's own policies and the policies of the file.
func (l *loader) loadPolicies() {
	for _, name := range policy.CannedNames() {
		p, _ := policy.Canned(name)
		l.addPolicy(name, p, documentStart{}, nil)
	}
	l.canned = len(l.names)
	for i := range l.raw.Policies {
		p := &l.raw.Policies[i]
		free := l.checkPolicyName(p)
		loaded, at, doc := l.readPolicy(p)
		if !free {
			continue
		}
		l.addPolicy(p.Name, loaded, at, doc)
		if loaded != nil && len(loaded.Statements()) == 0 {
			l.report(codeNoStatement, l.source.At(p), fmt.Sprintf("policy %q has no statement, so it grants nothing", p.Name),
				"add a statement, or remove the policy")
		}
	}
}

// addPolicy registers a policy. p is nil if the document is broken. That is reported already, so rules may
// name the policy without another finding.
func (l *loader) addPolicy(name string, p *policy.Policy, at documentStart, doc []byte) {
	e := &entry{Policy: p, number: len(l.names), place: at, doc: doc}
	if p != nil {
		e.needs = p.GroupVariables()
	}
	l.policies[fold(name)] = e
	l.names = append(l.names, name)
}

// checkPolicyName reports whether the policy has a name that is not taken.
func (l *loader) checkPolicyName(p *rawPolicy) bool {
	if p.Name == "" {
		l.reportMissing(&p.Name, p, "the policy has no name", `write name = "..."`)
		return false
	}
	at := l.source.At(&p.Name)
	if strings.Contains(p.Name, ",") || strings.TrimSpace(p.Name) != p.Name {
		l.report(codeName, at, fmt.Sprintf("no claim can name the policy %q: claims are split at commas and trimmed", p.Name),
			"write a name without a comma, and without a blank before or after it")
	}
	e, taken := l.policies[fold(p.Name)]
	switch {
	case !taken:
	case e.number < l.canned:
		l.report(codeDuplicatePolicy, at, fmt.Sprintf("%q is the name of one of MinIO's own policies", l.names[e.number]), "give the policy another name")
	default:
		l.report(codeDuplicatePolicy, at, fmt.Sprintf("a second policy is named %q", l.names[e.number]),
			"give every policy a name of its own; names compare without case")
	}
	return !taken
}

// readPolicy reads and parses a policy. It returns a nil policy after it has reported an error.
func (l *loader) readPolicy(p *rawPolicy) (*policy.Policy, documentStart, []byte) {
	hasFile, hasDocument := l.source.Has(&p.File), l.source.Has(&p.Document)
	switch {
	case hasFile && hasDocument:
		l.report(codePolicySource, l.source.KeyAt(&p.File), "the policy has both file and document", "keep one of them")
	case hasFile && p.File == "":
		l.reportMissing(&p.File, p, "the policy's file has no name", "write the file's path, relative to this file")
	case hasFile:
		path, data, err := l.readOnce(p.File)
		if err == nil {
			if text, encoding := utf8text.Decode(data); text != nil {
				data = text // without a byte order mark
			} else if encoding != nil {
				l.report(codePolicyFile, stricttoml.Position{File: path, Line: 1, Column: 1}, encoding.Error(), utf8text.Fix)
				return nil, documentStart{}, nil
			}
			return l.parse(p.Name, data, policy.Source{File: path, Line: 1}, documentStart{}), documentStart{}, data
		}
		l.report(codePolicyFile, l.source.At(&p.File), fmt.Sprintf("the policy file %s cannot be read: %s", path, reason(err)),
			"name a readable file, relative to this file")
	case !hasDocument:
		l.report(codePolicySource, l.source.At(p), "the policy has neither file nor document",
			`write file = "policies/NAME.json", or document = '''{...}'''`)
	case p.Document.Kind != stricttoml.String:
		l.report(codeWrongType, p.Document.At, "policy.document must be a string, not "+p.Document.Kind.String(), `write document = '''{...}'''`)
	default:
		at := documentStartOf(p.Document)
		return l.parse(p.Name, []byte(p.Document.Text), policy.Source{File: at.start.File, Line: at.start.Line}, at), at, []byte(p.Document.Text)
	}
	return nil, documentStart{}, nil
}

func (l *loader) parse(name string, document []byte, src policy.Source, at documentStart) *policy.Policy {
	loaded, err := policy.Parse(name, document, src)
	if err == nil {
		return loaded
	}
	problems, ok := errors.AsType[policy.Errors](err)
	if !ok { // policy.Parse promises that this does not happen
		problems = policy.Errors{{Pos: policy.Position{File: src.File, Line: src.Line, Column: 1}, Msg: err.Error(), Fix: "correct the document"}}
	}
	for _, e := range problems {
		l.report(codePolicyDocument, stricttoml.Position(at.position(e.Pos)), fmt.Sprintf("policy %q: %s", name, e.Msg), e.Fix)
	}
	return nil
}

// reportMissing reports a key that is absent or empty. The finding is at the value, or at the table if the
// key is absent.
func (l *loader) reportMissing(field, table any, message, fix string) {
	at := l.source.At(field)
	if !l.source.Has(field) {
		at = l.source.At(table)
	} else if l.hasError(field) {
		return // the value has another type, which is reported already
	}
	l.report(codeMissing, at, message, fix)
}
