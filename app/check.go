package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/config"
	"github.com/claimgate/claimgate/app/dialect/dialects"
	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/app/serve"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/lint"
)

// newCheckCmd makes `claimgate check`, which finds the errors in the files before a server reads the files.
func newCheckCmd() *cobra.Command {
	var configFile, mappingFile, format, dialect string
	var strict bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find errors in config.toml and mapping.toml",
		Long: `check reads config.toml and the environment, the mapping that config.toml
names, and the policy files of the mapping. It prints each finding with its
place and a fix. With --mapping alone it reads only that mapping. With --config
and --mapping, that mapping replaces the one in config.toml. check also proves
the invariants: those that config.toml names, or mapping.invariants.toml beside
the mapping. It starts nothing and sends no request. --dialect rustfs adds
findings about the differences between RustFS and MinIO, as an endpoint with
that dialect in config.toml does.

Exit codes: 0 no errors; 1 errors, or with --strict warnings; 2 a file cannot
be read.`,
		Example: `  claimgate check --config config.toml
  claimgate check --mapping mapping.toml --strict
  claimgate check --mapping mapping.toml --format sarif > claimgate.sarif`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show, ok := map[string]func(io.Writer, []finding.Finding) error{
				"text": printText, "json": printJSON, "sarif": func(w io.Writer, found []finding.Finding) error {
					return cli.SARIF(w, found, slices.Concat(config.Codes(), mapping.Codes()))
				},
			}[format]
			if !ok {
				return cli.Usage("--format %q: write text, json or sarif", format)
			}
			if configFile == "" && mappingFile == "" {
				return cli.Usage("nothing to check: name --config or --mapping")
			}
			if dialect != "" && dialects.Named(dialect) == nil {
				return cli.Usage("--dialect %q: write minio or rustfs", dialect)
			}
			findings, unreadable := check(cmd.Context(), configFile, mappingFile, dialect, os.Environ())
			if unreadable == nil || len(findings) > 0 {
				if err := show(cmd.OutOrStdout(), findings); err != nil {
					return cli.Exit(cli.ExitUsage, err)
				}
			}
			if unreadable != nil {
				return cli.Exit(cli.ExitUsage, unreadable)
			}
			if finding.HasErrors(findings) || strict && len(findings) > 0 {
				return cli.Exit(cli.ExitFound, nil)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&configFile, "config", os.Getenv(config.EnvConfig), "config.toml to check, with the mapping that it names")
	flags.StringVar(&mappingFile, "mapping", "", "mapping.toml to check")
	flags.StringVar(&dialect, "dialect", "", "the server's dialect, minio or rustfs; default: those of config.toml")
	flags.BoolVar(&strict, "strict", false, "exit with 1 on warnings, too")
	flags.StringVar(&format, "format", "text", "text, json or sarif")
	return cmd
}

// check returns the findings about the files. The error is for a named file that cannot be opened, which is
// not a finding about the content.
func check(ctx context.Context, configFile, mappingFile, dialect string, env []string) ([]finding.Finding, error) {
	findings := []finding.Finding{}
	var issuers []string
	groups := map[string][]string{} // the claim with the groups, by issuer
	var invariants string
	var c *config.Config
	sound := true
	if configFile != "" {
		if err := cli.Readable(configFile); err != nil {
			return nil, err
		}
		var found []finding.Finding
		c, found = config.Load(configFile, env)
		findings = append(findings, found...)
		sound = c != nil && !finding.HasErrors(found)
		if c != nil {
			invariants = c.Mapping.Invariants
			for _, e := range c.Endpoints {
				if dialect == "" && e.Dialect == "rustfs" {
					dialect = e.Dialect
				}
			}
			for _, issuer := range c.Issuers {
				issuers = append(issuers, issuer.Name)
				groups[issuer.Name] = issuer.Groups()
			}
			if mappingFile == "" {
				mappingFile = c.Mapping.File
			}
		}
	}
	if mappingFile == "" { // config.toml has errors and names no mapping
		return findings, nil
	}
	if err := cli.Readable(mappingFile); err != nil {
		return findings, err
	}
	m, found := mapping.Load(mappingFile)
	findings = append(findings, found...)
	if m != nil {
		findings = append(findings, lint.Check(m)...)
	}
	if m != nil && dialect == "rustfs" {
		findings = append(findings, lint.RustFS(m)...)
	}
	if m != nil && len(issuers) > 0 {
		findings = append(findings, m.CheckIssuers(issuers)...)
		findings = append(findings, lint.Groups(m, groups)...)
	}
	if m == nil || !sound || finding.HasErrors(findings) { // no invariant can be proved
		return findings, nil
	}
	o := offline.Options{Mapping: m, Now: time.Now}
	if c != nil {
		o = serve.Offline(c, m)
	}
	return append(findings, proof.Findings(ctx, o, invariantsOf(invariants, mappingFile))...), nil
}

// invariantsOf returns the files of invariants: the one that config.toml names, or the one beside the
// mapping if there is one.
func invariantsOf(named, mappingFile string) []string {
	if named != "" {
		return []string{named}
	}
	return proof.Beside(mappingFile)
}

func printText(w io.Writer, findings []finding.Finding) error {
	var b strings.Builder
	failures := 0
	for _, f := range findings {
		fmt.Fprintf(&b, "%s: %s %s: %s\n", f.Place(), f.Severity, f.Code, f.Message)
		if f.Fix != "" {
			fmt.Fprintf(&b, "  fix: %s\n", f.Fix)
		}
		if f.Severity == finding.Error {
			failures++
		}
	}
	if len(findings) == 0 {
		b.WriteString("no findings\n")
	} else {
		fmt.Fprintf(&b, "%s, %s\n", cli.Plural(failures, "error"), cli.Plural(len(findings)-failures, "warning"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printJSON(w io.Writer, findings []finding.Finding) error { return cli.JSON(w, findings) }
