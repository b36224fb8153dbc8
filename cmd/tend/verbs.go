package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/node/client"
	"tend/node/view"
)

// verb is one way to say something to the circle. Its words and flags go to the
// node under their own names, "_" for "-"; what they mean is decided there.
type verb struct {
	use   string
	short string
	// words are the names under which the words after the verb travel. The last
	// takes all that is left when it is "text", so that quotes may be forgotten.
	words []string
	// least is how many of words must be there.
	least int
	flags func(*pflag.FlagSet)
	// said is what a person reads when it is done, before the id.
	said string
}

// verbs are the verbs of daily care that write.
func (a *app) verbs() []*cobra.Command {
	id, idText := []string{"id"}, []string{"id", "text"}
	table := []verb{
		{"ask [TEXT]", "say what I could use", []string{"text"}, 0, postFlags, "Asked"},
		{"offer TEXT", "say what I can give, lend, do or be", []string{"text"}, 1, postFlags, "Offered"},
		{"may-i MEMBER TEXT", "a specific offer to one person", []string{"member", "text"}, 2, mayIFlags, "May I? is on its way"},
		{"yes ID", "say yes to a need, an offer or an agreement", id, 1, yesFlags, "Yes said"},
		{"not-now ID", "not now: a full answer", id, 1, nil, "Not now: a full answer"},
		{"stand-by ID", "ask me first if this place opens again", id, 1, standByFlags, "Standing by"},
		{"cannot ID", "give a place back; no reason needed", id, 1, cannotFlags, "Given back"},
		{"both ID", "one more place on that date: both come", id, 1, oneSlot, "Both come"},
		{"done ID", "it happened", id, 1, doneFlags, "Done"},
		{"change ID", "a new text; earlier yeses ask again", id, 1, changeFlags, "Changed"},
		{"place ID", "where it is, for the people in this agreement alone", id, 1, placeFlags, "Only the people in this agreement see it"},
		{"thank ID TEXT", "say thanks, privately", idText, 2, nil, "Thanked"},
		{"note ID TEXT", "write a note on anything", idText, 2, noteFlags, "Noted"},
		{"check-in MEMBER TEXT", "how somebody seemed to me; they read it too", []string{"member", "text"}, 2, nil, "Noted"},
		{"edit ID", "change a need or an offer of mine", id, 1, editFlags, "Changed"},
		{"enough ID", "enough for now", id, 1, nil, "Enough for now"},
		{"met ID", "it's taken care of", id, 1, nil, "Taken care of"},
		{"withdraw ID", "take it down", id, 1, nil, "Taken down"},
		{"reopen ID", "open it again", id, 1, nil, "Open again"},
		{"rest ID", "let an offer rest", id, 1, nil, "Resting"},
		{"still-true ID", "yes, this is still so", id, 1, nil, "Still so"},
		{"retract ID", "take back something I wrote", id, 1, nil, "Taken back"},
	}
	cmds := make([]*cobra.Command, len(table))
	for i, v := range table {
		cmds[i] = a.verb(v)
	}
	return append(cmds, a.widen())
}

// verb makes the command of v.
func (a *app) verb(v verb) *cobra.Command {
	most := len(v.words)
	if v.words[most-1] == "text" {
		most = -1
	}
	_, takes, _ := strings.Cut(v.use, " ")
	cmd := &cobra.Command{Use: v.use, Short: v.short, Args: words(v.least, most, takes),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.say(cmd.Context(), v, argsOf(cmd, v.words, args))
		}}
	if facesOf[cmd.Name()] != "" {
		cmd.Flags().Bool("yes", false, "do not ask first whether these are the people you mean")
	}
	if v.words[0] == "id" || v.words[0] == "member" {
		cmd.ValidArgsFunction = a.completeIDs(v.words[0])
	}
	if v.flags != nil {
		v.flags(cmd.Flags())
	}
	if cmd.Name() == "ask" {
		cmd.Args = askWords
	}
	return cmd
}

// askWords lets someone to listen be asked for without a word.
func askWords(cmd *cobra.Command, args []string) error {
	if cmd.Flags().Changed("listening") {
		return nil
	}
	return words(1, -1, "TEXT")(cmd, args)
}

// say sends a verb and prints its answer.
func (a *app) say(ctx context.Context, v verb, args client.Args) error {
	name, _, _ := strings.Cut(v.use, " ")
	return a.with(ctx, here, func(c *client.Client) error {
		if err := a.facesFirst(ctx, c, args, facesOf[name]); err != nil {
			return err
		}
		done, err := c.Do(ctx, name, args)
		if err != nil {
			return err
		}
		if done.AboveCeiling {
			a.aside("that is more than you meant to carry this week")
		}
		s := a.speaker()
		return s.answer(done, func() { s.done(v.said, done) })
	})
}

// argsOf gathers a verb's words and typed flags as they travel.
func argsOf(cmd *cobra.Command, names, words []string) client.Args {
	args := client.Args{}
	for i, n := range names {
		switch {
		case i >= len(words):
		case i == len(names)-1 && n == "text":
			args[n] = []string{strings.Join(words[i:], " ")}
		default:
			args[n] = []string{words[i]}
		}
	}
	typed(cmd, func(f *pflag.Flag) {
		name := strings.ReplaceAll(f.Name, "-", "_")
		if list, ok := f.Value.(pflag.SliceValue); ok {
			args[name] = list.GetSlice()
		} else {
			args[name] = []string{f.Value.String()}
		}
	})
	return args
}

// done says that something is done, and its id; quietly, the id alone.
func (s *speaker) done(said string, d view.Done) {
	ids := d.IDs
	if d.ID != "" {
		ids = []string{d.ID}
	}
	shorts := make([]string, len(ids))
	for i, id := range ids {
		shorts[i] = short(id)
	}
	if s.quiet {
		s.line("%s", strings.Join(shorts, "\n"))
		return
	}
	if d.Unchanged {
		said += ", as before"
	}
	if len(shorts) > 0 {
		said += ": " + strings.Join(shorts, " ")
	}
	s.line("%s", said)
	for _, p := range d.Asked {
		s.asked(p)
	}
	if len(d.Asked) > 1 {
		s.line("  They see one another there.")
	}
	if d.AskedToForget != nil {
		s.line("  %s", forgetting(*d.AskedToForget))
	}
	if d.Urgent {
		s.line("  This is no emergency line: others may read it hours from now.")
		if d.Emergency != "" {
			s.line("  In an emergency: %s", plain(d.Emergency))
		}
	}
	for _, t := range d.Thanks {
		s.line("  %s says of thanks: %s", name(t.Member), plain(t.Says))
	}
	if len(d.Card) > 0 {
		s.card(d.Card)
	}
	for _, p := range d.NotReached {
		word := name(p.Member) + "'s home has not heard this yet."
		if p.Call != "" {
			word += " A call is surer: " + plain(p.Call)
		}
		s.line("  %s", word)
	}
}

func (s *speaker) asked(p view.Asked) {
	word := name(p.Member) + " is asked"
	switch {
	case p.RestsUntil != "":
		word = name(p.Member) + " is resting until " + s.date(p.RestsUntil)
	case p.StillUntil != "":
		word += "; it lies still until " + s.date(p.StillUntil) + ", when their quiet hours end"
	}
	s.line("  %s.", word)
	if p.Reply != "" {
		s.line("  An answer usually takes %s.", plain(p.Reply))
	}
	if p.NotFromMe {
		s.line("  They would rather not be asked for this; it lies beside it, no more. Asking the circle reaches others.")
	}
}

// likes says, before anything is written, how somebody likes to be asked.
func (s *speaker) likes(p view.Asked) {
	switch {
	case p.ThroughCircle:
		s.line("%s is glad to be asked through the circle.", name(p.Member))
	case p.RestsUntil != "":
		s.line("%s is resting until %s.", name(p.Member), s.date(p.RestsUntil))
	case p.StillUntil != "":
		s.line("%s has quiet hours until %s; it lies still until then.", name(p.Member), s.date(p.StillUntil))
	}
	if p.Reply != "" {
		s.line("An answer of %s's usually takes %s.", name(p.Member), plain(p.Reply))
	}
	if p.ThroughCircle {
		return
	}
	if len(p.Ways) > 0 {
		s.line("%s likes to be asked this way: %s", name(p.Member), plain(strings.Join(p.Ways, "; then ")))
	}
	if p.Radius != "" {
		s.line("How far %s goes: %s", name(p.Member), plain(p.Radius))
	}
	if p.Area != "" {
		s.line("Where %s can be asked: %s", name(p.Member), plain(p.Area))
	}
}

// aside says something to the person that is not the answer.
func (a *app) aside(text string) {
	if !a.quiet {
		_, _ = a.err.Write([]byte(text + "\n"))
	}
}

func postFlags(f *pflag.FlagSet) {
	f.String("details", "", "more words")
	f.String("category", "", "one of the circle's categories")
	f.StringArray("when", nil, "a date, a date with hour, or a range; may be repeated")
	f.String("by", "", "wanted by this date")
	f.Int("people", 1, "places on each date")
	f.Bool("extra-ok", false, "more are welcome")
	f.String("repeat", "", "daily, weekly, monthly or mon,wed; with xN or 'until DATE'")
	f.StringArray("skip", nil, "a date that falls out; may be repeated")
	f.String("area", "", "about where")
	f.String("place", "", "exactly where, for those in an agreement alone")
	f.String("costs", "", "a sentence: I pay, you pay, we share")
	f.String("for", "", "the member it is for, who has to give leave")
	f.Int("under", 0, "with --for: under this number of that member's wishes for hard times")
	f.StringArray("listening", nil, "someone to listen: call, text or sit; may be repeated; TEXT may be left out")
	f.Int("newcomers", 0, "of these, places kept on each date for who is new here, until the day before")
	f.String("sign-up", "", "open (a yes is enough) or ask-first")
	f.Bool("tender", false, "never in notices or printouts")
	f.String("fade", "", "fades this long after closing, as 30d")
	f.StringArray("to", nil, "only for a member, pod, pod:MEMBER or a group of mine; may be repeated")
}

func editFlags(f *pflag.FlagSet) {
	f.String("text", "", "another title")
	postFlags(f)
}

func noteFlags(f *pflag.FlagSet) {
	f.StringArray("to", nil, "only for some of those who read it; may be repeated")
}

func mayIFlags(f *pflag.FlagSet) { f.String("when", "", "a date, a date with hour, or a range") }

func slotFlag(f *pflag.FlagSet) { f.StringArray("slot", nil, "the date, as 2026-12-01T17:00") }

func oneSlot(f *pflag.FlagSet) { f.String("slot", "", "the date, as 2026-12-01T17:00") }

func yesFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.String("every", "", "every open date: all, or weekdays as tue,thu")
	f.String("when", "", "terms of my own: another date or hour")
	f.String("note", "", "a few words beside it")
}

func standByFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.Bool("not", false, "no longer")
}

func cannotFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.Bool("every", false, "every date still to come")
}

func doneFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.Bool("not", false, "it did not happen after all")
}

func changeFlags(f *pflag.FlagSet) {
	f.String("when", "", "another date")
	f.String("area", "", "another area")
	f.String("what", "", "another text")
	f.String("costs", "", "another sentence about costs")
	f.StringArray("with", nil, "one more person in it; may be repeated")
	f.String("review", "", "the day to look at it again; asks nobody for a new yes")
	slotFlag(f)
}

func placeFlags(f *pflag.FlagSet) {
	f.String("where", "", "the address")
	f.String("code", "", "of the door")
	f.String("phone", "", "to call")
	slotFlag(f)
}
