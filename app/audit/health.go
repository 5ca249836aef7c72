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

// noticeInterval is the shortest time between two notices of a failing output.
const noticeInterval = 10 * time.Second

type health struct {
	notify func(Notice)
	// failing and stalled can be read without mu.
	failing atomic.Bool
	stalled atomic.Bool

	mu         sync.Mutex
	state      State
	chain      *links
	seq        uint64
	head       chain.Hash
	lastNotice time.Time // when the last notice of a failure was made
	noticed    bool      // a notice of the present failure was made
	pending    []Notice
	notifying  bool // a goroutine calls notify
}

// setStalled notes that the output takes no lines at present.
func (h *health) setStalled(l *Log) {
	h.stalled.Store(true)
	h.setFailing(l, ErrStalled)
}

// setFailing notes an error of the output.
func (h *health) setFailing(l *Log, err error) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.state.Failing {
		h.state.Failing, h.state.Since = true, now
		h.failing.Store(true)
	}
	h.state.Error = err.Error()
	if now.Sub(h.lastNotice) >= noticeInterval {
		h.lastNotice, h.noticed = now, true
		h.send(Notice{State: h.stateOf(l)})
	}
}

// setRecovered notes that the output takes lines again.
func (h *health) setRecovered(l *Log) {
	if !h.failing.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stalled.Store(false)
	h.failing.Store(false)
	if h.noticed {
		h.send(Notice{State: h.stateOf(l), Recovered: true})
	}
	h.state, h.noticed = State{}, false
}

// send calls notify on another goroutine, because notify may write to the stalled output. If notify is too
// slow, send drops the notice. The caller holds mu.
func (h *health) send(n Notice) {
	const maxPending = 4
	if h.notify == nil || len(h.pending) == maxPending {
		return
	}
	h.pending = append(h.pending, n)
	if h.notifying {
		return
	}
	h.notifying = true
	go func() {
		for {
			h.mu.Lock()
			if len(h.pending) == 0 {
				h.notifying = false
				h.mu.Unlock()
				return
			}
			next := h.pending[0]
			h.pending = h.pending[1:]
			h.mu.Unlock()
			h.notify(next)
		}
	}()
}

// setHead copies the chain's head, so that State does not wait for the writer.
func (h *health) setHead(w *writer) {
	if w.chain == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chain, h.seq, h.head = w.chain, w.chain.seq, w.chain.head
}

// stateOf returns the state of l. The caller holds mu.
func (h *health) stateOf(l *Log) State {
	s := h.state
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
