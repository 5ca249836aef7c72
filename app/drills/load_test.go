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

// answer is the answer that a client got.
type answer struct {
	allow  bool
	reason string
}

// load is a group of clients. Each sends its next request as soon as it has an answer.
type load struct {
	t       *testing.T
	stop    atomic.Bool
	running sync.WaitGroup
	count   atomic.Int64

	mu      sync.Mutex
	answers map[string]answer // by id
	refused int               // failed requests
}

const clients = 6

// questions are one allowed request, one that the policy denies, and one from an account without a rule.
var questions = []string{
	`{"input":{"account":"alice","action":"s3:GetObject","bucket":"b","object":"o","conditions":{},"owner":false,"claims":{},"denyOnly":false}}`,
	`{"input":{"account":"alice","action":"s3:PutObject","bucket":"b","object":"o","conditions":{},"owner":false,"claims":{},"denyOnly":false}}`,
	`{"input":{"account":"eve","action":"s3:GetObject","bucket":"b","object":"o","conditions":{},"owner":false,"claims":{},"denyOnly":false}}`,
}

// run starts the clients. Each ends after end, or after a failed request.
func (p *process) run() *load {
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

// once keeps no idle connections, because a stop would wait for them.
var once = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// ask sends one request, and reads its answer to the end.
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

// after waits for n more answers.
func (l *load) after(n int64) {
	l.t.Helper()
	want := l.count.Load() + n
	wait.Until(l.t, "answers", func() bool { return l.count.Load() >= want })
}

// end stops the clients and returns their answers.
func (l *load) end() map[string]answer {
	l.stop.Store(true)
	l.running.Wait()
	return l.answers
}

// logged is the content of decision logs.
type logged struct {
	answers map[string]answer // by id
	twice   []string          // ids with two lines
	torn    int               // lines that are not JSON
	lost    int               // lines that the log reports as lost
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

// judge compares the answers with the log: each answer has exactly one line, and the line agrees. It returns
// how many lines have no answer.
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
