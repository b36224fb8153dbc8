package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	catalogue "tend/node/words"
)

// told is what the command line says of what the layers below name.
var told = catalogue.Told

// sentence is one of the command line's, as a text: what goes into it comes as name,
// value, name, value. Every sentence that a person reads here stands in that catalogue.
func sentence(key string, pairs ...any) string { return catalogue.Commands.Say(key, pairs...) }

// called is what a value of the interfaces is called in a person's words, as a group of
// the catalogue has it; "" where it needs no word.
func called(group, value string, pairs ...any) string {
	key := group + "." + value
	if !catalogue.Commands.Has(key) {
		return ""
	}
	return sentence(key, pairs...)
}

// describe gives a command, its flags and all below it the sentences of the catalogue:
// the code declares a verb, the catalogue says what it is for.
func describe(cmd *cobra.Command) {
	key := helpKey(cmd)
	cmd.Short = sentence(key)
	if long := key + ".long"; catalogue.Commands.Has(long) {
		cmd.Long = sentence(long)
	}
	for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
		set.VisitAll(func(f *pflag.Flag) { f.Usage = sentence(flagKey(cmd, f.Name)) })
	}
	for _, under := range cmd.Commands() {
		describe(under)
	}
}

// helpKey is where the catalogue says what a command is for: "help.print.week".
func helpKey(cmd *cobra.Command) string {
	path := strings.Fields(cmd.CommandPath())
	if !cmd.HasParent() {
		return "help." + path[0]
	}
	return "help." + strings.Join(path[1:], ".")
}

// alike names commands whose flags are another's, word for word.
var alike = map[string]string{"edit": "ask", "listen": "room", "offer": "ask"}

// flagKey is where the catalogue says what a flag is for: with its command, with one
// that is alike, with the command above, or for all.
func flagKey(cmd *cobra.Command, flag string) string {
	at := []string{helpKey(cmd), "help." + alike[cmd.Name()]}
	if cmd.HasParent() {
		at = append(at, helpKey(cmd.Parent()))
	}
	for _, key := range at {
		if catalogue.Commands.Has(key + ".--" + flag) {
			return key + ".--" + flag
		}
	}
	return "help.--" + flag
}
