package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/node/client"
)

// app is one run of the command line.
type app struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string

	homeDir      string
	circle       string
	json         bool
	quiet        bool
	verbose      bool
	passphraseFD int

	set settings
	// clock is the time that this run goes by; nil: [wallClock].
	clock func() time.Time
	// ready is a node that this process has open already, and reaches without asking.
	ready *client.Client
	// alone says that this process opened the home itself, for as long as it lasts.
	alone bool
	// mending lets a home open whose indexes cannot be read, by making them again.
	mending bool
	// opened is the passphrase that this process opened the vault with, if any: it
	// need not be asked for twice.
	opened []byte
}

// main runs args and returns the exit code.
func (a *app) main(ctx context.Context, args []string) int {
	err := readable(args)
	if err == nil {
		root := a.root()
		root.SetArgs(args)
		root.SetIn(a.in)
		root.SetOut(a.out)
		root.SetErr(a.err)
		err = root.ExecuteContext(ctx)
	}
	if err == nil {
		return exitDone
	}
	f := asFailure(err)
	if f.say != "" {
		f.report(a.err, a.verbose)
	}
	return f.code
}

// readable refuses words that are no text: on their way to the node they would
// silently become others.
func readable(args []string) error {
	for _, word := range args {
		if !utf8.ValidString(word) {
			return usage("fail.no_text", "word", strconv.Quote(word))
		}
	}
	return nil
}

// root builds the whole tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "tend",
		Args:              noSuchVerb,
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.bare(cmd.Context()) },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
		SilenceErrors:     true,
		SilenceUsage:      true,

		SuggestionsMinimumDistance: 2,
	}
	root.SetFlagErrorFunc(flagFailure)
	root.SetUsageFunc(writeUsage)
	f := root.PersistentFlags()
	f.StringVar(&a.homeDir, "home", "", "")
	f.StringVar(&a.circle, "circle", "", "")
	f.BoolVar(&a.json, "json", false, "")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "")
	f.IntVar(&a.passphraseFD, "passphrase-fd", -1, "")
	mirror(f)

	root.AddGroup(
		group("care"), group("me"), group("people"), group("decide"), group("upkeep"),
	)
	a.addGroup(root, "care", a.looks(), a.verbs(), []*cobra.Command{a.printing()})
	a.addGroup(root, "me", a.me(), a.beforehand(), []*cobra.Command{a.group(), a.calendar()}, a.own(), a.hearing())
	a.addGroup(root, "people", a.people())
	a.addGroup(root, "decide", a.deciding())
	a.addGroup(root, "upkeep", a.upkeep())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	describe(root)
	return root
}

func group(id string) *cobra.Group {
	return &cobra.Group{ID: id, Title: sentence("groups." + id)}
}

func (a *app) addGroup(root *cobra.Command, group string, lists ...[]*cobra.Command) {
	for _, list := range lists {
		for _, cmd := range list {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
}

// noSuchVerb refuses words after a bare tend, and says what is like them.
func noSuchVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		return usage("fail.did_you_mean", "command", cmd.CommandPath(), "word", plain(args[0]), "like", like[0])
	}
	return usage("fail.no_such_verb", "command", cmd.CommandPath(), "word", plain(args[0]))
}

// prepare fills flags from the environment and the settings, before any command.
func (a *app) prepare(cmd *cobra.Command) error {
	if !cmd.Flags().Changed("home") {
		a.homeDir = a.getenv("TEND_HOME")
	}
	if a.homeDir == "" {
		a.homeDir = defaultHome()
	}
	dir, err := filepath.Abs(a.homeDir)
	if err != nil {
		return fmt.Errorf("find the home: %w", err)
	}
	a.homeDir = dir
	if a.set, err = a.home().readSettings(); err != nil {
		return err
	}
	return a.set.fillFlags(mirroredFlags(cmd.Flags()), a.getenv)
}

func (a *app) now() time.Time {
	if a.clock != nil {
		return a.clock()
	}
	return wallClock()
}

func (a *app) home() home { return home{dir: a.homeDir} }

// speaker returns the voice of this run, at this moment.
func (a *app) speaker() *speaker {
	return &speaker{w: a.out, json: a.json, quiet: a.quiet, now: a.now()}
}

// words checks the number of words after a command: from least to most, where
// most < 0 is any number. takes says what they are, for the one who mistyped.
func words(least, most int, takes string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage("fail.words_missing", "command", cmd.CommandPath(), "takes", takes)
		case most >= 0 && len(args) > most:
			return usage("fail.words_too_many", "command", cmd.CommandPath(), "word", plain(args[most]), "takes", takes)
		}
		return nil
	}
}

// noun is a command that only groups others.
func noun(use string, under ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Args: noSuchVerb, RunE: func(cmd *cobra.Command, _ []string) error {
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, cmd.CommandPath()+" "+c.Use)
		}
		return usage("fail.one_more_word", "command", cmd.CommandPath(), "choices", strings.Join(names, "\n  "))
	}}
	cmd.AddCommand(under...)
	return cmd
}

// typed returns the flags of cmd itself, not the global ones, that were typed.
func typed(cmd *cobra.Command, each func(*pflag.Flag)) {
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != "help" {
			each(f)
		}
	})
}
