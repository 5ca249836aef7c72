package audit

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/audit/chain"
)

// State is the state of the log.
type State struct {
	Failing bool      `json:"failing"`
	Error   string    `json:"error,omitempty"` // the last error, while the log fails
	Since   time.Time `json:"since,omitzero"`  // when the log began to fail
	Lost    uint64    `json:"lost"`            // lines lost since the start
	Denied  uint64    `json:"denied"`          // allows that became denies without a line, since the start

	// If lines are chained: the chain, and the last line's number and hash. Keep the hash where nobody
	// who can write the log can change it.
	Chain string `json:"chain,omitempty"`
	Seq   uint64 `json:"seq,omitempty"`
	Head  string `json:"head,omitempty"`
}

// Notice reports that the log fails, still fails, or has recovered.
type Notice struct {
	State
	Recovered bool
}

// remind is the shortest time between two notices of a failing output.
const remind = 10 * time.Second

type health struct {
	notify func(Notice)
	// failing and stalled can be read without mu.
	failing atomic.Bool
	stalled atomic.Bool

	mu     sync.Mutex
	now    State
	chain  *links
	seq    uint64
	head   chain.Hash
	spoken time.Time // when the last notice of a failure was made
	spoke  bool      // a notice of the present failure was made
	todo   []Notice
	busy   bool // a goroutine calls notify
}

// stall notes that the output takes no lines at present.
func (h *health) stall(l *Log) {
	h.stalled.Store(true)
	h.fail(l, ErrStalled)
}

// fail notes an error of the output.
func (h *health) fail(l *Log, err error) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.now.Failing {
		h.now.Failing, h.now.Since = true, now
		h.failing.Store(true)
	}
	h.now.Error = err.Error()
	if now.Sub(h.spoken) >= remind {
		h.spoken, h.spoke = now, true
		h.tell(Notice{State: h.stateOf(l)})
	}
}

// recover notes that the output takes lines again.
func (h *health) recover(l *Log) {
	if !h.failing.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stalled.Store(false)
	h.failing.Store(false)
	if h.spoke {
		h.tell(Notice{State: h.stateOf(l), Recovered: true})
	}
	h.now, h.spoke = State{}, false
}

// tell calls notify on another goroutine, because notify may write to the stalled output. If notify is too
// slow, tell drops the notice. The caller holds mu.
func (h *health) tell(n Notice) {
	const most = 4
	if h.notify == nil || len(h.todo) == most {
		return
	}
	h.todo = append(h.todo, n)
	if h.busy {
		return
	}
	h.busy = true
	go func() {
		for {
			h.mu.Lock()
			if len(h.todo) == 0 {
				h.busy = false
				h.mu.Unlock()
				return
			}
			next := h.todo[0]
			h.todo = h.todo[1:]
			h.mu.Unlock()
			h.notify(next)
		}
	}()
}

// show copies the chain's head, so that State does not wait for the writer.
func (h *health) show(w *writer) {
	if w.chain == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chain, h.seq, h.head = w.chain, w.chain.seq, w.chain.head
}

// stateOf returns the state of l. The caller holds mu.
func (h *health) stateOf(l *Log) State {
	s := h.now
	s.Lost, s.Denied = l.lost.Load(), l.denied.Load()
	if h.chain != nil && h.seq > 0 {
		s.Chain, s.Seq, s.Head = h.chain.id.String(), h.seq, h.head.String()
	}
	return s
}

// State returns the state of the log. It does not wait for the output.
func (l *Log) State() State {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	return l.health.stateOf(l)
}
