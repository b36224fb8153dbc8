package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	catalogue "tend/node/words"
)

// described are the keys under which the tree of commands finds its sentences.
func described(t *testing.T) []string {
	t.Helper()
	var keys []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		keys = append(keys, helpKey(cmd))
		if long := helpKey(cmd) + ".long"; catalogue.Commands.Has(long) {
			keys = append(keys, long)
		}
		for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { keys = append(keys, flagKey(cmd, f.Name)) })
		}
		for _, under := range cmd.Commands() {
			walk(under)
		}
	}
	root := (&app{}).root()
	walk(root)
	for _, g := range root.Groups() {
		keys = append(keys, "groups."+g.ID)
	}
	if len(keys) < 350 {
		t.Fatalf("found only %d commands and flags: the walk is blind", len(keys))
	}
	return keys
}

// TestEveryCommandIsDescribed holds the tree of commands and the catalogue to one
// another: every command and every flag has its sentence, and no sentence describes one
// that there is not.
func TestEveryCommandIsDescribed(t *testing.T) {
	keys := described(t)
	for _, key := range keys {
		if !catalogue.Commands.Has(key) {
			t.Errorf("the catalogue has no %s", key)
		}
	}
	for _, key := range catalogue.Commands.Keys() {
		if (strings.HasPrefix(key, "help.") || strings.HasPrefix(key, "groups.")) && !slices.Contains(keys, key) {
			t.Errorf("nothing is described by %s", key)
		}
	}
}
