package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"
)

// Options say what a log is held against beside itself.
type Options struct {
	// Heads must each be the hash of a chain's last line.
	Heads []Hash
	// Lines must each be the hash of some line.
	Lines []Hash
	// TornEnd takes a last line without its end for one that is being written.
	TornEnd bool
}

// Verifier checks a log, of which it holds one state a chain. The zero value is
// not ready: use New.
type Verifier struct {
	o      Options
	chains map[ID]*state
	order  []*state
	wanted map[Hash]bool
	report Report

	file  string
	line  int
	plain Hash // of the last line without a chain in this file
	pend  region
	// damaged counts the lines reported since the last chained one, which a gap
	// in the sequence is not to be reported for again.
	damaged uint64
	// loose is where lines without a chain begin that no line has vouched for yet.
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

// region is what stands between two whole lines.
type region struct {
	first, last place
	count       int
	sum         hash.Hash
	unfinished  bool // it ends without a newline
}

// maxChains bounds the memory: a process starts seldom.
const maxChains = 100_000

// New makes a Verifier.
func New(o Options) *Verifier {
	v := &Verifier{o: o, chains: map[ID]*state{}, wanted: map[Hash]bool{}, pend: region{sum: sha256.New()}}
	for _, h := range o.Lines {
		v.wanted[h] = false
	}
	return v
}

// begin is told of each file, oldest first.
func (v *Verifier) begin(file string) {
	v.file, v.line, v.plain, v.loose = file, 0, Hash{}, place{}
	v.report.Files++
}

// take checks one line, given without its newline.
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

// settle judges what stands before a whole line that is not whole itself. torn is
// what that line says of it.
func (v *Verifier) settle(torn Hash, opens bool) {
	p := &v.pend
	if p.count == 0 {
		// The file before, which is not here, may hold what a first line speaks of.
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

// unchained takes a line that has no chain: of the time before audit.chain was
// set, or added by somebody.
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

// first judges the first line of a chain that is seen.
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

// before is the place of the line before.
func (v *Verifier) before() place { return place{v.file, max(v.line-1, 1)} }

// after judges a chain that was begun in a file that held another one.
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

// follows judges a further line of a chain, and reports whether it takes the chain
// further.
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
	case gap > 1 && gap-1 != v.damaged: // what is damaged has been reported
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
	const near = 80 // the event stands after the time
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
