package rustfs_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/claimgate/claimgate/app/dialect"
	"github.com/claimgate/claimgate/app/dialect/dialects"
	"github.com/claimgate/claimgate/app/dialect/minio"
	"github.com/claimgate/claimgate/app/dialect/rustfs"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// whole is a body as RustFS sends it.
const whole = `{"input":{"identity":{"account":"AK","groups":["devs"],"is_owner":false,"claims":{"sub":"s"}},` +
	`"resource":{"bucket":"b","object":"o/p","arn":"arn:aws:s3:::b/o/p"},"action":"s3:GetObject",` +
	`"context":{"conditions":{"SourceIp":["192.0.2.1"],"x-authentik-jwt":["t"]},"deny_only":false,"timestamp":"2026-08-23T00:00:00+00:00"}}}`

func TestABodyIsRead(t *testing.T) {
	doc := new(strictjson.Document)
	r, err := rustfs.Decode([]byte(whole), doc)
	if err != nil {
		t.Fatal(err)
	}
	if r.Account != "AK" || r.Action != "s3:GetObject" || r.Bucket != "b" || r.Object != "o/p" || r.Owner || r.DenyOnly || r.Server.Name != "rustfs" ||
		r.Conditions.Get("SourceIp").First().View() != "192.0.2.1" || r.Claims.Get("sub").View() != "s" {
		t.Errorf("read %+v", r)
	}
	deny := strings.NewReplacer(`"deny_only":false`, `"deny_only":true`, `"is_owner":false`, `"is_owner":true`, `"object":"o/p","arn":"arn:aws:s3:::b/o/p"`, `"object":"","arn":"arn:aws:s3:::b"`).Replace(whole)
	if r, err = rustfs.Decode([]byte(deny), doc); err != nil || !r.DenyOnly || !r.Owner || r.Object != "" {
		t.Errorf("read %+v, %v", r, err)
	}
	// A newer server may send more members. They change nothing.
	more := strings.NewReplacer(`"action":`, `"newer":{"is_owner":true},"action":`, `"account":`, `"also":[1],"account":`).Replace(whole)
	if r, err = rustfs.Decode([]byte(more), doc); err != nil || r.Owner || r.Account != "AK" {
		t.Errorf("read %+v, %v", r, err)
	}
	if _, err := rustfs.Decode(nil, doc); !errors.Is(err, dialect.ErrProbe) {
		t.Errorf("an empty body: %v", err)
	}
}

func TestMalformedBodiesAreRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"an object that arn does not name":         {`"arn:aws:s3:::b/o/p"`, `"arn:aws:s3:::b/o"`},
		"a bucket that arn does not name":          {`"bucket":"b"`, `"bucket":"c"`},
		"an arn without an object":                 {`"arn:aws:s3:::b/o/p"`, `"arn:aws:s3:::b"`},
		"an arn of no form":                        {`"arn:aws:s3:::b/o/p"`, `"b/o/p"`},
		"an object in arn alone":                   {`"object":"o/p"`, `"object":""`},
		"an arn cut elsewhere":                     {`"bucket":"b","object":"o/p"`, `"bucket":"b/o","object":"/p"`},
		"is_owner twice":                           {`"is_owner":false`, `"is_owner":false,"is_owner":true`},
		"is_owner and Is_Owner":                    {`"is_owner":false`, `"is_owner":false,"Is_Owner":true`},
		"is_owner a string":                        {`"is_owner":false`, `"is_owner":"false"`},
		"no is_owner":                              {`"is_owner":false,`, ``},
		"account null":                             {`"account":"AK"`, `"account":null`},
		"claims null":                              {`"claims":{"sub":"s"}`, `"claims":null`},
		"claims a list":                            {`"claims":{"sub":"s"}`, `"claims":[]`},
		"a claim twice":                            {`{"sub":"s"}`, `{"sub":"s","sub":"t"}`},
		"no claims":                                {`,"claims":{"sub":"s"}`, ``},
		"groups null":                              {`"groups":["devs"]`, `"groups":null`},
		"groups of numbers":                        {`"groups":["devs"]`, `"groups":[1]`},
		"identity a list":                          {`"identity":{"account":"AK","groups":["devs"],"is_owner":false,"claims":{"sub":"s"}}`, `"identity":[]`},
		"an empty action":                          {`"s3:GetObject"`, `""`},
		"action a list":                            {`"s3:GetObject"`, `["s3:GetObject"]`},
		"Action beside action":                     {`"action":`, `"Action":"s3:PutObject","action":`},
		"deny_only a number":                       {`"deny_only":false`, `"deny_only":0`},
		"no deny_only":                             {`"deny_only":false,`, ``},
		"a condition that is text":                 {`["192.0.2.1"]`, `"192.0.2.1"`},
		"a condition with a number":                {`["192.0.2.1"]`, `[1]`},
		"a condition twice":                        {`"SourceIp":`, `"SourceIp":["10.0.0.1"],"SourceIp":`},
		"a timestamp that is no time":              {`2026-08-23T00:00:00+00:00`, `yesterday`},
		"a timestamp that is a number":             {`"2026-08-23T00:00:00+00:00"`, `1`},
		"Input beside input":                       {`{"input"`, `{"Input":{},"input"`},
		"MinIO's members in the place of RustFS's": {`"identity":`, `"account":`},
		"invalid UTF-8":                            {`"bucket":"b"`, "\"bucket\":\"\xff\""},
	} {
		body := strings.Replace(whole, change[0], change[1], 1)
		if body == whole {
			t.Errorf("%s: nothing is changed", name)
		}
		if r, err := rustfs.Decode([]byte(body), new(strictjson.Document)); err == nil {
			t.Errorf("%s was read as %+v", name, r)
		}
	}
	for n := 1; n < len(whole); n++ {
		if _, err := rustfs.Decode([]byte(whole[:n]), new(strictjson.Document)); err == nil {
			t.Fatalf("the first %d of %d bytes were read as a request", n, len(whole))
		}
	}
}

// dialects.Decode finds the dialect of a recorded body.
func TestADialectIsKnownByTheBody(t *testing.T) {
	for body, want := range map[string]string{
		whole: "rustfs",
		`{"input":{"account":"a","action":"s3:GetObject","bucket":"b","object":"o","claims":{},"conditions":{}}}`: "minio",
	} {
		if r, err := dialects.Decode([]byte(body), new(strictjson.Document)); err != nil || r.Server.Name != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	if dialects.Named("rustfs") != rustfs.Dialect || dialects.Named("minio") != minio.Dialect || dialects.Named("") != nil {
		t.Error("a dialect is not found by its name")
	}
}

// encoding/json accepts every body that Decode accepts, and reads the same values.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"input":{"identity":{"is_owner":true}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := rustfs.Decode(body, new(strictjson.Document))
		if err != nil {
			if r.Server != nil || r.Owner || r.Action != "" {
				t.Fatal("an error with a request")
			}
			return
		}
		var read struct {
			Input struct {
				Identity struct {
					Account string `json:"account"`
					Owner   bool   `json:"is_owner"`
				} `json:"identity"`
				Resource struct{ Bucket, Object, ARN string } `json:"resource"`
				Action   string                               `json:"action"`
				Context  struct {
					DenyOnly bool `json:"deny_only"`
				} `json:"context"`
			} `json:"input"`
		}
		if err := json.Unmarshal(body, &read); err != nil {
			t.Fatalf("encoding/json refuses what is accepted: %v", err)
		}
		in := read.Input
		if in.Identity.Account != r.Account || in.Identity.Owner != r.Owner || in.Action != r.Action || in.Resource.Bucket != r.Bucket || in.Resource.Object != r.Object || in.Context.DenyOnly != r.DenyOnly {
			t.Fatalf("read as %+v, encoding/json reads %+v", r, in)
		}
	})
}
