package decoder

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/dialect/rustfs"
	"github.com/claimgate/claimgate/internal/strictjson"
	"pgregory.net/rapid"
)

// ofRustFS is a question of RustFS. Its members are sorted, as RustFS sends them.
const ofRustFS = `{"input":{"action":"s3:GetObject","context":{"conditions":{"CurrentTime":["2026-11-21T12:00:00Z"],"SourceIp":["192.0.2.1"],` +
	`"authorization":["s3cr3t"],"cookie":["s3cr3t"],"x-api-key":["s3cr3t"],"x-authentik-jwt":["a.token.here"]},"deny_only":false,"newer":["s3cr3t"],` +
	`"timestamp":"2026-11-21T12:00:00+00:00"},"identity":{"account":"AK","also":"s3cr3t","claims":{"sub":"s"},"groups":[],"is_owner":false},` +
	`"more":{"of":"s3cr3t"},"resource":{"arn":"arn:aws:s3:::b/o","bucket":"b","object":"o"}},"beside":"s3cr3t"}`

// A pattern never changes what a body of RustFS means.
func TestWhatIsKeptChangesNoRequestOfRustFS(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, doc := &Decoder{Dialect: rustfs.Dialect, Evidence: []string{"x-authentik-jwt"}}, new(strictjson.Document)
		for range rapid.IntRange(1, 8).Draw(r, "questions") {
			body := []byte(ofRustFS)
			if rapid.Bool().Draw(r, "changed") {
				from := rapid.IntRange(0, len(body)-1).Draw(r, "from")
				to := rapid.IntRange(from, min(len(body), from+20)).Draw(r, "to")
				piece := rapid.SampledFrom([]string{"", "x", `"`, `"is_owner":true,`, `true`, `{}`, `","s3:*`, "b/o"}).Draw(r, "piece")
				body = append(append(bytes.Clone(body[:from]), piece...), body[to:]...)
			}
			slot := d.slot(body)
			slot.Store(d.slots[0].Load())
			req, err := d.Decode(body, doc)
			plain, plainErr := rustfs.Decode(body, new(strictjson.Document))
			if got, want := tell(&req, err), tell(&plain, plainErr); got != want {
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
	})
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
	data := reflect.ValueOf(d.slot(body).Load()).Elem().FieldByName("data").Bytes()
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
