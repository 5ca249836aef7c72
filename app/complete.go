package main

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/spf13/cobra"
)

// completeQuestion completes the arguments ACTION and RESOURCE. The resources come from the file of --mapping.
func completeQuestion(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return access.Asked(), cobra.ShellCompDirectiveNoFileComp
	case 1:
		return resourcesOf(mappingOf(cmd)), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags registers completions for the flags that name a principal, a resource or an action. The
// principals and resources come from the file of --mapping.
func completeFlags(cmd *cobra.Command) {
	for flag, list := range map[string]func(*mapping.Mapping) []string{
		"group":   func(m *mapping.Mapping) []string { return ruleNames(m, "group") },
		"sub":     func(m *mapping.Mapping) []string { return ruleNames(m, "user") },
		"account": func(m *mapping.Mapping) []string { return ruleNames(m, "account") },
		"on":      resourcesOf,
		"action":  func(*mapping.Mapping) []string { return access.Asked() },
	} {
		if cmd.Flags().Lookup(flag) == nil {
			continue
		}
		// An error means that the flag already has a completion, which is a bug of this program.
		if err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return list(mappingOf(cmd)), cobra.ShellCompDirectiveNoFileComp
		}); err != nil {
			panic(err)
		}
	}
}

// mappingOf loads the file of --mapping. It returns nil without the flag, and for a mapping with errors.
func mappingOf(cmd *cobra.Command) *mapping.Mapping {
	file, err := cmd.Flags().GetString("mapping")
	if err != nil || file == "" {
		return nil
	}
	m, _ := mapping.Load(file)
	return m
}

// ruleNames returns the sorted names of the rules of one kind. Patterns are left out.
func ruleNames(m *mapping.Mapping, kind string) []string {
	var names []string
	if m == nil {
		return nil
	}
	for _, r := range m.Rules() {
		if r.Kind == kind && r.Captures == nil {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// resourcesOf returns the sorted resources of the policies that the mapping defines itself.
func resourcesOf(m *mapping.Mapping) []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, p := range m.Policies() {
		for _, s := range p.Statements() {
			for _, r := range append(s.Resources, s.NotResources...) {
				if !p.Canned {
					all = append(all, strings.TrimPrefix(r, "arn:aws:s3:::"))
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
