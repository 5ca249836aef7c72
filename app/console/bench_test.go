package console_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/claimgate/claimgate/internal/testsupport/anymapping"
)

// BenchmarkLarge asks a console about 10,000 rules, 1,000 policies and a log of a million lines. The goals:
// 100 ms for a keystroke in Access, 1 s for Decisions, 300 MiB.
func BenchmarkLarge(b *testing.B) {
	text, err := os.ReadFile(anymapping.Large(b).Files()[0])
	if err != nil {
		b.Fatal(err)
	}
	p := open(b, string(text))
	var log bytes.Buffer
	for i := range 1_000_000 {
		fmt.Fprintf(&log, `{"time":"2026-11-%02dT12:%02d:00Z","id":"%d","allow":%v,"reason":"policy_allow","action":"s3:GetObject","bucket":"team-1","object":"%d.csv","account":"KEY","source":"10.0.0.1","issuer":"authentik","sub":"u%d","groups":["g1"],"rule":"g1","rule_kind":"group","rule_file":"m.toml","rule_line":2,"policy":"p1","statement":0}`+"\n", 1+i/40_000, i%60, i, i%7 > 0, i, i%5000)
	}
	p.write("log.jsonl", log.String())
	p.get("/access?q=DeleteObject") // builds the directory of the mapping
	for name, path := range map[string]string{
		"access-one": "/access?part=1&q=DeleteObject+team-7", "access-group": "/access?part=1&q=group:g1", "access-bucket": "/access?part=1&q=team-8",
		"access-everything": "/access?part=1&q=s3:*", "decisions": "/decisions", "decisions-filtered": "/decisions?part=1&answer=deny&who=u17",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.get(path)
			}
		})
	}
}
