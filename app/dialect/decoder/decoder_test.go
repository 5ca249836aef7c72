package decoder

import (
	"bytes"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/dialect/rustfs"
	"github.com/claimgate/claimgate/app/gateway"
	"github.com/claimgate/claimgate/internal/fixtures"
	"github.com/claimgate/claimgate/internal/strictjson"
	"pgregory.net/rapid"
)

// ofRustFS is a question of RustFS. Its members are sorted, as RustFS sends them.
const ofRustFS = `{"input":{"action":"s3:GetObject","context":{"conditions":{"CurrentTime":["2026-11-21T12:00:00Z"],"SourceIp":["192.0.2.1"],` +
	`"authorization":["s3cr3t"],"cookie":["s3cr3t"],"x-api-key":["s3cr3t"],"x-authentik-jwt":["a.token.here"]},"deny_only":false,"newer":["s3cr3t"],` +
	`"timestamp":"2026-11-21T12:00:00+00:00"},"identity":{"account":"AK","also":"s3cr3t","claims":{"sub":"s"},"groups":[],"is_owner":false},` +
	`"more":{"of":"s3cr3t"},"resource":{"arn":"arn:aws:s3:::b/o","bucket":"b","object":"o"}},"beside":"s3cr3t"}`

// decoded describes a decoded body. It shares no memory with the body.
type decoded struct {
	account, action, bucket, object string
	owner, denyOnly, anonymous      bool
	conditions, claims              string
	found                           gateway.ClaimPlaces
	err                             string
}

func describe(r *gateway.Request, err error) decoded {
	d := decoded{
		account: strings.Clone(r.Account), action: strings.Clone(r.Action), bucket: strings.Clone(r.Bucket), object: strings.Clone(r.Object),
		owner: r.Owner, denyOnly: r.DenyOnly, anonymous: r.Anonymous(),
		conditions: string(r.Conditions.Raw()), claims: string(r.Claims.Raw()), found: r.Claims.Places(),
	}
	if err != nil {
		d.err = err.Error()
	}
	return d
}

// kept returns the text of the pattern for a body.
func kept(d *Decoder, body []byte) []byte {
	return reflect.ValueOf(d.slot(body).Load()).Elem().FieldByName("text").Elem().FieldByName("data").Bytes()
}

// plain decodes a body without a Decoder.
func plain(d *dialect.Dialect, body []byte) decoded {
	r, err := d.Decode(body, new(strictjson.Document))
	return describe(&r, err)
}

// A pattern never changes what a body means: a Decoder decodes recorded and changed requests, in any order, as
// its dialect does.
func TestPatternsChangeNoRequest(t *testing.T) {
	var recorded [][]byte
	for _, call := range fixtures.Calls(t)[1:] {
		recorded = append(recorded, []byte(call.Body))
	}
	for _, c := range []struct {
		dialect  *dialect.Dialect
		evidence []string
		bodies   [][]byte
		pieces   []string
	}{
		{minio.Dialect, nil, recorded, []string{`"owner":true,`}},
		{rustfs.Dialect, []string{"x-authentik-jwt"}, [][]byte{[]byte(ofRustFS)}, []string{`"is_owner":true,`, "b/o"}},
	} {
		t.Run(c.dialect.Name(), rapid.MakeCheck(func(r *rapid.T) {
			d, doc := &Decoder{Dialect: c.dialect, Evidence: c.evidence}, new(strictjson.Document)
			for range rapid.IntRange(1, 8).Draw(r, "questions") {
				body := bytes.Clone(rapid.SampledFrom(c.bodies).Draw(r, "question"))
				if rapid.Bool().Draw(r, "changed") {
					from := rapid.IntRange(0, len(body)-1).Draw(r, "from")
					to := rapid.IntRange(from, min(len(body), from+20)).Draw(r, "to")
					pieces := append([]string{"", "x", `"`, `true`, `{}`, `","s3:*`, `null`, `[]`, `7`, `sub`}, c.pieces...)
					piece := rapid.SampledFrom(pieces).Draw(r, "piece")
					body = append(append(bytes.Clone(body[:from]), piece...), body[to:]...)
				}
				// All bodies share one pattern, so that each body is decoded with the pattern of another body.
				slot := d.slot(body)
				slot.Store(d.slots[0].Load())
				req, err := d.Decode(body, doc)
				if got, want := describe(&req, err), plain(c.dialect, body); got != want {
					r.Fatalf("got  %+v\nwant %+v", got, want)
				}
				if err == nil {
					slot.Store(nil)
					d.Keep(body, &req, doc)
					if p := slot.Load(); p != nil {
						d.slots[0].Store(p)
					}
				}
			}
		}))
	}
}

// A question with another time and another object resembles its pattern.
func TestTheNextQuestionOfASessionResemblesThePattern(t *testing.T) {
	d, doc := &Decoder{Dialect: minio.Dialect}, new(strictjson.Document)
	found := 0
	for _, call := range fixtures.Calls(t)[1:] {
		body := []byte(call.Body)
		*d = Decoder{Dialect: minio.Dialect}
		req, err := d.Decode(body, doc)
		if err != nil {
			continue
		}
		d.Keep(body, &req, doc)
		next := bytes.Replace(body, []byte(`"CurrentTime":["20`), []byte(`"CurrentTime":["21`), 1)
		next = bytes.Replace(next, []byte(`"object":"`), []byte(`"object":"another/`), 1)
		if _, err := d.Decode(next, doc); err != nil || !doc.Resembled() {
			t.Errorf("%v: %s does not resemble the question before", err, next)
		}
		found++
	}
	if found < 20 {
		t.Errorf("%d recorded questions were tried", found)
	}
}

// A pattern keeps no keys, signatures and session tokens in memory.
func TestSecretsAreNotKept(t *testing.T) {
	body := []byte(`{"input":{"account":"a","action":"s3:GetObject","conditions":{` +
		`"Authorization":["s3cr3t"],"Cookie":["s3cr3t","s3cr3t"],"X-Amz-Security-Token":["s3cr3t"],"X-Amz-Signature":["s3cr3t"],` +
		`"x-amz-server-side-encryption-customer-key":["s3cr3t\"s3cr3t"],"Referer":["https://x/?X-Amz-Signature=s3cr3t"],"X-Api-Key":["s3cr3t"],"X-Something-Of-Theirs":["s3cr3t"],"claimgate":["s3cr3t"],"UserAgent":["kept"]},"claims":{},` +
		`"another":{"of":["a newer","s3cr3t"]}},"beside":"s3cr3t"}`)
	d, doc := &Decoder{Dialect: minio.Dialect}, new(strictjson.Document)
	for range 2 {
		req, err := d.Decode(body, doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := req.Conditions.Get("x-amz-server-side-encryption-customer-key").First().View(); got != `s3cr3t"s3cr3t` {
			t.Errorf("the condition reads %q", got)
		}
		d.Keep(body, &req, doc)
	}
	if !doc.Resembled() {
		t.Error("the question does not resemble itself")
	}
	data := kept(d, body)
	if !bytes.Contains(data, []byte("kept")) {
		t.Fatal("the pattern was not looked at")
	}
	if bytes.Contains(data, []byte("s3cr3t")) || bytes.Contains(body, []byte("xxxxxx")) {
		t.Error("a secret is kept, or the request's own body was written to")
	}
}

// MinIO repeats claims as conditions. A pattern keeps such a condition only if it is the claim, because a client may send a
// header of the claim's name.
func TestAConditionThatRepeatsItsClaimIsKept(t *testing.T) {
	body := []byte(`{"input":{"account":"a","action":"s3:GetObject","conditions":{"email":["a@corp"],"exp":["s3cr3t"],"groups2":["s3cr3t"],` +
		`"name":["Alice","s3cr3t"],"nickname":["s3cr3t"],"empty":[]},"claims":{"email":"a@corp","exp":5,"name":"Alice","nickname":"al","empty":""}}}`)
	d, doc := &Decoder{Dialect: minio.Dialect}, new(strictjson.Document)
	req, err := d.Decode(body, doc)
	if err != nil {
		t.Fatal(err)
	}
	d.Keep(body, &req, doc)
	data := kept(d, body)
	if !bytes.Contains(data, []byte(`"email":["a@corp"]`)) {
		t.Errorf("the condition is not kept: %s", data)
	}
	if bytes.Contains(data, []byte("s3cr3t")) {
		t.Error("a secret is kept")
	}
}

// A pattern of a RustFS question keeps no secret, and the next question resembles it.
func TestSecretsOfRustFSAreNotKept(t *testing.T) {
	d, doc := &Decoder{Dialect: rustfs.Dialect, Evidence: []string{"x-authentik-jwt"}}, new(strictjson.Document)
	body := []byte(ofRustFS)
	req, err := d.Decode(body, doc)
	if err != nil {
		t.Fatal(err)
	}
	d.Keep(body, &req, doc)
	data := kept(d, body)
	if !bytes.Contains(data, []byte("192.0.2.1")) || !bytes.Contains(data, []byte("a.token.here")) {
		t.Fatal("the pattern was not looked at")
	}
	if bytes.Contains(data, []byte("s3cr3t")) {
		t.Error("a secret is kept")
	}
	next := strings.NewReplacer("12:00:00", "12:00:01", "b/o", "b/another", `"object":"o"`, `"object":"another"`).Replace(ofRustFS)
	if r, err := d.Decode([]byte(next), doc); err != nil || !doc.Resembled() || r.Object != "another" {
		t.Errorf("%v: the next question does not resemble the one before", err)
	}
}

// A large body is not kept. Of many different bodies only one in patternTurn replaces a pattern.
func TestPatternsAreBounded(t *testing.T) {
	d, doc := &Decoder{Dialect: minio.Dialect}, new(strictjson.Document)
	large := []byte(`{"input":{"account":"a","action":"s3:GetObject","object":"` + strings.Repeat("o", patternSize) + `"}}`)
	req, err := d.Decode(large, doc)
	if err != nil {
		t.Fatal(err)
	}
	d.Keep(large, &req, doc)
	if d.slot(large).Load() != nil {
		t.Error("a large body is kept")
	}
	taken := 0
	var last *dialect.Pattern
	for n := range 16 * patternTurn {
		body := []byte(`{"input":{"account":"a","action":"s3:GetObject","bucket":"a bucket of a long name, beyond what is hashed","` +
			strings.Repeat("m", n+1) + `":1}}`)
		req, err := d.Decode(body, doc)
		if err != nil {
			t.Fatal(err)
		}
		d.Keep(body, &req, doc)
		if p := d.slot(body).Load(); p != last {
			last = p
			taken++
		}
	}
	if taken < 2 || taken > 20 {
		t.Errorf("%d of %d bodies took the slot", taken, 16*patternTurn)
	}
}

// A Decoder is used concurrently, for sessions that share slots. Run it with -race.
func TestADecoderIsUsedConcurrently(t *testing.T) {
	calls := fixtures.Calls(t)[1:]
	d := &Decoder{Dialect: minio.Dialect}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			doc := new(strictjson.Document)
			for n := range 20 * len(calls) {
				body := calls[(n*7+g)%len(calls)].Body
				req, err := d.Decode(body, doc)
				if got, want := describe(&req, err), plain(minio.Dialect, body); got != want {
					t.Errorf("got  %+v\nwant %+v", got, want)
					return
				}
				if err == nil {
					d.Keep(body, &req, doc)
				}
			}
		})
	}
	all.Wait()
}
