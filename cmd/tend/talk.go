package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/node/client"
	"tend/node/view"
)

// talkSteps are the steps of a talk beside with and third.
var talkSteps = []struct {
	word, takes string
	until       bool
}{
	{"yes", "ID [TEXT]", false},
	{"later", "ID [TEXT]", true},
	{"not-now", "ID [TEXT]", false},
	{"say", "ID [TEXT]", false},
	{"say-back", "ID [TEXT]", false},
	{"heard", "ID [TEXT]", false},
	{"not-quite", "ID [TEXT]", false},
	{"felt", "ID [TEXT]", false},
	{"common", "ID [TEXT]", false},
	{"ours", "ID [SENTENCE]", false},
	{"partner", "ID [TEXT]", true},
	{"pause", "ID [TEXT]", true},
	{"end", "ID", false},
	{"part", "ID [TEXT]", false},
}

// talk are the verbs of two people trying to hear each other.
func (a *app) talk() *cobra.Command {
	with := a.talkStep("with", "MEMBER TEXT", []string{"member", "text"}, 2)
	with.Flags().String("about", "", "")
	with.Flags().String("fade", "", "")
	with.Flags().Bool("yes", false, "")
	third := a.talkStep("third", "ID MEMBER", []string{"id", "member"}, 2)
	third.Flags().Bool("earlier", false, "")
	cmds := []*cobra.Command{with, third}
	for _, s := range talkSteps {
		cmd := a.talkStep(s.word, s.takes, []string{"id", "text"}, 1)
		if s.until {
			untilFlag(cmd.Flags())
		}
		cmds = append(cmds, cmd)
	}
	return noun("talk", cmds...)
}

func untilFlag(f *pflag.FlagSet) { f.String("until", "", "") }

func (a *app) talkStep(word, takes string, names []string, least int) *cobra.Command {
	most := len(names)
	if names[most-1] == "text" {
		most = -1
	}
	cmd := &cobra.Command{Use: word + " " + takes, Args: words(least, most, takes), ValidArgsFunction: a.completeIDs(names[0])}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		given := argsOf(cmd, names, args)
		given["step"] = []string{word}
		return a.with(cmd.Context(), here, func(c *client.Client) error { return a.talked(cmd.Context(), c, given, sentence("said.talk."+word)) })
	}
	return cmd
}

func (a *app) talked(ctx context.Context, c *client.Client, args client.Args, said string) error {
	first := ""
	if args["step"][0] == "with" {
		first = "member"
	}
	if err := a.facesFirst(ctx, c, args, first); err != nil {
		return err
	}
	done, err := c.Do(ctx, "talk", args)
	if err != nil {
		return err
	}
	if done.Kept {
		said = sentence("said.talk.kept")
	}
	s := a.speaker()
	return s.answer(done, func() {
		s.done(said, done)
		s.afterStep(args["step"][0], done)
	})
}

// afterStep names the agreement that a step was about, or those still shared with
// somebody one parts from.
func (s *speaker) afterStep(step string, done view.Done) {
	if s.quiet {
		return
	}
	for _, id := range done.Agreements {
		if step == "part" {
			s.under("talk.shared", "id", short(id))
		} else {
			s.under("talk.agreement", "id", short(id))
		}
	}
	if done.Kept {
		s.under("talk.waits", "step", step, "id", short(done.ID))
	}
}

func (s *speaker) talkLine(t *view.Talk) string {
	if t.Faded {
		return sentence("talk.faded", "people", names(t.With))
	}
	parts := []string{sentence("talk.line", "people", names(t.With), "sentence", plain(t.Sentence))}
	if t.Gate != "ended" {
		parts = append(parts, called("talk.gate", t.Gate))
	}
	if word := called("talk.outcome", t.Outcome); word != "" {
		if t.PausedUntil != "" {
			word = sentence("list.until", "word", word, "when", s.date(t.PausedUntil))
		}
		parts = append(parts, word)
	}
	if t.YourTurn {
		parts = append(parts, sentence("talk.your_turn"))
	}
	return strings.Join(parts, " · ")
}

func (s *speaker) talk(t *view.Talk) {
	s.line("%s  %s", short(t.ID), s.talkLine(t))
	if t.Faded {
		return
	}
	if t.About != "" {
		s.field("label.about", short(t.About))
	}
	if t.Gate == "invited" {
		s.line("")
		s.line("%s", sentence("help.talk.long"))
	}
	for _, a := range t.Answers {
		word := called("talk.answer", a.Word)
		if a.Until != "" {
			word = sentence("list.until", "word", word, "when", s.date(a.Until))
		}
		if a.Text != "" {
			word = sentence("list.with", "word", word, "text", plain(a.Text))
		}
		s.pair(name(a.Member), word)
	}
	s.thirds(t)
	s.line("")
	for _, step := range t.Steps {
		s.under("talk.step."+step.Kind, "name", name(step.Author))
		s.line("%s", paragraphs(step.Text, "      "))
		if word := called("talk.mark", step.Word); word != "" {
			if step.Said != "" {
				word = sentence("list.with", "word", word, "text", plain(step.Said))
			}
			s.line("    → %s", word)
		}
	}
	s.sentences(t)
	for _, id := range t.Agreements {
		s.under("show.agreement", "id", short(id))
	}
	for _, k := range t.KeptWords {
		s.under("talk.kept", "step", strings.ReplaceAll(k.Step, "_", "-"), "text", plain(k.Text))
	}
	if t.FadesOn != "" {
		s.field("label.fades_on", s.date(t.FadesOn))
	}
	if next := called("talk.next", t.Next, "id", short(t.ID)); next != "" && t.YourTurn {
		s.line("")
		s.say("talk.your_turn_do", "do", next)
	}
}

func (s *speaker) thirds(t *view.Talk) {
	if t.Third != nil {
		s.under("talk.third", "name", name(*t.Third))
	}
	if t.ThirdAsked != nil {
		s.under("talk.third_asked", "name", name(*t.ThirdAsked))
	}
	for _, w := range t.ThirdBy {
		s.under("talk.third_by", "by", name(w.By), "name", name(w.Member), "id", short(t.ID))
	}
}

// sentences writes what both mean, then what one of them does.
func (s *speaker) sentences(t *view.Talk) {
	both := func(c view.Sentence) bool { return len(c.Ours) == 2 }
	for _, common := range []bool{true, false} {
		if !slices.ContainsFunc(t.Common, func(c view.Sentence) bool { return both(c) == common }) {
			continue
		}
		s.line("")
		s.say(map[bool]string{true: "talk.both_mean", false: "talk.one_said"}[common])
		for _, c := range t.Common {
			if both(c) == common {
				by := ""
				if !common {
					by = "  (" + name(c.Author) + ")"
				}
				s.line("  %s  %s%s", short(c.ID), plain(c.Text), by)
			}
		}
	}
}
