package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"math"
	"strconv"
)

// Options are options of a Verifier.
type Options struct {
	// Heads are expected heads: each must be the hash of some chain's last line.
	Heads []Hash
	// Lines are expected hashes: each must be the hash of some line.
	Lines []Hash
	// TornEnd accepts a last line without its end, as a line that is being written.
	TornEnd bool
}

// Verifier verifies a log. Call File for each file, then Report. Its memory grows with the number of
// chains, not with the log. Use New to make one. It is not safe for concurrent use.
type Verifier struct {
	o        Options
	chains   map[ID]*state
	order    []*state
	expected map[Hash]bool
	report   Report

	file         string
	line         int
	lastUnlinked Hash // the hash of the last line without a link in this file
	torn         region
	// damaged counts the lines reported since the last chained line. A gap in the sequence of this size
	// is not reported again.
	damaged uint64
	// unlinked is the place of the first line without a link, until a chain is linked to these lines.
	unlinked place
}

type state struct {
	Summary
	hash Hash
	at   place
}

type place struct {
	file string
	line int
}

// region is a sequence of lines that are not whole, between two whole lines.
type region struct {
	first, last place
	count       int
	sum         hash.Hash
	unfinished  bool // the last line has no newline
}

// maxChains bounds the memory of a Verifier. Each start of a process makes one chain.
const maxChains = 100_000

// New returns a new Verifier.
func New(o Options) *Verifier {
	v := &Verifier{o: o, chains: map[ID]*state{}, expected: map[Hash]bool{}, torn: region{sum: sha256.New()}}
	for _, h := range o.Lines {
		v.expected[h] = false
	}
	return v
}

// beginFile begins a file.
func (v *Verifier) beginFile(file string) {
	v.file, v.line, v.lastUnlinked, v.unlinked = file, 0, Hash{}, place{}
	v.report.Files++
}

// verifyLine verifies one line without its newline. whole is false if the line had no newline.
func (v *Verifier) verifyLine(text []byte, whole bool) error {
	v.line++
	v.report.Lines++
	link, chained := Link{}, false
	if whole {
		link, chained = Parse(text)
	}
	switch {
	case chained:
		return v.verifyChained(text, &link)
	case whole && len(text) > 0 && text[0] == '{' && json.Valid(text):
		v.verifyUnchained(text)
	default:
		v.addTorn(text, whole)
	}
	return nil
}

func (v *Verifier) here() place { return place{v.file, v.line} }

func (v *Verifier) addTorn(text []byte, whole bool) {
	p := &v.torn
	if p.count == 0 {
		p.sum.Reset()
		p.first = v.here()
	} else {
		p.sum.Write([]byte{'\n'})
	}
	p.sum.Write(text)
	p.count++
	p.last, p.unfinished = v.here(), !whole
	v.damaged++
}

// verifyTorn verifies the torn lines before a whole line. torn and opens are those of the whole line's link.
func (v *Verifier) verifyTorn(torn Hash, opens bool) {
	p := &v.torn
	if p.count == 0 {
		// The torn lines before the first line of a file may be in the previous file.
		if torn != (Hash{}) && !opens {
			v.addFinding(Missing, v.here(), "the line has the hash of lines that were cut short before it, and these lines are missing")
		}
		return
	}
	if Hash(p.sum.Sum(nil)) == torn {
		v.report.Torn += p.count
		v.damaged -= min(v.damaged, uint64(p.count))
	} else {
		v.addFinding(Changed, p.first, "%s, and no later line confirms that a crash or a full disk is the cause", notWhole(p))
	}
	p.count = 0
}

func notWhole(p *region) string {
	if p.count == 1 {
		return "the line is not whole"
	}
	return fmt.Sprintf("the lines from here to %d (%d in all) are not whole", p.last.line, p.count)
}

// verifyUnchained verifies a line without a link. audit.chain was off when it was written, or somebody added it.
func (v *Verifier) verifyUnchained(text []byte) {
	v.verifyTorn(Hash{}, false)
	v.lastUnlinked = HashOf(text)
	v.report.Unchained++
	if v.report.Chained == 0 {
		if v.unlinked.line == 0 {
			v.unlinked = v.here()
		}
		return
	}
	v.damaged++
	v.addFinding(Unchained, v.here(), "the line has no chain: somebody added it, or audit.chain was off")
}

func (v *Verifier) verifyChained(text []byte, link *Link) error {
	v.verifyTorn(link.Torn, link.Opens)
	v.report.Chained++
	sum := HashOf(text)
	if len(v.expected) > 0 {
		if _, ok := v.expected[sum]; ok {
			v.expected[sum] = true
		}
	}
	v.report.Lost += min(lost(text), math.MaxUint64-v.report.Lost)
	s := v.chains[link.Chain]
	if s == nil {
		if len(v.chains) == maxChains {
			return fmt.Errorf("%s:%d: more than %d chains: this is not a decision log", v.file, v.line, maxChains)
		}
		v.verifyFirst(link)
		s = &state{Summary: Summary{Chain: link.Chain.String(), First: link.Seq}}
		v.chains[link.Chain] = s
		v.order = append(v.order, s)
	} else if !v.verifyNext(s, link, sum) {
		return nil
	}
	s.Last, s.hash, s.at = link.Seq, sum, v.here()
	s.Lines++
	v.damaged = 0
	return nil
}

// verifyFirst verifies the first line of a chain in the given files.
func (v *Verifier) verifyFirst(link *Link) {
	unlinked := v.unlinked
	v.unlinked = place{}
	switch {
	case link.Seq > 1 && link.Opens:
		v.addNote("%s:%d continues chain %s from an earlier file, which ends with sequence %d, hash %s", v.file, v.line, link.Chain, link.Seq-1, link.Prev)
		return
	case link.Seq > 1:
		v.addFinding(Missing, v.here(), "%s before this line", missing(link.Seq-1, link.Chain))
		return
	case link.After.Seq > 0:
		v.verifyAfter(link)
		return
	case link.Prev == v.lastUnlinked:
	case link.Prev == (Hash{}):
		if unlinked.line > 0 {
			v.addFinding(Unchained, unlinked, "the lines from here to %d have no chain, and no chain is linked to them", v.line-1)
		} else if v.line > 1 {
			v.addNote("%s:%d begins chain %s without a link to the lines before it, as in a stream", v.file, v.line, link.Chain)
		}
		return
	case v.lastUnlinked == (Hash{}):
		v.addFinding(Missing, v.here(), "the line that chain %s is linked to is missing", link.Chain)
		return
	default:
		v.addFinding(Changed, v.before(), "this is not the line that chain %s is linked to", link.Chain)
		return
	}
	if unlinked.line > 0 {
		v.addNote("%s:%d to %d have no chain: changes of these lines are not found", unlinked.file, unlinked.line, v.line-1)
	}
}

// before returns the place of the previous line.
func (v *Verifier) before() place { return place{v.file, max(v.line-1, 1)} }

// verifyAfter verifies the first line of a chain that follows another chain in the same file.
func (v *Verifier) verifyAfter(link *Link) {
	s := v.chains[link.After.Chain]
	switch {
	case s == nil && link.Opens:
		v.addNote("%s:%d begins chain %s after chain %s, which is in an earlier file", v.file, v.line, link.Chain, link.After.Chain)
	case s == nil:
		v.addFinding(Missing, v.here(), "chain %s begins after chain %s, and all lines of chain %s are missing", link.Chain, link.After.Chain, link.After.Chain)
	case s.Last < link.After.Seq:
		v.addFinding(Missing, v.here(), "%s before this line", missing(link.After.Seq-s.Last, link.After.Chain))
	case s.Last > link.After.Seq:
		v.addFinding(Order, v.here(), "chain %s must begin after sequence %d of chain %s, but begins after sequence %d", link.Chain, link.After.Seq, link.After.Chain, s.Last)
	case s.hash != link.Prev:
		v.addFinding(Changed, s.at, "the line was changed: chain %s is linked to another text", link.Chain)
	}
}

// verifyNext verifies a later line of a chain, and reports whether the line continues the chain.
func (v *Verifier) verifyNext(s *state, link *Link, sum Hash) bool {
	switch gap := link.Seq - s.Last; {
	case link.Seq == s.Last && sum == s.hash:
		v.addFinding(Duplicate, v.here(), "the line is repeated (sequence %d)", link.Seq)
		return false
	case link.Seq <= s.Last:
		hint := ""
		if v.line == 1 {
			hint = "; name the files oldest first"
		}
		v.addFinding(Order, v.here(), "sequence %d of chain %s comes after sequence %d: the line was moved or repeated%s", link.Seq, s.Chain, s.Last, hint)
		return false
	case gap == 1 && link.Prev != s.hash:
		v.addFinding(Changed, s.at, "the line was changed: the next line of the chain has the hash of another text")
	case gap > 1 && gap-1 != v.damaged: // damaged lines have already been reported
		v.addFinding(Missing, v.here(), "%s before this line, after %s", missing(gap-1, link.Chain), s.at)
	}
	return true
}

func (p place) String() string { return p.file + ":" + strconv.Itoa(p.line) }

func missing(n uint64, chain ID) string {
	if n == 1 {
		return "1 line of chain " + chain.String() + " is missing"
	}
	return fmt.Sprintf("%d lines of chain %s are missing", n, chain)
}

// lost returns how many lines a line says were lost.
func lost(text []byte) uint64 {
	const near = 80 // the member event follows the member time
	if !bytes.Contains(text[:min(len(text), near)], []byte(`"event":"lost"`)) {
		return 0
	}
	var event struct {
		Lost uint64 `json:"lost"`
	}
	if json.Unmarshal(text, &event) != nil {
		return 0
	}
	return event.Lost
}
