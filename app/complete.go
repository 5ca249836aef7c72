package main

import (
	"slices"
	"strings"

	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/spf13/cobra"
)

// completeQuestion completes ACTION and then RESOURCE by the mapping of --mapping.
func completeQuestion(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return access.Asked(), cobra.ShellCompDirectiveNoFileComp
	case 1:
		return resourcesOf(mappingOf(cmd)), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags completes the flags that name somebody or a resource by the mapping of --mapping.
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
		// The error says that the flag has a function already: a fault of this program.
		if err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return list(mappingOf(cmd)), cobra.ShellCompDirectiveNoFileComp
		}); err != nil {
			panic(err)
		}
	}
}

// mappingOf loads the mapping of --mapping; nil if there is none, or one with errors.
func mappingOf(cmd *cobra.Command) *mapping.Mapping {
	file, err := cmd.Flags().GetString("mapping")
	if err != nil || file == "" {
		return nil
	}
	m, _ := mapping.Load(file)
	return m
}

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

// resourcesOf lists the resources that policies of the file name.
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
