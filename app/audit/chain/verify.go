package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
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
	o      Options
	chains map[ID]*state
	order  []*state
	wanted map[Hash]bool
	report Report

	file  string
	line  int
	plain Hash // the hash of the last line without a link in this file
	pend  region
	// damaged counts the lines reported since the last chained line. A gap in the sequence of this size
	// is not reported again.
	damaged uint64
	// loose is the place of the first line without a link, until a chain is linked to these lines.
	loose place
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
	v := &Verifier{o: o, chains: map[ID]*state{}, wanted: map[Hash]bool{}, pend: region{sum: sha256.New()}}
	for _, h := range o.Lines {
		v.wanted[h] = false
	}
	return v
}

// begin begins a file.
func (v *Verifier) begin(file string) {
	v.file, v.line, v.plain, v.loose = file, 0, Hash{}, place{}
	v.report.Files++
}

// take verifies one line without its newline. whole is false if the line had no newline.
func (v *Verifier) take(text []byte, whole bool) error {
	v.line++
	v.report.Lines++
	link, chained := Link{}, false
	if whole {
		link, chained = Parse(text)
	}
	switch {
	case chained:
		return v.chained(text, &link)
	case whole && len(text) > 0 && text[0] == '{' && json.Valid(text):
		v.unchained(text)
	default:
		v.broken(text, whole)
	}
	return nil
}

func (v *Verifier) here() place { return place{v.file, v.line} }

func (v *Verifier) broken(text []byte, whole bool) {
	p := &v.pend
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

// settle verifies the torn lines before a whole line. torn and opens are those of the whole line's link.
func (v *Verifier) settle(torn Hash, opens bool) {
	p := &v.pend
	if p.count == 0 {
		// The torn lines before the first line of a file may be in the previous file.
		if torn != (Hash{}) && !opens {
			v.found(Missing, v.here(), "the line says that lines were cut short before it, and they are not there")
		}
		return
	}
	if Hash(p.sum.Sum(nil)) == torn {
		v.report.Torn += p.count
		v.damaged -= min(v.damaged, uint64(p.count))
	} else {
		v.found(Changed, p.first, "%s no whole line, and no later line says that a crash or a full disk has cut it short", lineOrLines(p))
	}
	p.count = 0
}

func lineOrLines(p *region) string {
	if p.count == 1 {
		return "this is"
	}
	return fmt.Sprintf("these and the lines up to %d (%d in all) are", p.last.line, p.count)
}

// unchained verifies a line without a link. audit.chain was off when it was written, or somebody added it.
func (v *Verifier) unchained(text []byte) {
	v.settle(Hash{}, false)
	v.plain = HashOf(text)
	v.report.Unchained++
	if v.report.Chained == 0 {
		if v.loose.line == 0 {
			v.loose = v.here()
		}
		return
	}
	v.damaged++
	v.found(Unchained, v.here(), "the line has no chain: it was added, or written while audit.chain was off")
}

func (v *Verifier) chained(text []byte, link *Link) error {
	v.settle(link.Torn, link.Opens)
	v.report.Chained++
	sum := HashOf(text)
	if len(v.wanted) > 0 {
		if _, ok := v.wanted[sum]; ok {
			v.wanted[sum] = true
		}
	}
	v.report.Lost += lost(text)
	s := v.chains[link.Chain]
	if s == nil {
		if len(v.chains) == maxChains {
			return fmt.Errorf("%s:%d: more than %d chains: that is no decision log", v.file, v.line, maxChains)
		}
		v.first(link)
		s = &state{Summary: Summary{Chain: link.Chain.String(), First: link.Seq}}
		v.chains[link.Chain] = s
		v.order = append(v.order, s)
	} else if !v.follows(s, link, sum) {
		return nil
	}
	s.Last, s.hash, s.at = link.Seq, sum, v.here()
	s.Lines++
	v.damaged = 0
	return nil
}

// first verifies the first line of a chain in the given files.
func (v *Verifier) first(link *Link) {
	loose := v.loose
	v.loose = place{}
	switch {
	case link.Seq > 1 && link.Opens:
		v.note("%s:%d goes on with chain %s, which an earlier file holds up to sequence %d, hash %s", v.file, v.line, link.Chain, link.Seq-1, link.Prev)
		return
	case link.Seq > 1:
		v.found(Missing, v.here(), "%s of chain %s before this one missing", areOrIs(link.Seq-1, "line"), link.Chain)
		return
	case link.After.Seq > 0:
		v.after(link)
		return
	case link.Prev == v.plain:
	case link.Prev == (Hash{}):
		if loose.line > 0 {
			v.found(Unchained, loose, "the lines from here to %d have no chain, and nothing vouches for them", v.line-1)
		} else if v.line > 1 {
			v.note("%s:%d begins chain %s without a link to what stands before, as a stream does", v.file, v.line, link.Chain)
		}
		return
	case v.plain == (Hash{}):
		v.found(Missing, v.here(), "chain %s was begun after a line that is not there", link.Chain)
		return
	default:
		v.found(Changed, v.before(), "this is not the line that chain %s was begun after", link.Chain)
		return
	}
	if loose.line > 0 {
		v.note("%s:%d to %d have no chain: changes there are not found", loose.file, loose.line, v.line-1)
	}
}

// before returns the place of the previous line.
func (v *Verifier) before() place { return place{v.file, max(v.line-1, 1)} }

// after verifies the first line of a chain that follows another chain in the same file.
func (v *Verifier) after(link *Link) {
	s := v.chains[link.After.Chain]
	switch {
	case s == nil && link.Opens:
		v.note("%s:%d begins chain %s after chain %s, which an earlier file holds", v.file, v.line, link.Chain, link.After.Chain)
	case s == nil:
		v.found(Missing, v.here(), "chain %s was begun after chain %s, of which no line is there", link.Chain, link.After.Chain)
	case s.Last < link.After.Seq:
		v.found(Missing, v.here(), "%s of chain %s before this one missing", areOrIs(link.After.Seq-s.Last, "line"), link.After.Chain)
	case s.Last > link.After.Seq:
		v.found(Order, v.here(), "chain %s was begun after sequence %d of chain %s, and stands after %d", link.Chain, link.After.Seq, link.After.Chain, s.Last)
	case s.hash != link.Prev:
		v.found(Changed, s.at, "the line is not what chain %s was begun after: it was changed", link.Chain)
	}
}

// follows verifies a later line of a chain, and reports whether the line continues the chain.
func (v *Verifier) follows(s *state, link *Link, sum Hash) bool {
	switch gap := link.Seq - s.Last; {
	case link.Seq == s.Last && sum == s.hash:
		v.found(Duplicate, v.here(), "the line stands here a second time (sequence %d)", link.Seq)
		return false
	case link.Seq <= s.Last:
		hint := ""
		if v.line == 1 {
			hint = "; name the files oldest first"
		}
		v.found(Order, v.here(), "sequence %d of chain %s stands after %d: the line was moved or is there twice%s", link.Seq, s.Chain, s.Last, hint)
		return false
	case gap == 1 && link.Prev != s.hash:
		v.found(Changed, s.at, "the line is not what the next one was chained to: it was changed")
	case gap > 1 && gap-1 != v.damaged: // damaged lines have already been reported
		v.found(Missing, v.here(), "%s of chain %s before this one missing, after %s", areOrIs(gap-1, "line"), s.Chain, s.at)
	}
	return true
}

func (p place) String() string { return p.file + ":" + strconv.Itoa(p.line) }

func areOrIs(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatUint(n, 10) + " " + noun + "s"
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
