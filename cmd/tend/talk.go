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

// talkSteps are the steps of a talk beside with and third: what each is for, and
// what a person reads when it is done.
var talkSteps = []struct {
	word, takes, short, said string
	until                    bool
}{
	{"yes", "ID [TEXT]", "yes to the talk, to going on with it, or to what was drafted", "Yes said", false},
	{"later", "ID [TEXT]", "later: a full answer", "Later: a full answer", true},
	{"not-now", "ID [TEXT]", "not now: a full answer", "Not now: a full answer", false},
	{"say", "ID [TEXT]", "tell, or write what it may be like for the other", "Said", false},
	{"say-back", "ID [TEXT]", "what I heard the other say, in my own words", "Said back", false},
	{"heard", "ID [TEXT]", "yes, that is what I meant", "Heard", false},
	{"not-quite", "ID [TEXT]", "not quite, it is more…", "Not quite", false},
	{"felt", "ID [TEXT]", "yes, that is what it is like for me", "Felt", false},
	{"common", "ID [TEXT]", "a sentence that both of us may mean", "Added", false},
	{"ours", "ID [SENTENCE]", "mine too, honestly", "Yours too", false},
	{"partner", "ID [TEXT]", "what we could try; --until is when we look at it again", "Drafted", true},
	{"pause", "ID [TEXT]", "pause; yes takes it up again", "Paused", true},
	{"end", "ID", "end quietly: no verdict, nothing given back", "Ended quietly", false},
	{"part", "ID [TEXT]", "part, with a few words or none", "Parted", false},
}

// talk are the verbs of two people trying to hear each other.
func (a *app) talk() *cobra.Command {
	with := a.talkStep("with", "MEMBER TEXT", "invite somebody to a talk, with one sentence", "The invitation is on its way", []string{"member", "text"}, 2)
	with.Flags().String("about", "", "what it is about: a need, an offer, an agreement…")
	with.Flags().String("fade", "", "fades this long after it is over, as 90d")
	with.Flags().Bool("yes", false, "do not ask first whether this is the person you mean")
	third := a.talkStep("third", "ID MEMBER", "somebody I would like along; they come once all three said yes", "Said", []string{"id", "member"}, 2)
	third.Flags().Bool("earlier", false, "my words so far go along")
	cmds := []*cobra.Command{with, third}
	for _, s := range talkSteps {
		cmd := a.talkStep(s.word, s.takes, s.short, s.said, []string{"id", "text"}, 1)
		if s.until {
			untilFlag(cmd.Flags())
		}
		cmds = append(cmds, cmd)
	}
	cmd := noun("talk", "two people trying to hear each other, step by step", cmds...)
	cmd.Long = talkPage
	return cmd
}

func untilFlag(f *pflag.FlagSet) { f.String("until", "", "a day") }

// talkPage is what a talk is for, and what it is not.
const talkPage = `A talk is for two people who see something differently and would both like to
be heard: each tells, the other says it back; each writes what it may be like for
the other; then the two look for sentences that both honestly mean, and for
something to try. It begins when both have said yes, and each may pause or end
it at any time. Only the two read it, and a third whom both want along. It fades
some time after it is over, and nothing of it is ever used anywhere else.

It is not for fear or violence, and nobody owes anybody a talk. If you are
afraid of somebody, turn to your pod (tend pod) or to help from outside (tend
charter names some), and part without a talk if that is right. If someone is in
danger, call for help first.`

func (a *app) talkStep(word, takes, short, said string, names []string, least int) *cobra.Command {
	most := len(names)
	if names[most-1] == "text" {
		most = -1
	}
	cmd := &cobra.Command{Use: word + " " + takes, Short: short, Args: words(least, most, takes), ValidArgsFunction: a.completeIDs(names[0])}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		given := argsOf(cmd, names, args)
		given["step"] = []string{word}
		return a.with(cmd.Context(), here, func(c *client.Client) error { return a.talked(cmd.Context(), c, given, said) })
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
		said = "Kept for your turn"
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
		s.line("%s", talkPage)
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
