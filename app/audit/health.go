package audit

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/claimgate/claimgate/app/audit/chain"
)

// State is how the log fares.
type State struct {
	Failing bool      `json:"failing"`
	Error   string    `json:"error,omitempty"` // the last one, while it fails
	Since   time.Time `json:"since,omitzero"`  // when it began to fail
	Lost    uint64    `json:"lost"`            // lines, since the start
	Denied  uint64    `json:"denied"`          // allows that were denied for want of their line, since the start

	// Where lines are chained: the chain, the last line's number, and its hash,
	// which belongs somewhere out of reach of who can write the log.
	Chain string `json:"chain,omitempty"`
	Seq   uint64 `json:"seq,omitempty"`
	Head  string `json:"head,omitempty"`
}

// Notice is a change of how the log fares, or a reminder that it fails.
type Notice struct {
	State
	Recovered bool
}

// remind is how often a failing output is spoken of.
const remind = 10 * time.Second

type health struct {
	notify func(Notice)
	// failing and stalled spare the lock as long as all is well.
	failing atomic.Bool
	stalled atomic.Bool

	mu     sync.Mutex
	now    State
	chain  *links
	seq    uint64
	head   chain.Hash
	spoken time.Time // when notify was last due
	spoke  bool      // of the failure that lasts
	todo   []Notice
	busy   bool // somebody calls notify
}

// stall notes that the output takes no lines for now.
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

// recover notes that lines are taken again.
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

// tell has notify called where nobody waits for it: the program's log may be the
// very output that stalls.
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

// show keeps where the chain stands, to be read without waiting for the writer.
func (h *health) show(w *writer) {
	if w.chain == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chain, h.seq, h.head = w.chain, w.chain.seq, w.chain.head
}

// stateOf is called with the lock held.
func (h *health) stateOf(l *Log) State {
	s := h.now
	s.Lost, s.Denied = l.lost.Load(), l.denied.Load()
	if h.chain != nil && h.seq > 0 {
		s.Chain, s.Seq, s.Head = h.chain.id.String(), h.seq, h.head.String()
	}
	return s
}

// State returns how the log fares.
func (l *Log) State() State {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	return l.health.stateOf(l)
}
