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
	// Opposite lists what would lead to the opposite answer. Each entry alone is enough.
	Opposite []string `json:"opposite"`
}

// Step is one step of the decision, in its order.
type Step struct {
	Step    string `json:"step"`
	Outcome string `json:"outcome"` // passed, decided, or skipped
	Detail  string `json:"detail"`
}

// RuleAt is a rule with the file and the line where the rule begins.
type RuleAt struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// StatementAt is a statement with the file and the line where the statement begins. Index counts from 0.
type StatementAt struct {
	Sid   string `json:"sid"`
	Index int    `json:"index"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}
