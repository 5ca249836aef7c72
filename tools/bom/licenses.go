package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/google/licensecheck"
)

// allowed are the licenses with which a binary of claimgate, under Apache-2.0, may be
// distributed: they only require that their text is included.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense", "0BSD", "Zlib"}

var (
	licenseFile = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying)([-._].*)?$`)
	// noticeFile matches files that are included with the license and grant nothing.
	noticeFile = regexp.MustCompile(`(?i)^(notice|patents|authors)([-._].*)?$`)
)

// readLicenses reads the licenses in the root directory of a module.
func (p *part) readLicenses() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		license, notice := licenseFile.MatchString(e.Name()), noticeFile.MatchString(e.Name())
		if e.IsDir() || filepath.Ext(e.Name()) == ".go" || !license && !notice {
			continue
		}
		content, err := os.ReadFile(filepath.Join(p.dir, e.Name()))
		if err != nil {
			return err
		}
		p.texts = append(p.texts, text{e.Name(), string(content)})
		if license {
			ids, percent := identify(content)
			if percent < wellKnown {
				return fmt.Errorf("%s@%s: %.0f %% of %s is not a known license: read it", p.path, p.version, 100-percent, filepath.Join(p.dir, e.Name()))
			}
			p.licenses = append(p.licenses, ids...)
		}
	}
	slices.Sort(p.licenses)
	p.licenses = slices.Compact(p.licenses)
	if len(p.licenses) == 0 {
		return fmt.Errorf("%s@%s: no license was recognized in %s", p.path, p.version, p.dir)
	}
	for _, l := range p.licenses {
		if !slices.Contains(allowed, l) {
			return fmt.Errorf("%s@%s is under %s, which is not one of %v: use another module, or let the maintainers add the license to tools/bom/licenses.go", p.path, p.version, l, allowed)
		}
	}
	return nil
}

// wellKnown is the part of a license file that must be known text, in percent. Text that
// is added to a license may restrict it. Copyright lines are short.
const wellKnown = 75

// identify returns the SPDX identifiers of the licenses in a text, and their part of the
// text in percent.
func identify(content []byte) (ids []string, percent float64) {
	found := licensecheck.Scan(content)
	for _, m := range found.Match {
		// A URL or an SPDX line is not a license text. The module must contain the
		// text, too.
		if !m.IsURL {
			ids = append(ids, m.ID)
		}
	}
	return ids, found.Percent
}

func encodeNotices(parts []part) []byte {
	var b bytes.Buffer
	b.WriteString("claimgate is distributed with the software below, each under the licenses that follow it.\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "\n%s\n%s %s (%s)\n", bytes.Repeat([]byte("="), 80), p.path, p.version, join(p.licenses))
		for _, t := range p.texts {
			fmt.Fprintf(&b, "\n--- %s\n\n%s\n", t.name, bytes.TrimSpace([]byte(t.content)))
		}
	}
	return b.Bytes()
}
