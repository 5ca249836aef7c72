package drills_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// answer is what a client was told.
type answer struct {
	allow  bool
	reason string
}

// load is clients that ask as fast as they are answered.
type load struct {
	t       *testing.T
	stop    atomic.Bool
	running sync.WaitGroup
	count   atomic.Int64

	mu      sync.Mutex
	answers map[string]answer // by id
	refused int               // connections that failed
}

const clients = 6

// questions are one that is allowed, one that the policy denies, and one of a
// stranger.
var questions = []string{
	`{"input":{"account":"alice","action":"s3:GetObject","bucket":"b","object":"o","conditions":{},"owner":false,"claims":{},"denyOnly":false}}`,
	`{"input":{"account":"alice","action":"s3:PutObject","bucket":"b","object":"o","conditions":{},"owner":false,"claims":{},"denyOnly":false}}`,
	`{"input":{"account":"eve","action":"s3:GetObject","bucket":"b","object":"o","conditions":{},"owner":false,"claims":{},"denyOnly":false}}`,
}

// run starts the clients. Each ends when told to, or once it cannot connect.
func (p *program) run() *load {
	l := &load{t: p.t, answers: map[string]answer{}}
	for n := range clients {
		l.running.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := n; !l.stop.Load(); i++ {
				id, a, err := ask(client, p.url, questions[i%len(questions)])
				l.mu.Lock()
				if err != nil {
					l.refused++
				} else {
					l.answers[id] = a
				}
				l.mu.Unlock()
				if err != nil {
					return
				}
				l.count.Add(1)
			}
		})
	}
	return l
}

// once keeps no connection, for which a stop would wait.
var once = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// ask asks once. An answer counts once it has been read to its end.
func ask(client *http.Client, url, question string) (id string, a answer, err error) {
	resp, err := client.Post(url, "application/json", strings.NewReader(question))
	if err != nil {
		return "", answer{}, err
	}
	defer resp.Body.Close()
	var body struct{ Result bool }
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", answer{}, err
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return "", answer{}, err
	}
	return resp.Header.Get("X-Claimgate-Decision"), answer{body.Result, resp.Header.Get("X-Claimgate-Reason")}, nil
}

// after waits for so many more answers.
func (l *load) after(n int64) {
	l.t.Helper()
	want := l.count.Load() + n
	wait.Until(l.t, "answers", func() bool { return l.count.Load() >= want })
}

// end waits for the clients to end.
func (l *load) end() map[string]answer {
	l.stop.Store(true)
	l.running.Wait()
	return l.answers
}

// logged is what decision logs say: the answer by id.
type logged struct {
	answers map[string]answer
	twice   []string
	torn    int // lines that are none
	lost    int // that the log says are missing
}

func read(t *testing.T, files ...string) logged {
	t.Helper()
	l := logged{answers: map[string]answer{}}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewScanner(f)
		for in.Scan() {
			l.line(in.Bytes())
		}
		if err := in.Err(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func (l *logged) line(text []byte) {
	var line struct {
		ID, Reason, Event string
		Allow             bool
		Lost              int
	}
	switch err := json.Unmarshal(text, &line); {
	case err != nil:
		l.torn++
	case line.Event == "lost":
		l.lost += line.Lost
	default:
		if _, known := l.answers[line.ID]; known {
			l.twice = append(l.twice, line.ID)
		}
		l.answers[line.ID] = answer{line.Allow, line.Reason}
	}
}

// judge holds what was answered against what was logged: every answer has its
// line, once, and the line says the same. It returns how many lines have no
// answer.
func judge(t *testing.T, answers map[string]answer, l logged) (unanswered int) {
	t.Helper()
	for id, a := range answers {
		if got, ok := l.answers[id]; !ok {
			t.Errorf("the answer %s %+v has no line", id, a)
		} else if got != a {
			t.Errorf("%s was answered %+v, and its line says %+v", id, a, got)
		}
	}
	if len(l.twice) > 0 {
		t.Errorf("lines stand twice: %v", l.twice)
	}
	for id := range l.answers {
		if _, ok := answers[id]; !ok {
			unanswered++
		}
	}
	return unanswered
}
