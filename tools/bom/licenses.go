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

// allowed are the licenses that claimgate, under Apache-2.0, may be distributed
// with as a binary: they ask for no more than that their text goes with it.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense", "0BSD", "Zlib"}

var (
	licenseFile = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying)([-._].*)?$`)
	// noticeFile is passed on with the license and grants nothing by itself.
	noticeFile = regexp.MustCompile(`(?i)^(notice|patents|authors)([-._].*)?$`)
)

// readLicenses finds the licenses at the root of a module's source.
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
				return fmt.Errorf("%s@%s: %.0f %% of %s are no license that is known: read it", p.path, p.version, 100-percent, filepath.Join(p.dir, e.Name()))
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
			return fmt.Errorf("%s@%s is under %s, which is not among %v: use another module, or have somebody who may decide it add the license to tools/bom/licenses.go", p.path, p.version, l, allowed)
		}
	}
	return nil
}

// wellKnown is how much of a license file must be known text, in percent: what is
// added to a license may take back what it grants. Copyright lines are short.
const wellKnown = 75

// identify names the licenses in a text by their SPDX identifiers, and says how
// much of the text they are.
func identify(content []byte) (ids []string, percent float64) {
	found := licensecheck.Scan(content)
	for _, m := range found.Match {
		// A mention by URL or by an SPDX line is no license text; the text is there
		// as well, or the module is refused.
		if !m.IsURL {
			ids = append(ids, m.ID)
		}
	}
	return ids, found.Percent
}

func encodeNotices(parts []part) []byte {
	var b bytes.Buffer
	b.WriteString("claimgate is distributed with the software below, under the licenses that follow each.\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "\n%s\n%s %s (%s)\n", bytes.Repeat([]byte("="), 80), p.path, p.version, join(p.licenses))
		for _, t := range p.texts {
			fmt.Fprintf(&b, "\n--- %s\n\n%s\n", t.name, bytes.TrimSpace([]byte(t.content)))
		}
	}
	return b.Bytes()
}
