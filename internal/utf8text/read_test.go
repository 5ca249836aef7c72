package utf8text_test

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/claimgate/claimgate/internal/utf8text"
)

// A file and a stream are read as Decode reads their bytes, except that both keep bytes that are no UTF-8.
func TestFilesAndStreams(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	for name, c := range map[string]struct{ data, want, err string }{
		"text":            {"{}\nü", "{}\nü", ""},
		"a mark":          {"\ufeff{}\n", "{}\n", ""},
		"a mark only":     {"\ufeff", "", ""},
		"nothing":         {"", "", ""},
		"a torn rune":     {"abcdeü", "abcdeü", ""},
		"no UTF-8":        {"a\xff", "a\xff", ""},
		"UTF-16":          {string(utf16Of(binary.LittleEndian, "\ufeff{}")), "", "the file is UTF-16, not UTF-8: save the file as UTF-8"},
		"UTF-16, no mark": {string(utf16Of(binary.BigEndian, "{}\n")), "", "the file is UTF-16 without a byte order mark, not UTF-8: save the file as UTF-8"},
		"two marks":       {"\ufeff\ufeff{}", "", "the file starts with two byte order marks: save the file as UTF-8"},
	} {
		if err := os.WriteFile(file, []byte(c.data), 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := utf8text.ReadFile(file)
		if string(text) != c.want || message(err) != c.err && message(err) != file+": "+c.err {
			t.Errorf("%s: the file is %q, %v", name, text, err)
		}
		text, err = io.ReadAll(utf8text.NewReader(iotest.OneByteReader(strings.NewReader(c.data))))
		if string(text) != c.want || message(err) != c.err {
			t.Errorf("%s: the stream is %q, %v", name, text, err)
		}
	}
	if _, err := utf8text.ReadFile(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
