package offline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// Recorded is a recorded request. One of the members is nil.
type Recorded struct {
	Body []byte // the webhook's body as MinIO sent it
	Line *Line  // a line of the decision log
}

// Line is the request and the answer of a line of the decision log.
type Line struct {
	Time        time.Time           `json:"time"`
	ID          string              `json:"id"`
	Allow       bool                `json:"allow"`
	Reason      gateway.Reason      `json:"reason"`
	Detail      string              `json:"detail"`
	Action      string              `json:"action"`
	Bucket      string              `json:"bucket"`
	Object      string              `json:"object"`
	Account     string              `json:"account"`
	Parent      string              `json:"parent"`
	Static      bool                `json:"static"`
	Owner       bool                `json:"owner"`
	DenyOnly    bool                `json:"deny_only"`
	Issuer      string              `json:"issuer"`
	Subject     string              `json:"sub"`
	Username    string              `json:"username"`
	Groups      []string            `json:"groups"`
	Claim       []string            `json:"claim"`
	Attested    bool                `json:"attested"`
	Restricted  bool                `json:"session_policy"`
	Read        map[string][]string `json:"read"`
	Rule        string              `json:"rule"`
	RuleKind    string              `json:"rule_kind"`
	RuleFile    string              `json:"rule_file"`
	RuleLine    int                 `json:"rule_line"`
	Source      string              `json:"source"`
	Revision    string              `json:"revision"`
	Policy      string              `json:"policy"`
	Sid         string              `json:"sid"`
	StatementNo int                 `json:"statement"`
}

// Read parses a recorded request: a webhook's body, a line of a recording with headers and body, or a line of
// the decision log.
func Read(text []byte) (*Recorded, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, errors.New("there is no request")
	}
	doc, err := strictjson.Parse(text)
	if err != nil {
		line, column := 1, 1
		var syntax *strictjson.Error
		if errors.As(err, &syntax) {
			line, column = strictjson.Position(text, syntax.Offset)
		}
		return nil, fmt.Errorf("line %d, column %d: not one strict JSON value: %w", line, column, err)
	}
	root := doc.Root()
	switch {
	case root.Get("input").Kind() != strictjson.Missing:
		return &Recorded{Body: text}, nil
	case root.Get("body").Kind() == strictjson.Null:
		return &Recorded{Body: []byte{}}, nil
	case root.Get("body").Kind() != strictjson.Missing:
		return &Recorded{Body: root.Get("body").Raw()}, nil
	case root.Get("reason").Kind() == strictjson.String:
		line := new(Line)
		if err := json.Unmarshal(text, line); err != nil {
			return nil, fmt.Errorf("a line of the decision log: %w", err)
		}
		return &Recorded{Line: line}, nil
	}
	return nil, errors.New(`neither a webhook's body {"input":{...}}, nor a recording {"headers":..., "body":...}, nor a line of the decision log`)
}

// Question returns the request of a line of the decision log.
func (l *Line) Question() *Question {
	q := &Question{
		Subject: l.Subject, Issuer: l.Issuer, Groups: l.Groups, Claims: map[string]any{},
		Account: l.Account, Parent: l.Parent, Action: l.Action, Bucket: l.Bucket, Object: l.Object,
		Owner: l.Owner, DenyOnly: l.DenyOnly, Values: l.Read,
	}
	if len(l.Claim) > 0 {
		q.Policy = l.Claim
	}
	if l.Source != "" {
		q.Conditions = map[string][]string{"SourceIp": {l.Source}}
	}
	return q
}
