package policy

import "strings"

// A pattern is text with wildcards and policy variables: a resource, or one
// value of a string condition.
type pattern struct {
	parts []part // at least one; variables stand alone
	ops   []op   // the whole, where no variable is left
	plain string // the literal text every match begins with
	exact bool   // the whole is plain and nothing more
	open  bool   // the whole is plain and then anything
	fold  bool   // all of it is in lower case, and so the values of variables must be
}

type part struct {
	ops []op   // where key is empty
	key string // a policy variable
}

// groupVariable marks the variables that a group's name gives, not the request.
const groupVariable = "group:"

func newPattern(parts []part, fold bool) *pattern {
	p := &pattern{parts: parts, fold: fold}
	if len(parts) == 0 {
		p.parts = []part{{}}
	}
	variables := false
	for _, part := range p.parts {
		variables = variables || part.key != ""
	}
	first := p.parts[0]
	if !variables {
		p.ops = []op{}
		for _, part := range p.parts {
			p.ops = append(p.ops, part.ops...)
		}
		first.ops = p.ops
	}
	n := 0
	for n < len(first.ops) && first.ops[n] < anyByte {
		n++
	}
	var plain strings.Builder
	for _, o := range first.ops[:n] {
		plain.WriteByte(byte(o))
	}
	p.plain = plain.String()
	if !variables {
		p.exact = n == len(p.ops)
		p.open = n == len(p.ops)-1 && p.ops[n] == anyRun
	}
	return p
}

// bind puts a grant's captures in the place of its group variables, as
// literals. What the grant does not capture stays a variable that is not set.
func (p *pattern) bind(vars map[string]string) *pattern {
	bound := make([]part, len(p.parts))
	copy(bound, p.parts)
	for i := range bound {
		name, isGroup := cutGroup(bound[i].key)
		if value := vars[name]; isGroup && value != "" {
			bound[i] = part{ops: appendLiteral(nil, p.cased(value))}
		}
	}
	return newPattern(bound, p.fold)
}

// cased prepares the value of a variable for the pattern it goes into.
func (p *pattern) cased(value string) string {
	if p.fold {
		return strings.ToLower(value)
	}
	return value
}

// fixed reports whether no variable is left.
func (p *pattern) fixed() bool { return p.ops != nil }

func (p *pattern) hasGroupVariable() bool {
	for _, part := range p.parts {
		if strings.HasPrefix(part.key, groupVariable) {
			return true
		}
	}
	return false
}

// hasContextVariable reports whether the request decides what the pattern is.
func (p *pattern) hasContextVariable() bool {
	for _, part := range p.parts {
		if part.key != "" && !strings.HasPrefix(part.key, groupVariable) {
			return true
		}
	}
	return false
}

// expand puts the request's values in the place of the variables. A variable
// that is not set stands for any text, and the second result says so.
func (p *pattern) expand(scratch []op, ctx Context) (ops []op, complete bool) {
	ops, complete = scratch, true
	for _, part := range p.parts {
		if part.key == "" {
			ops = append(ops, part.ops...)
			continue
		}
		if value := variable(ctx, part.key); value != "" {
			ops = appendLiteral(ops, p.cased(value))
			continue
		}
		complete = false
		ops = append(ops, anyRun)
	}
	return ops, complete
}

// match says whether the pattern matches s. Where a variable is not set it
// cannot be told, unless no value of it could make the pattern match.
func (p *pattern) match(s string, ctx Context) ternary {
	switch {
	case p.exact:
		return truth(s == p.plain)
	case p.open:
		return truth(strings.HasPrefix(s, p.plain))
	case p.fixed():
		return truth(matchOps(p.ops, s))
	}
	var scratch [128]op
	ops, complete := p.expand(scratch[:0], ctx)
	switch {
	case !matchOps(ops, s):
		return no
	case complete:
		return yes
	}
	return maybe
}

// spells is match for the one comparison in which MinIO takes a resource's
// text as it stands: "arn:aws:s3:::b" names the bucket b itself.
func (p *pattern) spells(s string, ctx Context) ternary {
	if p.fixed() {
		return truth(spells(p.ops, s))
	}
	var scratch [128]op
	ops, complete := p.expand(scratch[:0], ctx)
	switch {
	case complete:
		return truth(spells(ops, s))
	case matchOps(ops, s):
		return maybe
	}
	return no
}
