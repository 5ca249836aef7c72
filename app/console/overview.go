package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/review/cases"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/app/review/report"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/claimgate/claimgate/mapping/matrix"
)

// overviewView summarizes a mapping for a reviewer.
type overviewView struct {
	File       string            `json:"file"`
	Revision   string            `json:"revision"`
	Files      []string          `json:"files"`
	Rules      int               `json:"rules"`
	Guards     int               `json:"guards"`
	Findings   []finding.Finding `json:"findings"`
	Errors     int               `json:"errors"`
	Warnings   int               `json:"warnings"`
	Invariants []sentence        `json:"invariants"`
	Unproved   int               `json:"unproved"`
	Expiring   []expiring        `json:"expiring"`
	Unused     []unusedRule      `json:"unused"` // rules that decided nothing in the end of the log
	Log        bool              `json:"log"`    // there is a log, so Unused is known
	Root       []rootRow         `json:"root_equivalent"`
	Tests      *testsView        `json:"tests"`
}

type sentence struct {
	Name    string         `json:"name"`
	Kind    invariant.Kind `json:"kind"`
	Verdict string         `json:"verdict"` // holds, violated, unproved
	Because string         `json:"because,omitempty"`
	Place   string         `json:"place"`
	File    string         `json:"-"`
	Line    int            `json:"-"`
}

type expiring struct {
	Rule    string    `json:"rule"`
	Kind    string    `json:"kind"`
	Expires time.Time `json:"expires"`
	Days    int       `json:"days"`
	Left    int       `json:"-"` // the rest of the time, in percent of a year
	Over    bool      `json:"over"`
}

type unusedRule struct {
	Rule string `json:"rule"`
	Kind string `json:"kind"`
	File string `json:"file"`
	Line int    `json:"line"`
}

type rootRow struct {
	Principal string `json:"principal"`
	Policy    string `json:"policy"`
	Resource  string `json:"resource"`
	If        string `json:"if,omitempty"`
}

type testsView struct {
	Cases    int `json:"cases"`
	Failed   int `json:"failed"`
	Coverage int `json:"coverage"`
}

func (c *Console) overview(r *http.Request) (any, error) {
	l := c.files.mapping()
	v := overviewView{
		File: c.o.Mapping, Findings: []finding.Finding{}, Invariants: []sentence{}, Expiring: []expiring{}, Unused: []unusedRule{}, Root: []rootRow{}, Log: c.o.Audit != "",
	}
	v.Findings = append(v.Findings, l.findings...)
	finding.Sort(v.Findings)
	for _, f := range v.Findings {
		if f.Severity == finding.Error {
			v.Errors++
		} else {
			v.Warnings++
		}
	}
	if l.m == nil {
		return v, nil // the findings say why
	}
	v.Revision, v.Files, v.Rules, v.Guards = l.m.Revision(), l.m.Files(), len(l.m.Rules()), len(l.m.Guards())
	results, err := l.proven(r.Context(), c.o.Mapping)
	for i := range results {
		v.Invariants = append(v.Invariants, sentenceOf(&results[i]))
	}
	v.Unproved = len(proof.Broken(results))
	v.addExpiring(l.m, c.o.Now())
	v.addRoot(l.m)
	if err != nil {
		return v, err
	}
	if err := c.addTests(r, &v, l); err != nil {
		return v, err
	}
	return v, c.addUnused(&v, l)
}

func sentenceOf(r *invariant.Result) sentence {
	s := sentence{Name: r.Name, Kind: r.Kind, File: r.File, Line: r.Line, Verdict: "unproved", Because: r.Why}
	switch r.Verdict {
	case invariant.Holds:
		s.Verdict = "holds"
	case invariant.Violated:
		s.Verdict, s.Because = "violated", proof.Sentence(r.Counterexample)
	case invariant.Undecided:
	}
	return s
}

func (v *overviewView) addExpiring(m *mapping.Mapping, now time.Time) {
	for _, r := range m.Rules() {
		if r.Expires.IsZero() {
			continue
		}
		days := int(r.Expires.Sub(now).Hours() / 24)
		v.Expiring = append(v.Expiring, expiring{r.Name, r.Kind, r.Expires, days, min(max(100*days/365, 0), 100), !now.Before(r.Expires)})
	}
	slices.SortFunc(v.Expiring, func(a, b expiring) int { return a.Expires.Compare(b.Expires) })
	v.Expiring = v.Expiring[:min(len(v.Expiring), maxRows)]
}

func (v *overviewView) addRoot(m *mapping.Mapping) {
	for _, row := range matrix.Of(m) {
		if row.Effect == "Allow" && row.Root != matrix.None && len(v.Root) < maxRows {
			v.Root = append(v.Root, rootRow{row.Principal, row.Policy, row.Resource, strings.Join(row.Conditions, ", ")})
		}
	}
}

func (c *Console) addTests(r *http.Request, v *overviewView, l *loaded) error {
	if c.o.Tests == "" {
		return nil
	}
	list, err := cases.Read(c.o.Tests)
	if err != nil {
		return err
	}
	outcomes, rules, err := cases.Run(r.Context(), l.options, list)
	if err != nil {
		return err
	}
	v.Tests = &testsView{len(outcomes), cases.Failed(outcomes), cases.Coverage(rules)}
	return nil
}

func (c *Console) addUnused(v *overviewView, l *loaded) error {
	if c.o.Audit == "" {
		return nil
	}
	found, err := c.replayTail(l)
	if err != nil {
		return err
	}
	for _, r := range l.m.Rules() {
		if found.Rules[replay.RuleOf(r.Rule, r.Policies[0])] == 0 && len(v.Unused) < maxRows {
			v.Unused = append(v.Unused, unusedRule{r.Name, r.Kind, r.File, r.Line})
		}
	}
	return nil
}

// report answers with the page of claimgate report.
func (c *Console) report(w http.ResponseWriter, r *http.Request) {
	l := c.files.mapping()
	if l.m == nil {
		http.Error(w, errBroken.Error(), http.StatusUnprocessableEntity)
		return
	}
	d := report.New(l.m, l.findings, c.o.Now())
	if results, err := l.proven(r.Context(), c.o.Mapping); err == nil {
		d.AddProofs(results)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The report has its style inline.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	_ = report.Page(w, "Review of "+c.o.Mapping, l.m, matrix.Of(l.m), d) // an error means that the browser has gone
}
