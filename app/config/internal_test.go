package config

import (
	"errors"
	"io/fs"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestABadTagPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("accepted")
		}
	}()
	setDefaults(reflect.ValueOf(&struct {
		On bool `toml:"on" default:"maybe"`
	}{}).Elem())
}

func TestReasonsOfFileErrors(t *testing.T) {
	for want, err := range map[string]error{
		"the file may not be read: f": &fs.PathError{Op: "open", Path: "f", Err: fs.ErrPermission},
		"the file may not be read":    fs.ErrPermission,
		"odd":                         errors.New("odd"),
	} {
		if got := reason(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Min(0).Draw(t, "n")
		if got, bad := parseSize(formatSize(n)); bad != nil || got != n {
			t.Fatalf("%d is written %s and read %d, %v", n, formatSize(n), got, bad)
		}
	})
}

// No two keys share a variable, as "a_b.c" and "a.b_c" would.
func TestVariablesAreUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for _, key := range Reference() {
		if other, taken := seen[key.Env]; taken {
			t.Errorf("%s is %s and %s.%s", key.Env, other, key.Section, key.Name)
		}
		seen[key.Env] = key.Section + "." + key.Name
	}
}
