package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// Two replicas behind one name are restarted one after the other, under load. No
// answer is wrong and no answer is lost. MinIO repeats no question: a broken
// connection would deny a request.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	s := seeded(t, stack.Options{
		Front:    stack.Balanced,
		Replicas: 2,
		Env: map[string]string{
			// The balancer asks every second, and has ten until a connection is
			// refused: enough for a machine that pauses. MinIO keeps idle connections
			// for 15.
			"CLAIMGATE_SERVER_DRAIN_DELAY":    "10s",
			"CLAIMGATE_SERVER_SHUTDOWN_GRACE": "20s",
		},
	})
	users := startLoad(t, s)
	for i := range 2 {
		g := s.Gateway(i)
		underWay := beginQuestion(t, s, g)
		stopped := make(chan int, 1)
		go func() { stopped <- g.Stop() }()
		eventually(t, func() error {
			if _, ready := g.Ready(t.Context()); ready {
				return fmt.Errorf("replica %d says it is ready after SIGTERM", i)
			}
			return nil
		})
		// The first half of this question came before the signal.
		underWay.finish(t)
		if code := <-stopped; code != 0 {
			t.Errorf("replica %d ended with exit code %d", i, code)
		}
		users.goOn(t) // the other replica serves alone
		g.Start()
		// As in a Deployment, the next replica stops when this one is in use again.
		eventually(t, func() error {
			if address, ready := g.Ready(t.Context()); !ready || !s.Balancer.Serves(address) {
				return fmt.Errorf("replica %d is not in use again", i)
			}
			return nil
		})
	}
	// Only the first replica served while the second was stopped.
	if s.Gateway(0).Metric(`claimgate_decisions_total{reason="policy_allow",result="allow"}`) == 0 {
		t.Error("the replica that was restarted first was asked nothing")
	}
	users.stop(t)

	if log := s.MinIOLog(); strings.Contains(log, "authZ") {
		t.Error("MinIO logs errors of its webhook")
	}
	seen := make(map[string]bool)
	for i := range 2 {
		for _, d := range s.Gateway(i).Decisions() {
			if seen[d.ID] {
				t.Errorf("two decisions have the id %s", d.ID)
			}
			seen[d.ID] = true
		}
	}
}

// load runs requests of several users in the background.
type load struct {
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu         sync.Mutex
	done       map[string]int // by user
	complaints []string
}

// startLoad sends requests of several users until stop. All users pause at the same
// time, so that MinIO has idle connections as well as busy ones.
func startLoad(t *testing.T, s *stack.Stack) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel, done: make(map[string]int)}
	for _, who := range identities {
		a := viaS3(s.S3(s.MustSession(who.user, stack.AllScopes)))
		for _, step := range who.want.steps(a) {
			l.running.Go(func() {
				tick := time.NewTicker(100 * time.Millisecond)
				defer tick.Stop()
				for ctx.Err() == nil {
					l.note(who.user, judge(t.Context(), who.user+"'s "+step.name, step.do, step.want))
					select {
					case <-ctx.Done():
					case <-tick.C:
					}
				}
			})
		}
	}
	return l
}

func (l *load) note(user, complaint string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[user]++
	if complaint != "" {
		l.complaints = append(l.complaints, complaint)
	}
}

// goOn waits until each user has done 20 more things.
func (l *load) goOn(t *testing.T) {
	t.Helper()
	counts := func() map[string]int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return maps.Clone(l.done)
	}
	before := counts()
	eventually(t, func() error {
		now := counts()
		for _, who := range identities {
			if n := now[who.user] - before[who.user]; n < 20 {
				return fmt.Errorf("%s has done no more than %d things", who.user, n)
			}
		}
		return nil
	})
}

// stop ends the load and reports what went wrong.
func (l *load) stop(t *testing.T) {
	t.Helper()
	l.cancel()
	l.running.Wait()
	const shown = 10
	for i, complaint := range l.complaints {
		if i == shown {
			t.Errorf("... and %d more", len(l.complaints)-shown)
			break
		}
		t.Error(complaint)
	}
	t.Logf("done by each user: %v", l.done)
}

// question is a request of which the first half was sent.
type question struct {
	conn net.Conn
	rest string
}

// beginQuestion sends the first half of a question about root.
func beginQuestion(t *testing.T, s *stack.Stack, g *stack.Gateway) question {
	t.Helper()
	const body = `{"input":{"account":"rootadmin","groups":null,"action":"s3:ListAllMyBuckets","originalAction":"","bucket":"",` +
		`"conditions":{},"owner":true,"object":"","claims":{},"denyOnly":false}}`
	dialer := net.Dialer{}
	conn, err := dialer.DialContext(t.Context(), "tcp", g.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	request := fmt.Sprintf("POST /authz HTTP/1.1\r\nHost: claimgate\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		s.CallerToken(), len(body), body)
	half := len(request) - len(body)/2
	if _, err := io.WriteString(conn, request[:half]); err != nil {
		t.Fatal(err)
	}
	return question{conn, request[half:]}
}

// finish sends the second half and checks the answer.
func (q question) finish(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(q.conn, q.rest); err != nil {
		t.Errorf("the second half of a question: %v", err)
		return
	}
	res, err := http.ReadResponse(bufio.NewReader(q.conn), nil)
	if err != nil {
		t.Errorf("the answer to a question that was half sent at SIGTERM: %v", err)
		return
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || string(answer) != `{"result":true}` {
		t.Errorf("the answer to a question that was half sent at SIGTERM: %s, %v", answer, err)
	}
	if !res.Close {
		t.Error("the answer does not ask MinIO to close the connection")
	}
}
