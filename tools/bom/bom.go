package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

const product = "github.com/claimgate/claimgate"

// encodeBOM writes CycloneDX 1.6, without a random serial number: the same binary has the
// same bill.
func encodeBOM(parts []part, version, digest string, at time.Time) ([]byte, error) {
	main := cdx.Component{
		Type: cdx.ComponentTypeApplication, BOMRef: purl(product, version), Name: "claimgate", Version: version,
		PackageURL: purl(product, version), Licenses: licenses([]string{"Apache-2.0"}),
		Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: digest}},
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: at.UTC().Format(time.RFC3339), Component: &main}
	components, refs := []cdx.Component{}, []string{}
	for _, p := range parts {
		c := cdx.Component{
			Type: cdx.ComponentTypeLibrary, BOMRef: purl(p.path, p.version), Name: p.path, Version: p.version,
			PackageURL: purl(p.path, p.version), Licenses: licenses(p.licenses), Scope: cdx.ScopeRequired,
		}
		if p.sum != "" {
			sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.sum, "h1:"))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.path, err)
			}
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
		}
		components, refs = append(components, c), append(refs, c.BOMRef)
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	var b bytes.Buffer
	err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, cdx.SpecVersion1_6)
	return b.Bytes(), err
}

func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

func licenses(ids []string) *cdx.Licenses {
	var l cdx.Licenses
	for _, id := range ids {
		l = append(l, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	return &l
}

func join(ids []string) string { return strings.Join(ids, ", ") }
