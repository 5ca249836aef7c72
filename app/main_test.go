package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestMain lets the scripts run this test binary as claimgate.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"claimgate": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the scripts of testdata/script. Each script runs commands on the files that it holds.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE") != "",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status,
			"fits":   fits,
			"widen":  widen,
		},
	})
}

// status runs a command and fails unless it ends with the code: status CODE COMMAND ARG...
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("ended with %s, want %s", code, args[0])
	}
}

// widen rewrites a file in UTF-16 with a byte order mark, as some shells write files: widen FILE.
func widen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: widen FILE")
	}
	wide := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(ts.ReadFile(args[0]))) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), wide, 0o600))
}

// fits validates the JSON that the last command printed by a part of docs/review.schema.json: fits PART. A member that
// the schema does not list fails.
func fits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fits PART")
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	ts.Check(c.AddResource("review.schema.json", reviewSchema(ts)))
	s, err := c.Compile("review.schema.json#/$defs/" + args[0])
	ts.Check(err)
	ts.Check(s.Validate(v))
}

// reviewSchemaFile is absolute, because a script runs in a directory of its own.
var reviewSchemaFile = func() string {
	path, err := filepath.Abs("../docs/review.schema.json")
	if err != nil {
		panic(err)
	}
	return path
}()

// reviewSchema returns docs/review.schema.json without the permission for other members. The published schema accepts
// them, because later versions may add members.
func reviewSchema(ts *testscript.TestScript) any {
	text, err := os.ReadFile(reviewSchemaFile)
	ts.Check(err)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ts.Check(err)
	var list func(part any)
	list = func(part any) {
		switch part := part.(type) {
		case []any:
			for _, one := range part {
				list(one)
			}
		case map[string]any:
			for _, one := range part {
				list(one)
			}
			if _, lists := part["properties"]; lists && part["type"] == "object" {
				part["additionalProperties"] = false
			}
		}
	}
	list(schema)
	return schema
}
