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
			s.line("  You still share agreement %s; it goes on unless you give it back: tend cannot %s", short(id), short(id))
		} else {
			s.line("  agreement %s", short(id))
		}
	}
	if done.Kept {
		s.line("  It waits on this home, and is not sent. When your turn comes: tend talk %s %s", step, short(done.ID))
	}
}

// gateWords are what the gates of a talk are called.
var gateWords = map[string]string{
	"invited":    "invited",
	"listening":  "listening",
	"feeling":    "what it may be like for the other",
	"common":     "looking for what both mean",
	"partnering": "what we could try",
	"ended":      "over",
}

// outcomeWords are what a talk came to; over by itself needs no word.
var outcomeWords = map[string]string{"agreement": "it ended in an agreement", "parting": "you parted", "pause": "paused", "ended": "it ended quietly"}

func (s *speaker) talkLine(t *view.Talk) string {
	parts := []string{"With " + names(t.With) + ": " + plain(t.Sentence)}
	if t.Faded {
		return "With " + names(t.With) + " · faded, as was agreed"
	}
	if t.Gate != "ended" {
		parts = append(parts, gateWords[t.Gate])
	}
	if word := outcomeWords[t.Outcome]; word != "" {
		if t.PausedUntil != "" {
			word += " until " + s.date(t.PausedUntil)
		}
		parts = append(parts, word)
	}
	if t.YourTurn {
		parts = append(parts, "your turn")
	}
	return strings.Join(parts, " · ")
}

// answerWords are what somebody said to a talk as a whole.
var answerWords = map[string]string{"yes": "yes", "later": "later", "not_now": "not now", "pause": "would like a pause", "end": "ended it", "released": "parted"}

// stepWords are what somebody did with what the text says.
var stepWords = map[string]string{"invitation": "invites", "say": "tells", "say_back": "says back", "feeling": "writes what it may be like for the other",
	"comment": "beside it", "farewell": "farewell"}

// markWords are what the other marked it with.
var markWords = map[string]string{"heard": "yes, that is what I meant", "not_quite": "not quite", "felt": "yes, that is what it is like"}

// nextWords say what comes next for the reader; %s is the talk.
var nextWords = map[string]string{
	"yes": "tend talk yes %s", "say": "tend talk say %s TEXT", "say_back": "tend talk say-back %s TEXT",
	"heard": "tend talk heard %s   or   tend talk not-quite %s TEXT", "felt": "tend talk felt %s   or   tend talk not-quite %s TEXT",
	"common": "tend talk common %s TEXT", "ours": "tend talk ours %s SENTENCE", "partner": "tend talk partner %s TEXT",
}

func (s *speaker) talk(t *view.Talk) {
	s.line("%s  %s", short(t.ID), s.talkLine(t))
	if t.Faded {
		return
	}
	if t.About != "" {
		s.field("about", short(t.About))
	}
	if t.Gate == "invited" {
		s.line("")
		s.line("%s", sentence("help.talk.long"))
	}
	for _, a := range t.Answers {
		word := answerWords[a.Word]
		if a.Until != "" {
			word += " until " + s.date(a.Until)
		}
		if a.Text != "" {
			word += ": " + plain(a.Text)
		}
		s.field(name(a.Member), word)
	}
	s.thirds(t)
	s.line("")
	for _, step := range t.Steps {
		s.line("  %s %s:", name(step.Author), stepWords[step.Kind])
		s.line("%s", paragraphs(step.Text, "      "))
		if word := markWords[step.Word]; word != "" {
			if step.Said != "" {
				word += ": " + plain(step.Said)
			}
			s.line("    → %s", word)
		}
	}
	s.sentences(t)
	for _, id := range t.Agreements {
		s.line("  agreement   %s", short(id))
	}
	for _, k := range t.KeptWords {
		s.line("  kept for your turn (%s): %s", strings.ReplaceAll(k.Step, "_", "-"), plain(k.Text))
	}
	if t.FadesOn != "" {
		s.field("fades on", s.date(t.FadesOn))
	}
	if next := nextWords[t.Next]; next != "" && t.YourTurn {
		s.line("")
		s.line("Your turn:  %s", strings.ReplaceAll(next, "%s", short(t.ID)))
	}
}

func (s *speaker) thirds(t *view.Talk) {
	if t.Third != nil {
		s.line("  %s accompanies the two.", name(*t.Third))
	}
	if t.ThirdAsked != nil {
		s.line("  %s is asked to come along.", name(*t.ThirdAsked))
	}
	for _, w := range t.ThirdBy {
		s.line("  %s would like %s along:  tend talk third %s %s  says so too.", name(w.By), name(w.Member), short(t.ID), name(w.Member))
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
		s.line("%s", map[bool]string{true: "What both of you mean", false: "What one of you said, and may stay so"}[common])
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
