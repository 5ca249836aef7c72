package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// program builds this program, a Go binary with dependencies.
func program(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "bom")
	build := exec.Command("go", "build", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

func TestBillNamesTheLinkedModules(t *testing.T) {
	binary, dir := program(t), t.TempDir()
	bom, notices := filepath.Join(dir, "bom.json"), filepath.Join(dir, "notices")
	if err := run(t.Context(), binary, bom, notices, "v1.2.3", "2026-01-02T03:04:05+01:00"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(bom)
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		BOMFormat, SpecVersion, SerialNumber string
		Metadata                             struct {
			Timestamp string
			Component struct {
				Version string
				Hashes  []struct{ Alg, Content string }
			}
		}
		Components []struct {
			Name, Version, Purl string
			Hashes              []struct{ Alg, Content string }
			Licenses            []struct{ License struct{ ID string } }
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	digest, err := sha256File(binary)
	if err != nil {
		t.Fatal(err)
	}
	if b.BOMFormat != "CycloneDX" || b.Metadata.Component.Version != "v1.2.3" || b.Metadata.Timestamp != "2026-01-02T02:04:05Z" || b.SerialNumber != "" {
		t.Errorf("the head is %+v", b)
	}
	if h := b.Metadata.Component.Hashes; len(h) != 1 || h[0].Content != digest {
		t.Errorf("the binary's digest is %s, the bill says %v", digest, h)
	}
	want := map[string]string{"std": "BSD-3-Clause", "github.com/google/licensecheck": "BSD-3-Clause", "github.com/CycloneDX/cyclonedx-go": "Apache-2.0"}
	for _, c := range b.Components {
		if c.Name != "std" && len(c.Hashes) != 1 {
			t.Errorf("%s has no digest", c.Name)
		}
		if id, ok := want[c.Name]; ok && c.Licenses[0].License.ID == id {
			delete(want, c.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("the bill lacks %v", want)
	}
	passed, err := os.ReadFile(notices)
	if err != nil {
		t.Fatal(err)
	}
	for _, must := range []string{"github.com/CycloneDX/cyclonedx-go v0", "TERMS AND CONDITIONS FOR USE, REPRODUCTION", "The Go Authors"} {
		if !strings.Contains(string(passed), must) {
			t.Errorf("the notices lack %q", must)
		}
	}
}

func TestBillIsTheSameEachTime(t *testing.T) {
	parts := []part{{path: "a", version: "v1", sum: "h1:AAAA", licenses: []string{"MIT"}}}
	first, err := encodeBOM(parts, "v1", "00", time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	second, err := encodeBOM(parts, "v1", "00", time.Unix(0, 0))
	if err != nil || string(first) != string(second) {
		t.Errorf("%v\n%s\n%s", err, first, second)
	}
}

func TestUnsuitableLicensesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, content, says string }{
		"none":            {"README", "MIT License", "no license"},
		"not recognized":  {"LICENSE", "Do as you like, but ask first.", "is not a known license"},
		"the GNU AGPL":    {"COPYING", agpl, "AGPL-3.0"},
		"a patents file":  {"PATENTS", "Additional IP Rights Grant (Patents)", "no license"},
		"AGPL beside MIT": {"LICENSE", mit + "\n\n" + agpl, "AGPL-3.0"},
		"commons clause":  {"LICENSE", mit + "\n\n" + commons, "is not a known license"},
	} {
		t.Run(name, func(t *testing.T) {
			p := part{path: "example.com/m", version: "v1", dir: t.TempDir()}
			if err := os.WriteFile(filepath.Join(p.dir, c.file), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			err := p.readLicenses()
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
	p := part{path: "example.com/m", version: "v1", dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(p.dir, "LICENSE.md"), []byte(mit), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.readLicenses(); err != nil || !slices.Equal(p.licenses, []string{"MIT"}) {
		t.Errorf("MIT: %v, %v", p.licenses, err)
	}
}

const mit = `MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

const commons = `"Commons Clause" License Condition v1.0

The Software is provided to you by the Licensor under the License, as defined below, subject to the following condition.

Without limiting other conditions in the License, the grant of rights under the License will not include, and the License does
not grant to you, the right to Sell the Software.

For purposes of the foregoing, "Sell" means practicing any or all of the rights granted to you under the License to provide to
third parties, for a fee or other consideration (including without limitation fees for hosting or consulting/ support services
related to the Software), a product or service whose value derives, entirely or substantially, from the functionality of the
Software. Any license notice or attribution required by the License must also include this Commons Clause License Condition
notice.
`

const agpl = `This program is free software: you can redistribute it and/or modify it under the terms of the GNU Affero General Public
License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any later version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the implied warranty of
MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU Affero General Public License for more details.

You should have received a copy of the GNU Affero General Public License along with this program. If not, see
<https://www.gnu.org/licenses/>.
`
