package policy

import "strings"

// A pattern is a text with wildcards and policy variables: a resource, or one value of a string condition.
type pattern struct {
	parts []part // at least one; each variable is a part of its own
	ops   []op   // the whole pattern; nil if it has variables
	plain string // the literal prefix of the pattern
	exact bool   // the pattern is exactly plain
	open  bool   // the pattern is plain and then "*"
	fold  bool   // the pattern is in lower case, and values of variables are lowered too
}

type part struct {
	ops []op   // if key is empty
	key string // the name of a policy variable
}

// groupVariable begins the variables whose values come from the name of a group and not from the request.
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

// bind replaces the group variables by the captures of a grant, as literals. A variable that the grant does
// not capture stays a variable without a value.
func (p *pattern) bind(vars map[string]string) *pattern {
	bound := make([]part, len(p.parts))
	copy(bound, p.parts)
	for i := range bound {
		name, isGroup := cutGroup(bound[i].key)
		if value := vars[name]; isGroup && value != "" {
			bound[i] = part{ops: appendLiteral(nil, p.foldValue(value))}
		}
	}
	return newPattern(bound, p.fold)
}

// foldValue lowers the value of a variable if the pattern is in lower case.
func (p *pattern) foldValue(value string) string {
	if p.fold {
		return strings.ToLower(value)
	}
	return value
}

// fixed reports whether the pattern has no variables.
func (p *pattern) fixed() bool { return p.ops != nil }

func (p *pattern) hasGroupVariable() bool {
	for _, part := range p.parts {
		if strings.HasPrefix(part.key, groupVariable) {
			return true
		}
	}
	return false
}

// hasContextVariable reports whether the pattern has a variable whose value comes from the request.
func (p *pattern) hasContextVariable() bool {
	for _, part := range p.parts {
		if part.key != "" && !strings.HasPrefix(part.key, groupVariable) {
			return true
		}
	}
	return false
}

// expand replaces the variables by the request's values. A variable without a value becomes "*", and
// complete is then false.
func (p *pattern) expand(scratch []op, ctx Context) (ops []op, complete bool) {
	ops, complete = scratch, true
	for _, part := range p.parts {
		if part.key == "" {
			ops = append(ops, part.ops...)
			continue
		}
		if value := variable(ctx, part.key); value != "" {
			ops = appendLiteral(ops, p.foldValue(value))
			continue
		}
		complete = false
		ops = append(ops, anyRun)
	}
	return ops, complete
}

// match reports whether the pattern matches s. If a variable has no value the result is maybe, or no if no
// value could make the pattern match.
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

// matchesText is the second comparison that MinIO makes for a bucket: it compares the bucket's name with the
// text of the resource, wildcards taken literally. So "arn:aws:s3:::b" names the bucket b itself.
func (p *pattern) matchesText(s string, ctx Context) ternary {
	if p.fixed() {
		return truth(matchesText(p.ops, s))
	}
	var scratch [128]op
	ops, complete := p.expand(scratch[:0], ctx)
	switch {
	case complete:
		return truth(matchesText(ops, s))
	case matchOps(ops, s):
		return maybe
	}
	return no
}
