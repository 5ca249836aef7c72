package console

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping/diff"
	"github.com/claimgate/claimgate/mapping/invariant"
)

// changeView holds an edited mapping and what it would change.
type changeView struct {
	Text      string            `json:"-"`
	Lines     int               `json:"-"`
	Against   string            `json:"against"`
	Findings  []finding.Finding `json:"findings"`
	Broken    bool              `json:"broken"` // Text has errors and cannot be compared
	Same      bool              `json:"same"`
	Diff      *diff.Result      `json:"diff"`
	Violated  []finding.Finding `json:"invariants"` // those that do not hold
	Proofs    int               `json:"proved"`     // invariants that were proved or refuted
	Flips     *replay.Result    `json:"flips,omitempty"`
	Markdown  string            `json:"markdown,omitempty"`
	Sentences []string          `json:"-"`
}

func (c *Console) change(r *http.Request) (any, error) {
	v := changeView{Against: c.o.Against, Findings: []finding.Finding{}, Violated: []finding.Finding{}}
	if err := r.ParseForm(); err != nil {
		return v, errors.New("the form is too large or malformed")
	}
	if r.Form.Has("against") {
		v.Against = strings.TrimSpace(r.Form.Get("against"))
	}
	if r.PostForm.Has("text") {
		v.Text = strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")
	} else {
		text, err := os.ReadFile(c.o.Mapping)
		if err != nil {
			return v, fmt.Errorf("the mapping cannot be read: %w", err)
		}
		v.Text = string(text)
	}
	v.Lines = strings.Count(v.Text, "\n") + 1
	after := c.files.load([]byte(v.Text))
	v.Findings = append(v.Findings, after.findings...)
	before, err := c.files.baseline(r.Context(), v.Against)
	switch {
	case err != nil:
		return v, err
	case after.m == nil:
		v.Broken = true
		return v, nil
	case before.m == nil:
		return v, errors.New("the mapping to compare with has errors")
	}
	v.Same = before.m.Revision() == after.m.Revision()
	v.Diff = diff.Compare(before.m, after.m, c.o.Now())
	var text bytes.Buffer
	if err := cli.DiffMarkdown(&text, v.Diff); err == nil {
		v.Markdown = text.String()
	}
	results, err := after.proven(r.Context(), c.o.Mapping)
	if err != nil {
		return v, err
	}
	v.Proofs = len(results)
	v.Violated = append(v.Violated, proof.Broken(results)...)
	for i := range results {
		if results[i].Verdict == invariant.Violated {
			v.Sentences = append(v.Sentences, results[i].Name)
		}
	}
	if c.o.Audit != "" && !v.Same {
		v.Flips, err = c.replayTail(after)
	}
	return v, err
}

// replayTail replays the last replayBytes of the log under a mapping.
func (c *Console) replayTail(l *loaded) (*replay.Result, error) {
	text, _, err := c.tail(replayBytes)
	if err != nil {
		return nil, err
	}
	return replay.Run(bytes.NewReader(text), replay.Options{Mapping: l.m, Now: c.o.Now(), Workers: 1})
}

// replayBytes bounds the part of the log that is replayed for a page.
const replayBytes = 4 << 20
