package chain

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Kind is the kind of a finding.
type Kind string

// The kinds of findings. Programs that read a report depend on these texts.
const (
	Changed   Kind = "changed"
	Missing   Kind = "missing"
	Order     Kind = "order"
	Duplicate Kind = "duplicate"
	Unchained Kind = "unchained"
	// Torn is a last line without its end: the process was killed, the line is being written, or the log
	// was shortened.
	Torn Kind = "torn"
	// Anchor is an expected hash that the log does not have.
	Anchor Kind = "anchor"
)

// Finding is one defect of a log. Line counts from 1.
type Finding struct {
	Kind    Kind   `json:"kind"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Message string `json:"message"`
}

// Summary describes one chain of a log.
type Summary struct {
	Chain string `json:"chain"`
	First uint64 `json:"first"` // sequence numbers
	Last  uint64 `json:"last"`
	Lines uint64 `json:"lines"`
	Head  string `json:"head"` // the hash of the last line
}

// Report is the result of a verification.
type Report struct {
	Whole     bool      `json:"whole"` // there are no findings
	Files     int       `json:"files"`
	Lines     int       `json:"lines"`
	Chained   int       `json:"chained"`
	Unchained int       `json:"unchained"`
	Torn      int       `json:"torn"` // lines cut short by a crash or a full disk, as a later line confirms
	Lost      uint64    `json:"lost"` // lines never written, as events in the log report
	Chains    []Summary `json:"chains"`
	Findings  []Finding `json:"findings"`
	More      int       `json:"more,omitempty"` // findings beyond the first hundred
	Notes     []string  `json:"notes"`
}

const (
	maxFindings = 100
	maxLine     = 64 << 20
)

func (v *Verifier) addFinding(kind Kind, at place, format string, args ...any) {
	if len(v.report.Findings) == maxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, Finding{Kind: kind, File: at.file, Line: at.line, Message: fmt.Sprintf(format, args...)})
}

func (v *Verifier) addNote(format string, args ...any) {
	if len(v.report.Notes) < maxFindings {
		v.report.Notes = append(v.report.Notes, fmt.Sprintf(format, args...))
	}
}

// File verifies the next file of a log. Call File for the oldest file first. An error means that the file
// cannot be read or is not a decision log; it is not a finding.
func (v *Verifier) File(name string, r io.Reader) error {
	v.beginFile(name)
	in := bufio.NewReaderSize(r, 1<<20)
	var long []byte
	for {
		text, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if long = append(long, text...); len(long) > maxLine {
				return fmt.Errorf("%s:%d: the line is longer than 64 MiB: this is not a decision log", name, v.line+1)
			}
			continue
		}
		if len(long) > 0 {
			text = append(long, text...)
			long = long[:0]
		}
		switch {
		case err == nil:
			if err := v.verifyLine(text[:len(text)-1], true); err != nil {
				return err
			}
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("%s: %w", name, err)
		default:
			if len(text) > 0 {
				return v.verifyLine(text, false)
			}
			return nil
		}
	}
}

// Report ends the verification and returns its result. Call it once.
func (v *Verifier) Report() *Report {
	r := &v.report
	switch p := &v.torn; {
	case p.count == 1 && p.unfinished && v.o.TornEnd:
		v.addNote("%s is not finished: the line is being written, or the process was killed", p.first)
	case p.count > 0 && p.unfinished:
		v.addFinding(Torn, p.last, "the last line is cut short: by a crash or a full disk, or it is being written; "+
			"when claimgate writes to the file again, the next line confirms this; if that line does not come, the log was shortened")
		if p.count > 1 {
			v.addFinding(Changed, p.first, "the lines from here to %d are not whole", p.last.line-1)
		}
	case p.count > 0:
		v.verifyTorn(Hash{}, false)
	}
	if v.unlinked.line > 0 {
		v.addFinding(Unchained, v.unlinked, "no line from here on has a chain: audit.chain was off, or this is not a decision log")
	}
	heads := map[Hash]bool{}
	r.Chains = []Summary{}
	for _, s := range v.order {
		heads[s.hash] = true
		s.Head = s.hash.String()
		r.Chains = append(r.Chains, s.Summary)
	}
	for _, h := range v.o.Heads {
		if !heads[h] {
			v.addFinding(Anchor, place{}, "no chain ends with the expected head %s: the line was changed or removed, or lines were written since", h)
		}
	}
	for _, h := range v.o.Lines {
		if !v.expected[h] {
			v.addFinding(Anchor, place{}, "no line has the expected hash %s: the log was shortened or rewritten", h)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if a.File == b.File && a.File != "" {
			return a.Line - b.Line
		}
		return 0
	})
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	if r.Notes == nil {
		r.Notes = []string{}
	}
	r.Whole = len(r.Findings) == 0
	return r
}
