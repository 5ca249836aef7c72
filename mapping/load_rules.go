package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/claimgate/claimgate/internal/spelling"
	"github.com/claimgate/claimgate/internal/stricttoml"
)

func (l *loader) loadRules() {
	l.loadClaim()
	seen := map[string]int{} // kind, name and issuer -> line of the first rule
	for i := range l.raw.Groups {
		l.loadGroup(&l.raw.Groups[i], seen)
	}
	for i := range l.raw.Users {
		l.loadUser(&l.raw.Users[i], seen)
	}
	for i := range l.raw.Accounts {
		l.loadAccount(&l.raw.Accounts[i], seen)
	}
}

func (l *loader) loadClaim() {
	c := &l.raw.Claim
	switch {
	case l.source.Has(&c.Path) && l.source.Has(&c.Name):
		l.report(codeNameOrMatch, l.source.At(&c.Path), "the claim has both name and path", "keep one of them: path for a nested claim")
	case l.source.Has(&c.Path) && (len(c.Path) == 0 || slices.Contains(c.Path, "")):
		l.reportMissing(&c.Path, c, "path has an empty name", `write the names that lead to the claim, such as path = ["resource_access", "minio", "roles"]`)
	case l.source.Has(&c.Path):
		l.m.claimPath = c.Path
	case c.Name != "":
		l.m.claimPath = []string{c.Name}
		if strings.Contains(c.Name, ".") {
			l.report(codeDottedClaim, l.source.At(&c.Name), fmt.Sprintf("%q is the whole name of one claim: the dot is a part of the name", c.Name),
				fmt.Sprintf("write path = [%s] if a nested claim is meant", quotedNames(strings.Split(c.Name, "."))))
		}
	case l.source.Has(&c.Name):
		l.reportMissing(&c.Name, c, "the claim has no name", `write name = "policy", or remove the key`)
	}
	for i := range c.Allow {
		e := l.find(&c.Allow[i], nil)
		if e == nil {
			continue
		}
		name := fold(c.Allow[i])
		if _, twice := l.m.claim[name]; twice {
			l.report(codeTwice, l.source.At(&c.Allow[i]), fmt.Sprintf("%q is in allow twice", c.Allow[i]), "remove one of them")
			continue
		}
		at := l.source.At(&c.Allow[i])
		l.m.claim[name] = l.add(&rule{Rule: Rule{Name: l.m.ClaimName(), Kind: "claim", File: at.File, Line: at.Line}, policies: []*entry{e}})
	}
}

func quotedNames(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

func (l *loader) loadGroup(g *rawGroup, seen map[string]int) {
	at := l.source.At(g)
	hasName, hasMatch := l.source.Has(&g.Name), l.source.Has(&g.Match)
	r := &rule{Rule: Rule{Name: g.Name, Kind: "group", File: at.File, Line: at.Line}, issuer: g.Issuer}
	switch {
	case hasName == hasMatch:
		message := "the rule has neither name nor match"
		if hasName {
			message = "the rule has both name and match"
		}
		l.report(codeNameOrMatch, at, message, `write name = "the exact name", or match = "a-pattern-{bucket}"`)
		return
	case hasName && g.Name == "":
		l.reportMissing(&g.Name, g, "the group has no name", "write the group's name, exactly as the token has it")
		return
	case hasName:
		l.checkDuplicate(seen, "group", g.Name, g.Issuer, &g.Name)
		l.checkVisible(&g.Name)
	default:
		r.Name = g.Match
		p, message, fix := parsePattern(g.Match)
		if p == nil {
			if !l.hasError(&g.Match) {
				l.report(codePattern, l.source.At(&g.Match), message, fix)
			}
			return
		}
		r.pattern = p
		l.checkDuplicate(seen, "match", g.Match, g.Issuer, &g.Match)
		l.checkVisible(&g.Match)
		l.lintPattern(g, p)
		if least := p.minLength(); least > maxMatched {
			l.report(codeNeverMatches, l.source.At(&g.Match), fmt.Sprintf("the shortest matching name has %d bytes, and a name of more than %d bytes matches no pattern", least, maxMatched), "shorten the pattern")
		}
	}
	l.checkIssuer(&g.Issuer)
	l.rights(r, &g.rawRights, g)
	index := l.add(r)
	if r.pattern != nil {
		l.m.patterns.add(r.pattern.literals[0], index)
	} else {
		l.m.groups[g.Name] = append(l.m.groups[g.Name], index)
	}
}

func (l *loader) loadUser(u *rawUser, seen map[string]int) {
	if u.Subject == "" {
		l.reportMissing(&u.Subject, u, "the user has no subject", "write the token's sub, exactly")
		return
	}
	l.checkDuplicate(seen, "user", u.Subject, u.Issuer, &u.Subject)
	l.checkVisible(&u.Subject)
	l.checkIssuer(&u.Issuer)
	at := l.source.At(u)
	r := &rule{Rule: Rule{Name: u.Subject, Kind: "user", File: at.File, Line: at.Line}, issuer: u.Issuer}
	l.rights(r, &u.rawRights, u)
	l.m.users[u.Subject] = append(l.m.users[u.Subject], l.add(r))
}

func (l *loader) loadAccount(a *rawAccount, seen map[string]int) {
	if a.Name == "" {
		l.reportMissing(&a.Name, a, "the account has no name", "write the MinIO access key, exactly")
		return
	}
	l.checkDuplicate(seen, "account", a.Name, "", &a.Name)
	l.checkVisible(&a.Name)
	l.lintAccount(&a.Name)
	at := l.source.At(a)
	r := &rule{Rule: Rule{Name: a.Name, Kind: "account", File: at.File, Line: at.Line}}
	l.rights(r, &a.rawRights, a)
	l.m.accounts[a.Name] = l.add(r)
}

func (l *loader) add(r *rule) int {
	l.m.rules = append(l.m.rules, r)
	return len(l.m.rules) - 1
}

// rights reads the keys that all granting rules have.
func (l *loader) rights(r *rule, w *rawRights, table any) {
	if len(w.Policies) == 0 {
		l.reportMissing(&w.Policies, table, "the rule grants no policy", `write policies = ["..."], or remove the rule`)
	}
	for i := range w.Policies {
		e := l.find(&w.Policies[i], r.pattern)
		switch {
		case e == nil:
		case slices.Contains(r.policies, e):
			l.report(codeTwice, l.source.At(&w.Policies[i]), fmt.Sprintf("%q is in policies twice", w.Policies[i]), "remove one of them")
		default:
			r.policies = append(r.policies, e)
		}
	}
	if w.Expires.Kind != stricttoml.Invalid {
		expires, ok := w.Expires.Time()
		if !ok {
			l.report(codeWrongType, w.Expires.At, "expires must be a date or a date-time, not "+w.Expires.Kind.String(),
				"write a date without quotes, such as expires = 2027-03-31")
		}
		r.expires = expires
	}
	r.reason, r.owner = w.Reason, w.Owner
	l.lintRights(r, w, table)
}

// find returns the policy that name names, and marks it as used. name points to a field or a list element,
// for the finding's position. find also reports a ${group:x} in the policy if the pattern does not capture
// x. p is nil for a rule without a pattern.
func (l *loader) find(name *string, p *pattern) *entry {
	at := l.source.At(name)
	e, ok := l.policies[fold(*name)]
	if !ok {
		if l.hasError(name) {
			return nil
		}
		fix := "add a [[policy]] of that name, or write one of " + strings.Join(l.names[:l.canned], ", ")
		if near := spelling.Nearest(*name, l.names); near != "" {
			fix = fmt.Sprintf("did you mean %q?", near)
		}
		l.report(codeUnknownPolicy, at, fmt.Sprintf("there is no policy %q", *name), fix)
		return nil
	}
	l.used[e] = true
	for _, need := range e.needs {
		if p == nil {
			l.report(codeCapture, at, fmt.Sprintf("policy %q uses ${group:%s}, and nothing here captures it", *name, need),
				fmt.Sprintf("grant it by a [[group]] with match = \"...{%s}...\"", need))
		} else if !slices.Contains(p.captures, need) {
			l.report(codeCapture, at, fmt.Sprintf("policy %q uses ${group:%s}, and the pattern has no {%s}", *name, need, need),
				fmt.Sprintf("write {%s} in match", need))
		}
	}
	return e
}

// checkDuplicate reports a second rule for the same kind, name and issuer.
func (l *loader) checkDuplicate(seen map[string]int, kind, name, issuer string, field *string) {
	key := kind + strconv.Itoa(len(name)) + ":" + name + issuer
	at := l.source.At(field)
	if line, twice := seen[key]; twice {
		l.report(codeDuplicateRule, at, fmt.Sprintf("%s %q has a rule already, in line %d", strings.Replace(kind, "match", "pattern", 1), name, line),
			"put what both grant into one rule")
		return
	}
	seen[key] = at.Line
}

// checkIssuer reports an issuer that is present and empty.
func (l *loader) checkIssuer(name *string) {
	if *name == "" && l.source.Has(name) && !l.hasError(name) {
		l.report(codeMissing, l.source.At(name), "the issuer has no name", "write the name of an [[issuer]] in config.toml, or remove the key")
	}
}

// checkVisible warns of characters in a name that a reader of the file cannot see.
func (l *loader) checkVisible(name *string) {
	if strings.TrimSpace(*name) != *name {
		l.report(codeInvisible, l.source.At(name), fmt.Sprintf("%q has a blank before or after it, and names are compared exactly", *name), "remove the blank, unless the name has it")
		return
	}
	for _, r := range *name {
		if r != ' ' && !unicode.IsPrint(r) {
			l.report(codeInvisible, l.source.At(name), fmt.Sprintf("%+q has an invisible character, %U", *name, r), "remove the character, unless the name has it")
			return
		}
	}
}
