package replay

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/mapping"
)

// Result is the result of a replay. Each line counts in exactly one of the members from Unreadable to Losses.
type Result struct {
	Lines      int `json:"lines"`
	Unreadable int `json:"unreadable"` // not a line of a decision log
	Unaffected int `json:"unaffected"` // no mapping can change the answer
	Same       int `json:"same"`
	Reasons    int `json:"reasons_changed"` // the same answer for another reason
	Uncertain  int `json:"uncertain"`       // the line does not hold enough
	Gains      int `json:"gains"`           // deny before, allow now
	Losses     int `json:"losses"`          // allow before, deny now
	// Lost is the number of decisions that were not written, as the log itself says; math.MaxInt stands for more.
	Lost int `json:"lost,omitempty"`

	// Flips are the groups of Gains and Losses, the largest first.
	Flips []Flip `json:"flips"`
	// More is the number of flips in groups that did not fit into Flips.
	More int `json:"more,omitempty"`
	// Rules is the number of decisions for each rule that decides them now.
	Rules map[Rule]int `json:"-"`
	// Uses is what was allowed and still is, by the statement that allows. It is empty without Options.Uses.
	Uses map[Use]Span `json:"-"`
	// Log has the time of the first and the last line of the log. It is empty without Options.Uses.
	Log Span `json:"-"`
}

// Rule is a rule that decides. All policies of the claim share the claim's rule, so Policy distinguishes them.
type Rule struct {
	mapping.Rule
	Policy string // for a claim rule only
}

// RuleOf returns the Rule that grants the policy.
func RuleOf(r mapping.Rule, policy string) Rule {
	if r.Kind != "claim" {
		policy = ""
	}
	return Rule{r, policy}
}

// Flip is a group of decisions that have another answer now.
type Flip struct {
	Principal string         `json:"principal"`
	Before    gateway.Reason `json:"before"`
	After     gateway.Reason `json:"after"`
	Allow     bool           `json:"allow"` // the answer now
	// Rule is the rule that decides now. If no rule does, it is the rule that decided before.
	Rule  string `json:"rule"`
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
	Count int    `json:"count"` // the number of decisions
	// Example is one decision of the group.
	Example Example `json:"example"`
}

// Example is one decision of a group.
type Example struct {
	ID     string `json:"id"`
	Action string `json:"action"`
	Bucket string `json:"bucket"`
	Object string `json:"object"`
}

// group is what decisions must share to become one Flip.
type group struct {
	principal     string
	before, after gateway.Reason
	rule, file    string
	line          int
}

const (
	piece     = 1 << 20  // bytes that a worker gets at once, plus the rest of the last line
	maxLine   = 16 << 20 // bytes
	maxGroups = 5_000    // groups of one worker
)

// Options are the options of Run.
type Options struct {
	Mapping *mapping.Mapping
	Now     time.Time // the time that decides which grants have expired
	Workers int       // default: one per processor
	Uses    bool      // collect Result.Uses and Result.Log
	// Shadow takes the answers of the next mapping (mapping.shadow) from the lines, where the service wrote them,
	// and decides nothing again. With Shadow, Mapping and Now are not needed.
	Shadow bool
}

// Run replays a decision log. The error is an error of the reader, or says that a line is too long.
func Run(log io.Reader, o Options) (*Result, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	pieces := make(chan []byte)
	partial := make([]*tally, o.Workers)
	var running sync.WaitGroup
	for i := range partial {
		partial[i] = newTally(o)
		running.Go(func() {
			for p := range pieces {
				partial[i].piece(p)
				buffers.Put(&p)
			}
		})
	}
	err := split(log, pieces)
	close(pieces)
	running.Wait()
	if err != nil {
		return nil, err
	}
	return merge(partial), nil
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, piece+piece/4); return &b }}

// split sends the log in pieces. A piece ends at the end of a line.
func split(log io.Reader, pieces chan<- []byte) error {
	in := bufio.NewReaderSize(log, 64<<10)
	for {
		buffer := (*buffers.Get().(*[]byte))[:0]
		p, err := fill(in, buffer[:0])
		if len(p) > 0 {
			pieces <- p
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// fill reads the next piece into the memory of p.
func fill(in *bufio.Reader, p []byte) ([]byte, error) {
	p = p[:piece]
	n, err := io.ReadFull(in, p)
	p = p[:n]
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return p, err
	}
	for {
		rest, err := in.ReadSlice('\n')
		p = append(p, rest...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if len(p) > piece+maxLine {
				return p, errors.New("a line is longer than 16 MiB: that is no decision log")
			}
		default:
			return p, err
		}
	}
}

// piece counts the lines of a piece.
func (t *tally) piece(p []byte) {
	for len(p) > 0 {
		line := p
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			line, p = p[:i], p[i+1:]
		} else {
			p = nil
		}
		if len(bytes.TrimSpace(line)) > 0 {
			t.line(line)
		}
	}
}

// merge adds up the parts of the workers.
func merge(partial []*tally) *Result {
	all := &Result{Rules: map[Rule]int{}, Flips: []Flip{}, Uses: map[Use]Span{}}
	groups := map[group]*Flip{}
	for _, t := range partial {
		r := &t.result
		all.Lines += r.Lines
		all.Unreadable += r.Unreadable
		all.Unaffected += r.Unaffected
		all.Same += r.Same
		all.Reasons += r.Reasons
		all.Uncertain += r.Uncertain
		all.Gains += r.Gains
		all.Losses += r.Losses
		all.Lost = addLost(all.Lost, int64(r.Lost))
		all.More += r.More
		for rule, n := range r.Rules {
			all.Rules[rule] += n
		}
		all.Log = all.Log.and(r.Log)
		for use, span := range t.uses {
			all.Uses[use] = all.Uses[use].and(*span)
		}
		for g, f := range t.groups {
			if known := groups[g]; known != nil {
				known.Count += f.Count
				known.Example = earlier(known.Example, f.Example)
			} else {
				groups[g] = f
			}
		}
	}
	for _, f := range groups {
		all.Flips = append(all.Flips, *f)
	}
	slices.SortFunc(all.Flips, func(a, b Flip) int {
		return cmp.Or(
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Principal, b.Principal),
			cmp.Compare(a.Before, b.Before), cmp.Compare(a.After, b.After), cmp.Compare(a.Line, b.Line),
		)
	})
	return all
}

// addLost returns a + b, or math.MaxInt if the sum is larger. Neither is negative.
func addLost(a int, b int64) int {
	if b > int64(math.MaxInt-a) {
		return math.MaxInt
	}
	return a + int(b)
}

// earlier returns the example with the smaller ID, so that the result does not depend on which worker was first.
func earlier(a, b Example) Example {
	if b.ID < a.ID {
		return b
	}
	return a
}
