package gateway_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/internal/fixtures"
)

// asSilo returns a recorded question without what Silo has not sent since 2026-08: originalAction, an empty
// versionid, signatureAge, and headers under the server's own names.
func asSilo(in input) input {
	out := maps.Clone(in)
	delete(out, "originalAction")
	conditions := maps.Clone(in.conditions())
	for name, v := range conditions {
		list, _ := v.([]any)
		switch {
		case name == "versionid" && slices.Equal(list, []any{""}):
			delete(conditions, name)
		case name == "signatureAge", slices.Contains([]string{"Groups", "Sub", "Userid", "Username", "Sourceip"}, name):
			delete(conditions, name)
		case strings.HasPrefix(name, "Object-Lock-"):
			delete(conditions, name)
		}
	}
	out["conditions"] = conditions
	return out
}

// The members that Silo leaves out, and those that newer servers add, change no answer.
func TestSiloAndNewerServersAreAnsweredAsMinIO(t *testing.T) {
	gates := []*gate{newGate(t), newGate(t, attested), newGate(t, staticAny)}
	for _, call := range fixtures.Calls(t)[1:] {
		var read struct{ Input input }
		if err := json.Unmarshal(call.Body, &read); err != nil || read.Input == nil {
			continue // the start-up probe
		}
		in, g := read.Input, gates[call.Line%len(gates)]
		want := g.decide(in)
		if got := g.decide(asSilo(in)); got.Reason != want.Reason {
			t.Errorf("line %d: Silo is answered %s, MinIO %s", call.Line, got.Reason, want.Reason)
		}
		newer := maps.Clone(in)
		newer["requestId"], newer["principal"] = "x", map[string]any{"owner": true, "account": "root"}
		body, err := json.Marshal(map[string]any{"input": newer, "version": 3})
		if err != nil {
			t.Fatal(err)
		}
		if got := g.decideBody(body); got.Reason != want.Reason {
			t.Errorf("line %d: with newer members %s, without %s", call.Line, got.Reason, want.Reason)
		}
	}
}
