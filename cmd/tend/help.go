package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// writeUsage writes how a command is typed, what is below it, and its flags.
func writeUsage(cmd *cobra.Command) error {
	if f := cmd.Flags().Lookup("help"); f != nil {
		f.Usage = sentence("help.--help", "command", cmd.DisplayName())
	}
	var parts []string
	how := sentence("usage.heading")
	if cmd.Runnable() {
		how += "\n  " + cmd.UseLine()
	}
	if cmd.HasAvailableSubCommands() {
		how += "\n  " + sentence("usage.command", "command", cmd.CommandPath())
	}
	parts = append(append(parts, how), below(cmd)...)
	for _, set := range []struct {
		key   string
		flags *pflag.FlagSet
	}{{"usage.flags", cmd.LocalFlags()}, {"usage.global_flags", cmd.InheritedFlags()}} {
		if set.flags.HasAvailableFlags() {
			parts = append(parts, sentence(set.key)+"\n"+strings.TrimRight(set.flags.FlagUsages(), " \n"))
		}
	}
	if cmd.HasAvailableSubCommands() {
		parts = append(parts, sentence("usage.more", "command", cmd.CommandPath()))
	}
	_, err := io.WriteString(cmd.OutOrStderr(), strings.Join(parts, "\n\n")+"\n")
	return err
}

// below lists what a command has below it, group by group.
func below(cmd *cobra.Command) []string {
	if !cmd.HasAvailableSubCommands() {
		return nil
	}
	rest := sentence("usage.commands")
	if len(cmd.Groups()) > 0 {
		rest = sentence("usage.more_commands")
	}
	var parts []string
	for _, group := range append(cmd.Groups(), &cobra.Group{Title: rest}) {
		list := group.Title
		for _, one := range cmd.Commands() {
			if one.GroupID == group.ID && (one.IsAvailableCommand() || one.Name() == "help") {
				list += fmt.Sprintf("\n  %-*s %s", one.NamePadding(), one.Name(), one.Short)
			}
		}
		if list != group.Title {
			parts = append(parts, list)
		}
	}
	return parts
}

// flagFailure gives the ways a flag is mistyped their sentences.
func flagFailure(cmd *cobra.Command, err error) error {
	command := strings.TrimPrefix(cmd.CommandPath(), "tend ")
	var unknown *pflag.NotExistError
	var alone *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usage("fail.no_short_flag", "path", cmd.CommandPath(), "flag", plain(unknown.GetSpecifiedShortnames()), "command", command)
	case errors.As(err, &unknown):
		return usage("fail.no_flag", "path", cmd.CommandPath(), "flag", plain(unknown.GetSpecifiedName()), "command", command)
	case errors.As(err, &alone):
		return usage("fail.flag_alone", "flag", alone.GetFlag().Name, "command", command)
	case errors.As(err, &bad):
		return usage("fail.flag_value", "flag", bad.GetFlag().Name, "word", plain(bad.GetValue()), "command", command).behind(err)
	}
	return usage("fail.flag_syntax", "command", command).behind(err)
}
