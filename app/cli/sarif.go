package cli

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/internal/finding"
)

// The part of SARIF 2.1.0 (OASIS) that code hosts read.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
)

// SARIF writes findings as SARIF, which code hosts show beside the lines of a change. codes holds the codes that
// findings may have.
func SARIF(w io.Writer, findings []finding.Finding, codes []finding.Code) error {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: "claimgate", InformationURI: "https://github.com/claimgate/claimgate", Rules: []sarifRule{},
		}},
		ColumnKind: "unicodeCodePoints",
		Results:    []sarifResult{},
	}
	for _, code := range codes {
		if slices.ContainsFunc(findings, func(f finding.Finding) bool { return f.Code == code.Code }) {
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{ID: code.Code, ShortDescription: sarifMessage{code.Meaning}})
		}
	}
	for _, f := range findings {
		text := f.Message
		if f.Fix != "" {
			text += "; " + f.Fix
		}
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Code, Level: string(f.Severity), Message: sarifMessage{text}, Locations: sarifPlaces(f),
		})
	}
	return JSON(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// sarifPlaces returns the place of a finding. A finding about the environment has no place.
func sarifPlaces(f finding.Finding) []sarifLocation {
	if f.File == "" || f.File == config.Environment {
		return nil
	}
	uri := url.URL{Path: filepath.ToSlash(f.File)}
	if filepath.IsAbs(f.File) {
		uri.Scheme = "file"
	}
	place := sarifPhysical{Artifact: sarifArtifact{URI: uri.String()}}
	if f.Line > 0 {
		place.Region = &sarifRegion{StartLine: f.Line, StartColumn: f.Column}
	}
	return []sarifLocation{{place}}
}
