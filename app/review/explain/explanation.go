package explain

import "github.com/claimgate/claimgate/app/gateway"

// Explanation explains a Decision that the gateway has made.
type Explanation struct {
	Allow    bool           `json:"allow"`
	Reason   gateway.Reason `json:"reason"`
	Detail   string         `json:"detail,omitempty"`
	Hint     string         `json:"hint,omitempty"`
	Revision string         `json:"revision,omitempty"`
	Steps    []Step         `json:"steps"`
	// Rule, Policy and Statement are set if a statement decided.
	Rule      *RuleAt      `json:"rule"`
	Policy    string       `json:"policy,omitempty"`
	Statement *StatementAt `json:"statement"`
	// Opposite lists changes. Each one alone turns the answer.
	Opposite []string `json:"opposite"`
}

// Step is one step of the decision, in its order.
type Step struct {
	Step    string `json:"step"`
	Outcome string `json:"outcome"` // passed, decided, or skipped
	Detail  string `json:"detail"`
}

// RuleAt is the place of a rule.
type RuleAt struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// StatementAt is the place of a statement. Index counts from 0.
type StatementAt struct {
	Sid   string `json:"sid"`
	Index int    `json:"index"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}
