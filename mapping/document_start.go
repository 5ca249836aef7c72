package mapping

import (
	"strings"

	"github.com/claimgate/claimgate/internal/stricttoml"
	"github.com/claimgate/claimgate/mapping/policy"
)

// documentStart says where a policy document begins in the file that contains it. The zero documentStart is
// a document in a file of its own.
type documentStart struct {
	inside bool            // the document is a string in mapping.toml
	start  policy.Position // of the document's first character
	opaque bool            // the string has escapes, so positions in it cannot be computed
}

// documentStartOf returns where the text of a TOML string begins.
func documentStartOf(v stricttoml.Value) documentStart {
	p := documentStart{inside: true, start: policy.Position{File: v.At.File, Line: v.At.Line, Column: v.At.Column + 1}}
	quote := v.Raw[:1]
	if len(v.Raw) >= 6 && strings.HasPrefix(v.Raw, strings.Repeat(quote, 3)) {
		p.start.Column += 2
		// TOML drops a newline right after the opening quotes.
		if after := strings.TrimPrefix(v.Raw[3:], "\r"); strings.HasPrefix(after, "\n") {
			p.start.Line, p.start.Column = p.start.Line+1, 1
		}
	}
	p.opaque = quote == `"` && strings.Contains(v.Raw, `\`)
	return p
}

// position turns a position in the document, as package policy counts it, into a position in the file.
func (p documentStart) position(at policy.Position) policy.Position {
	switch {
	case !p.inside || at == (policy.Position{}):
	case p.opaque:
		return p.start
	case at.Line == p.start.Line:
		at.Column += p.start.Column - 1
	}
	return at
}
