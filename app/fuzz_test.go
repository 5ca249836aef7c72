package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"

	"github.com/claimgate/claimgate/mapping"
)

// For files with any content, check prints something and ends with 0, 1 or 2. If the code is 0, the mapping
// loads.
func FuzzCheck(f *testing.F) {
	example := []byte("version = 1\n[claim]\nallow = [\"readonly\"]\n[[group]]\nmatch = \"a-{bucket}\"\npolicies = [\"p\"]\n[[policy]]\nname = \"p\"\n" +
		"document = '{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::${group:bucket}/*\"}]}'\n")
	var wide []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + string(example))) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	f.Add(example, []byte("[[issuer]]\nurl = \"https://a.example/\"\naudiences = [\"m\"]\n"))
	f.Add(example[:len(example)/2], example)
	f.Add(append([]byte("\ufeff"), example...), wide)
	f.Add(bytes.ReplaceAll(example, []byte("\n"), []byte("\r\n")), []byte{0xff, 0, 0xfe})
	f.Fuzz(func(t *testing.T, text, config []byte) {
		dir := t.TempDir()
		file, configFile := filepath.Join(dir, "mapping.toml"), filepath.Join(dir, "config.toml")
		for path, content := range map[string][]byte{file: text, configFile: config} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, args := range [][]string{{"check", "--mapping", file}, {"check", "--config", configFile, "--mapping", file}} {
			code, out, errs := command(t, args...)
			if code < 0 || code > 2 || out+errs == "" {
				t.Errorf("%v: exit %d, %q, %q", args, code, out, errs)
			}
			if m, found := mapping.Load(file); code == 0 && m == nil {
				t.Errorf("check finds no error, and the mapping does not load: %v", found)
			}
		}
	})
}
