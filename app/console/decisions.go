package console

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/utf8text"
)

// decision is a line of the log.
type decision struct {
	Time     time.Time `json:"time"`
	ID       string    `json:"id"`
	Allow    bool      `json:"allow"`
	Reason   string    `json:"reason"`
	Action   string    `json:"action"`
	Bucket   string    `json:"bucket"`
	Object   string    `json:"object"`
	Account  string    `json:"account,omitempty"`
	Sub      string    `json:"sub,omitempty"`
	Issuer   string    `json:"issuer,omitempty"`
	Groups   []string  `json:"groups,omitempty"`
	Rule     string    `json:"rule,omitempty"`
	RuleKind string    `json:"rule_kind,omitempty"`
	Policy   string    `json:"policy,omitempty"`
	Next     *next     `json:"shadow,omitempty"`
}

// next is the answer of the next mapping (mapping.shadow of the service).
type next struct {
	Allow  bool   `json:"allow"`
	Reason string `json:"reason"`
	Rule   string `json:"rule,omitempty"`
}

// Flips reports whether the next mapping gives another answer.
func (d *decision) Flips() bool { return d.Next != nil && d.Next.Allow != d.Allow }

// Who returns the subject, or without one the access key.
func (d *decision) Who() string { return cmp.Or(d.Sub, d.Account, "-") }

// decisionsView holds the end of the log.
type decisionsView struct {
	Log     string     `json:"log"`
	Filter  filter     `json:"filter"`
	Lines   int        `json:"lines"`   // in the part of the log that was read
	Matched int        `json:"matched"` // lines that the filter matches
	Whole   bool       `json:"whole"`   // the part is the whole log
	Unread  int        `json:"unreadable"`
	Gains   int        `json:"gains"`     // of Matched: denied, and the next mapping allows
	Losses  int        `json:"losses"`    // of Matched: allowed, and the next mapping denies
	List    []decision `json:"decisions"` // of Matched: the last maxRows, the newest first
	Reasons []counted  `json:"reasons"`
	Rules   []counted  `json:"rules"`
	Bars    []bar      `json:"over_time"`
}

type filter struct {
	Next   string `json:"next"`   // flips: only decisions that the next mapping would flip
	Answer string `json:"answer"` // allow, deny or empty
	Reason string `json:"reason"`
	Who    string `json:"who"`
	Bucket string `json:"bucket"`
	Rule   string `json:"rule"`
}

type counted struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// bar counts the answers of one interval of the chart.
type bar struct {
	From  time.Time `json:"from"`
	Allow int       `json:"allow"`
	Deny  int       `json:"deny"`
}

const (
	tailBytes = 16 << 20 // the part of the log, at its end, that the view reads
	bars      = 48       // the intervals of the chart
)

func (c *Console) decisions(r *http.Request) (any, error) {
	q := r.URL.Query()
	v := decisionsView{
		Log: c.o.Audit, List: []decision{}, Reasons: []counted{}, Rules: []counted{}, Bars: []bar{},
		Filter: filter{q.Get("next"), q.Get("answer"), q.Get("reason"), q.Get("who"), q.Get("bucket"), q.Get("rule")},
	}
	if c.o.Audit == "" {
		return v, errors.New("start the console with --audit LOG to look at decisions")
	}
	text, whole, err := c.tail(tailBytes)
	if err != nil {
		return v, err
	}
	v.Whole = whole
	reasons, rules := map[string]int{}, map[string]int{}
	var matched []decision
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || bytes.Contains(line, []byte(`"event":"`)) {
			continue
		}
		v.Lines++
		if !v.Filter.mayMatch(line) {
			continue
		}
		var d decision
		if json.Unmarshal(line, &d) != nil || d.Reason == "" {
			v.Unread++
			continue
		}
		if !v.Filter.matches(&d) {
			continue
		}
		v.Matched++
		switch {
		case d.Flips() && d.Allow:
			v.Losses++
		case d.Flips():
			v.Gains++
		}
		reasons[d.Reason]++
		if d.Rule != "" {
			rules[d.RuleKind+" "+d.Rule]++
		}
		matched = append(matched, d)
	}
	for i := len(matched) - 1; i >= 0 && len(v.List) < maxRows; i-- {
		v.List = append(v.List, matched[i])
	}
	v.Reasons, v.Rules, v.Bars = sorted(reasons), sorted(rules), histogram(matched)
	return v, nil
}

// mayMatch returns false if the bytes of a line rule out a match. It saves parsing the line.
func (f *filter) mayMatch(line []byte) bool {
	switch {
	case f.Answer == "allow" && !bytes.Contains(line, []byte(`"allow":true`)),
		f.Answer == "deny" && !bytes.Contains(line, []byte(`"allow":false`)),
		f.Next == "flips" && !bytes.Contains(line, []byte(`"shadow":{`)),
		f.Reason != "" && !bytes.Contains(line, []byte(f.Reason)):
		return false
	}
	return true
}

func (f *filter) matches(d *decision) bool {
	has := func(text, part string) bool {
		return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(part))
	}
	return (f.Next != "flips" || d.Flips()) && (f.Answer == "" || d.Allow == (f.Answer == "allow")) && (f.Reason == "" || d.Reason == f.Reason) &&
		has(d.Who()+" "+strings.Join(d.Groups, " "), f.Who) && has(d.Bucket, f.Bucket) && has(d.RuleKind+" "+d.Rule, f.Rule)
}

func sorted(counts map[string]int) []counted {
	all := []counted{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, counted{name, counts[name]})
	}
	slices.SortStableFunc(all, func(a, b counted) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

// histogram counts the answers in equal intervals between the first and the last decision.
func histogram(list []decision) []bar {
	all := []bar{}
	if len(list) == 0 {
		return all
	}
	first, last := list[0].Time, list[len(list)-1].Time
	step := max(last.Sub(first)/bars+1, time.Second)
	for i := range bars {
		all = append(all, bar{From: first.Add(time.Duration(i) * step)})
	}
	for i := range list {
		n := min(max(int(list[i].Time.Sub(first)/step), 0), bars-1)
		if list[i].Allow {
			all[n].Allow++
		} else {
			all[n].Deny++
		}
	}
	return all
}

// tail returns the last lines of the log, limit bytes at most. whole is true if text is the whole log.
func (c *Console) tail(limit int64) (text []byte, whole bool, err error) {
	f, err := os.Open(c.o.Audit)
	if err != nil {
		return nil, false, fmt.Errorf("the log cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	from := max(info.Size()-limit, 0)
	text, err = io.ReadAll(io.LimitReader(io.NewSectionReader(f, from, info.Size()-from), limit))
	if err != nil {
		return nil, false, err
	}
	if from > 0 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
		return text, false, nil
	}
	// Lines that are no UTF-8 are judged one by one.
	decoded, err := utf8text.Decode(text)
	if decoded == nil && err != nil {
		return nil, true, fmt.Errorf("the log cannot be read: %w: %s", err, utf8text.Fix)
	}
	return decoded, true, nil
}

// find returns the line of the decision with the id. It reads the whole log.
func (c *Console) find(id string) ([]byte, error) {
	if c.o.Audit == "" {
		return nil, errors.New("start the console with --audit LOG to find decisions by their id")
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(c.o.Audit)
	if err != nil {
		return nil, fmt.Errorf("the log cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	scan := bufio.NewScanner(utf8text.NewReader(f))
	scan.Buffer(make([]byte, 0, 1<<20), 16<<20)
	for scan.Scan() {
		var d struct {
			ID string `json:"id"`
		}
		if line := scan.Bytes(); bytes.Contains(line, quoted) && json.Unmarshal(line, &d) == nil && d.ID == id {
			return bytes.Clone(bytes.TrimSpace(line)), nil
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("the log cannot be read: %w", err)
	}
	return nil, fmt.Errorf("the log has no decision %q", id)
}
