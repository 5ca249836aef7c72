package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/internal/spelling"
)

// CheckIssuers compares the mapping with the names of the configured issuers. A rule for an issuer that is
// not configured is an error. If several issuers are configured, a subject without issuer is an error too,
// because a sub is unique within its issuer only (OpenID Connect Core 1.0, section 5.7). A group without
// issuer is then a warning.
func (m *Mapping) CheckIssuers(configured []string) []Finding {
	var findings []Finding
	report := func(code string, r Rule, message, fix string) {
		findings = append(findings, Finding{Code: code, Severity: severities[code], File: r.File, Line: r.Line, Column: 1, Message: message, Fix: fix})
	}
	check := func(r Rule, issuer string) {
		if issuer == "" || slices.Contains(configured, issuer) {
			return
		}
		fix := "write one of " + strings.Join(configured, ", ")
		if near := spelling.Nearest(issuer, configured); near != "" {
			fix = fmt.Sprintf("did you mean %q?", near)
		}
		report(codeUnknownIssuer, r, fmt.Sprintf("no issuer %q is configured", issuer), fix)
	}
	several := len(configured) > 1
	for _, r := range m.rules {
		check(r.Rule, r.issuer)
		if !several || r.issuer != "" {
			continue
		}
		switch r.Kind {
		case "user":
			report(codeSubjectIssuer, r.Rule, fmt.Sprintf("subject %q could be another person at another issuer", r.Name), "write issuer = \"...\"")
		case "group":
			report(codeAnyIssuer, r.Rule, fmt.Sprintf("group %q counts for the tokens of every issuer", r.Name), "write issuer = \"...\", unless every issuer is meant")
		}
	}
	for i, g := range m.guards {
		check(g.Rule, g.issuer)
		if several && g.issuer == "" && m.hasExceptions(i) {
			report(codeAnyIssuer, g.Rule, fmt.Sprintf("the except_groups of guard %q count for the tokens of every issuer", g.Name), "write issuer = \"...\", unless every issuer is meant")
		}
	}
	finding.Sort(findings)
	return findings
}

// hasExceptions reports whether the guard has except_groups.
func (m *Mapping) hasExceptions(guard int) bool {
	for _, guards := range m.exceptions {
		if slices.Contains(guards, guard) {
			return true
		}
	}
	return false
}
