package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/app/cli"
	"github.com/claimgate/claimgate/app/review/replay"
	"github.com/claimgate/claimgate/app/review/suggest"
	"github.com/claimgate/claimgate/mapping"
	"github.com/spf13/cobra"
)

// newSuggestCmd makes `claimgate suggest`, which derives least-privilege policies from the decision log.
func newSuggestCmd() *cobra.Command {
	var file, format, at, since string
	cmd := &cobra.Command{
		Use:   "suggest AUDIT.jsonl",
		Short: "Find unused rights in the decision log and suggest policies",
		Long: `suggest reads a decision log. It says for each rule which of its policies
nobody needed, which actions nobody used, and which policy would have been
enough. It reduces a resource to the bucket and the first element of the key. A
suggested policy allows nothing that the current policy does not: it keeps each
Deny, condition and variable. If two policies allow a request, the one that
decided counts as used.

With --since 90d, a use before the last 90 days of the log does not count. If
the log is shorter than that, suggest suggests nothing. Without --since the
whole log counts. suggest reads the log as a stream; - is standard input.

Exit codes: 0 fine; 2 a file cannot be read, or holds no decision log.`,
		Example: `  claimgate suggest decisions.jsonl --mapping mapping.toml --since 90d
  zcat decisions.jsonl.gz | claimgate suggest - --mapping mapping.toml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(format, "text", "json", "toml"); err != nil {
				return err
			}
			back, err := days(since)
			if err != nil {
				return err
			}
			m, now, err := loadMapping(file, at)
			if err != nil {
				return err
			}
			r, err := replayFile(args[0], cmd.InOrStdin(), cmd.ErrOrStderr(), replay.Options{Mapping: m, Now: now(), Uses: true})
			switch {
			case err != nil:
				return cli.Exit(cli.ExitUsage, err)
			case r.Unreadable == r.Lines:
				return errNoLog(args[0])
			}
			return printSuggestions(cmd.OutOrStdout(), cmd.ErrOrStderr(), format, m, r, back)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "mapping", "", "the mapping of the log")
	flags.StringVar(&format, "format", "text", "text, json or toml")
	flags.StringVar(&since, "since", "", "count uses only in the last part of the log, such as 90d or 12h; default: the whole log")
	flags.StringVar(&at, "at", "", atHelp)
	return cmd
}

// days parses --since: a Go duration, or whole days such as 90d. The empty text is 0.
func days(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if number, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(number)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return 0, cli.Usage("--since %q: write days or hours, such as 90d or 12h", text)
	}
	return d, nil
}

func printSuggestions(w, stderr io.Writer, format string, m *mapping.Mapping, r *replay.Result, back time.Duration) error {
	from := r.Log.First
	all := []suggest.Suggestion{}
	if since := r.Log.Last.Add(-back); back > 0 && since.Before(from) {
		fmt.Fprintf(stderr, "claimgate: the log begins %s and ends %s: it is too young to say what nobody used for %s, so nothing is suggested\n", day(r.Log.First), day(r.Log.Last), span(back))
		m = nil
	} else if back > 0 {
		from = since
	}
	switch {
	case m == nil && format == "text", m == nil && format == "toml":
		return nil
	case m == nil:
		return cli.JSON(w, all)
	case format == "toml":
		return suggestionsTOML(w, suggest.Together(m, r, from), from)
	}
	all = suggest.Of(m, r, from)
	if format == "json" {
		return cli.JSON(w, all)
	}
	return suggestionsText(w, all, r, from)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func span(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Minute).String(), "0s"), "0m")
}

func suggestionsText(w io.Writer, all []suggest.Suggestion, r *replay.Result, from time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s to %s (%s)\n", cli.Plural(r.Lines, "decision"), day(from), day(r.Log.Last), span(r.Log.Last.Sub(from)))
	if r.Log.Last.Sub(from) < youngLog {
		b.WriteString("The log is young: what is done once a month may not be in it.\n")
	}
	for i := range all {
		s := &all[i]
		fmt.Fprintf(&b, "\n%s %q, policy %s  %s:%d\n", s.Rule.Kind, cli.Printable(s.Rule.Name), cli.Printable(s.Policy), s.Rule.File, s.Rule.Line)
		if s.Unused {
			fmt.Fprintf(&b, "  unused: nobody needed it since %s\n", day(from))
			continue
		}
		fmt.Fprintf(&b, "  used %s, last on %s\n", cli.Plural(s.Used, "time"), s.LastUsed)
		for i, line := range cli.Wrap(s.Never, 78) {
			fmt.Fprintf(&b, "  %-7s %s\n", map[bool]string{true: "never"}[i == 0], line)
		}
		text, err := json.MarshalIndent(s.Document, "          ", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "  enough  %s\n", text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// youngLog is the length below which the output warns that rare actions may be missing from the log.
const youngLog = 30 * 24 * time.Hour

func suggestionsTOML(w io.Writer, all []suggest.Need, from time.Time) error {
	var b strings.Builder
	for i := range all {
		s := &all[i]
		if i > 0 {
			b.WriteString("\n")
		}
		if s.Unused {
			fmt.Fprintf(&b, "# Policy %s: nobody needed it since %s.\n", cli.Printable(s.Policy), day(from))
			continue
		}
		fmt.Fprintf(&b, "# Policy %s: used %s since %s, last on %s.\n", cli.Printable(s.Policy), cli.Plural(s.Used, "time"), day(from), s.LastUsed)
		if len(s.Never) > 0 {
			fmt.Fprintf(&b, "# Nobody used %s.\n", strings.Join(s.Never, ", "))
		}
		text, err := json.MarshalIndent(s.Document, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "[[policy]]\nname = %q\ndocument = '''\n%s\n'''\n", s.Policy+"-used", text)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
