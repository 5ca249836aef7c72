package minio_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
	"github.com/google/go-cmp/cmp"
)

func decode(body []byte) (gateway.Request, error) {
	return minio.Decode(body, new(strictjson.Document))
}

// recorded is a request as encoding/json reads it. The tests compare with it.
type recorded struct {
	Account    string              `json:"account"`
	Action     string              `json:"action"`
	Bucket     string              `json:"bucket"`
	Object     string              `json:"object"`
	Owner      bool                `json:"owner"`
	DenyOnly   bool                `json:"denyOnly"`
	Conditions map[string][]string `json:"conditions"`
	Claims     map[string]any      `json:"claims"`
}

func TestEveryRecordedRequestDecodesAsEncodingJSONReadsIt(t *testing.T) {
	doc := new(strictjson.Document) // one for all requests, as in the server
	for _, call := range fixtures.Calls(t) {
		req, err := minio.Decode(call.Body, doc)
		if call.Line == 1 {
			if !errors.Is(err, dialect.ErrProbe) {
				t.Errorf("line 1 is the start-up probe, got %v", err)
			}
			continue
		}
		if err != nil {
			t.Errorf("line %d: %v", call.Line, err)
			continue
		}
		var want struct{ Input recorded }
		if err := json.Unmarshal(call.Body, &want); err != nil {
			t.Fatal(err)
		}
		got := recorded{
			Account: req.Account, Action: req.Action, Bucket: req.Bucket, Object: req.Object,
			Owner: req.Owner, DenyOnly: req.DenyOnly, Conditions: map[string][]string{},
		}
		for name, list := range req.Conditions.Members() {
			values := []string{}
			for v := range list.Elements() {
				values = append(values, v.Text())
			}
			got.Conditions[name.Text()] = values
		}
		if raw := req.Claims.Raw(); len(raw) > 0 {
			if err := json.Unmarshal(raw, &got.Claims); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want.Input, got); diff != "" {
			t.Errorf("line %d (-encoding/json +ours):\n%s", call.Line, diff)
		}
	}
}

func TestMalformedBodiesAreRefused(t *testing.T) {
	whole := `{"input":{"account":"a","groups":null,"action":"s3:GetObject","originalAction":"","bucket":"b","conditions":{"k":["v"]},"owner":false,"object":"o","claims":{},"denyOnly":false}}`
	if _, err := decode([]byte(whole)); err != nil {
		t.Fatalf("the body that the rows change is good, got %v", err)
	}
	for name, body := range map[string]string{
		"white space only":         " \n",
		"an empty object":          `{}`,
		"null":                     `null`,
		"a list":                   `[]`,
		"a null input":             `{"input":null}`,
		"an input that is a list":  `{"input":[]}`,
		"an empty input":           `{"input":{}}`,
		"an empty action":          strings.Replace(whole, `"s3:GetObject"`, `""`, 1),
		"text after the value":     whole + `x`,
		"two values":               whole + whole,
		"Input for input":          strings.Replace(whole, `"input"`, `"Input"`, 1),
		"input and Input":          strings.Replace(whole, `{"input"`, `{"Input":{},"input"`, 1),
		"owner twice":              strings.Replace(whole, `"owner":false`, `"owner":false,"owner":true`, 1),
		"owner and Owner":          strings.Replace(whole, `"owner":false`, `"owner":false,"Owner":true`, 1),
		"owner spelt two ways":     strings.Replace(whole, `"owner":false`, `"owner":false,"\u006fwner":true`, 1),
		"owner a string":           strings.Replace(whole, `"owner":false`, `"owner":"true"`, 1),
		"owner a number":           strings.Replace(whole, `"owner":false`, `"owner":1`, 1),
		"denyOnly null":            strings.Replace(whole, `"denyOnly":false`, `"denyOnly":null`, 1),
		"account a number":         strings.Replace(whole, `"account":"a"`, `"account":7`, 1),
		"account null":             strings.Replace(whole, `"account":"a"`, `"account":null`, 1),
		"originalAction a list":    strings.Replace(whole, `"originalAction":""`, `"originalAction":[]`, 1),
		"groups a string":          strings.Replace(whole, `"groups":null`, `"groups":"admins"`, 1),
		"groups a list of numbers": strings.Replace(whole, `"groups":null`, `"groups":[1]`, 1),
		"conditions a list":        strings.Replace(whole, `{"k":["v"]}`, `[]`, 1),
		"a condition a string":     strings.Replace(whole, `["v"]`, `"v"`, 1),
		"a condition null":         strings.Replace(whole, `["v"]`, `null`, 1),
		"a condition with numbers": strings.Replace(whole, `["v"]`, `[1]`, 1),
		"a condition twice":        strings.Replace(whole, `"k":["v"]`, `"k":["v"],"k":["w"]`, 1),
		"claims a list":            strings.Replace(whole, `"claims":{}`, `"claims":[]`, 1),
		"a claim twice":            strings.Replace(whole, `"claims":{}`, `"claims":{"sub":"a","sub":"b"}`, 1),
		"a claim twice, deep":      strings.Replace(whole, `"claims":{}`, `"claims":{"x":{"y":[{"a":1,"a":2}]}}`, 1),
		"invalid UTF-8":            strings.Replace(whole, `"bucket":"b"`, "\"bucket\":\"\xff\"", 1),
		"nested without end":       `{"input":` + strings.Repeat("[", 100000),
	} {
		if req, err := decode([]byte(body)); err == nil {
			t.Errorf("%s was read as %+v", name, req)
		}
	}
}

func TestATruncatedBodyIsRefusedAtEveryLength(t *testing.T) {
	body := fixtures.Calls(t)[401].Body
	for n := 1; n < len(body); n++ {
		if _, err := decode(body[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes were read as a request", n, len(body))
		}
	}
}

func TestMembersThatAreMissingOrUnknownAreNoError(t *testing.T) {
	req, err := decode([]byte(`{"input":{"action":"s3:GetObject","newMember":{"a":1}},"other":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if req.Owner || req.DenyOnly || req.Account != "" || !req.Anonymous() {
		t.Errorf("what is missing must be read as nothing, got %+v", req)
	}
}

func TestAnswersAreExactlyWhatMinIOReads(t *testing.T) {
	if got := dialect.Answer(true); got != `{"result":true}` {
		t.Errorf("allow is %s", got)
	}
	if got := dialect.Answer(false); got != `{"result":false}` {
		t.Errorf("deny is %s", got)
	}
}

// encoding/json accepts every body that Decode accepts, and reads the same owner, account and action. owner
// is the only member that would allow a request by itself.
func FuzzDecode(f *testing.F) {
	for i, call := range fixtures.Calls(f) {
		if i%20 == 0 {
			f.Add([]byte(call.Body))
		}
	}
	f.Add([]byte(`{"input":{"action":"a","owner":true,"Owner":false}}`))
	f.Add([]byte(`{"input":{"action":"a","claims":{"n":17531e4397}}}`))
	doc := new(strictjson.Document)
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := minio.Decode(bytes.Clone(body), doc)
		if err != nil {
			if req.Owner || req.Action != "" {
				t.Fatalf("an error came with a request: %+v", req)
			}
			return
		}
		var want struct{ Input recorded }
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("encoding/json refuses what was accepted: %v", err)
		}
		if want.Input.Owner != req.Owner || want.Input.Account != req.Account || want.Input.Action != req.Action {
			t.Fatalf("read as %+v, by encoding/json as %+v", req, want.Input)
		}
	})
}
