package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every command has a help text with its purpose, its exit codes, and examples that the command accepts.
func TestEveryCommandExplainsItself(t *testing.T) {
	commands := 0
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Name() == "help" || c.Name() == "completion" || c.Parent() != nil && c.Parent().Name() == "completion" {
			return // cobra's own
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
		if c.Short == "" || len(c.Short) > 66 || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the short text is %q", c.CommandPath(), c.Short)
		}
		if c.HasSubCommands() && c.Name() != "demo" {
			return // a group of commands
		}
		commands++
		if len(c.Long) < 100 || !strings.Contains(c.Long, "Exit codes: ") {
			t.Errorf("%s: --help does not say enough, or no exit codes", c.CommandPath())
		}
		for line := range strings.Lines(c.Long + "\n" + c.UsageString()) {
			if n := len(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%s: --help has a line of %d characters", c.CommandPath(), n)
			}
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		examples(t, c)
	}
	visit(newRootCmd())
	if commands < 14 {
		t.Errorf("only %d commands were looked at", commands)
	}
}

// examples fails unless each example calls c with flags and arguments that c accepts.
func examples(t *testing.T, c *cobra.Command) {
	t.Helper()
	found := 0
	for line := range strings.Lines(strings.ReplaceAll(c.Example, "\\\n", " ")) {
		_, line, isCommand := strings.Cut(line, "claimgate ")
		if !isCommand {
			continue
		}
		found++
		line, _, _ = strings.Cut(line, " # ")
		line, _, _ = strings.Cut(line, " < ")
		line, _, _ = strings.Cut(line, " | ")
		line, _, _ = strings.Cut(line, " > ")
		root := newRootCmd()
		root.SetOut(io.Discard)
		named, args, err := root.Find(words(strings.TrimSpace(line)))
		if err != nil || named.CommandPath() != c.CommandPath() {
			t.Errorf("%s: the example %q is of %s, %v", c.CommandPath(), line, named.CommandPath(), err)
			continue
		}
		if err := named.ParseFlags(args); err != nil {
			t.Errorf("%s: the example %q: %v", c.CommandPath(), line, err)
			continue
		}
		if err := named.ValidateArgs(named.Flags().Args()); err != nil {
			t.Errorf("%s: the example %q: %v", c.CommandPath(), line, err)
		}
	}
	if c.Example != "" && found == 0 {
		t.Errorf("%s: the example is no command", c.CommandPath())
	}
}

func TestCompletionKnowsEveryShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, stderr := command(t, "completion", shell); code != 0 || !strings.Contains(out, "claimgate") {
			t.Errorf("%s: exit %d, %s", shell, code, stderr)
		}
	}
}
