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
	use string
	// words are the names under which the words after the verb travel. The last
	// takes all that is left when it is "text", so that quotes may be forgotten.
	words []string
	// least is how many of words must be there.
	least int
	flags func(*pflag.FlagSet)
}

// verbs are the verbs of daily care that write.
func (a *app) verbs() []*cobra.Command {
	id, idText := []string{"id"}, []string{"id", "text"}
	table := []verb{
		{"ask [TEXT]", []string{"text"}, 0, postFlags},
		{"offer TEXT", []string{"text"}, 1, postFlags},
		{"may-i MEMBER TEXT", []string{"member", "text"}, 2, mayIFlags},
		{"yes ID", id, 1, yesFlags},
		{"not-now ID", id, 1, nil},
		{"stand-by ID", id, 1, standByFlags},
		{"cannot ID", id, 1, cannotFlags},
		{"both ID", id, 1, oneSlot},
		{"done ID", id, 1, doneFlags},
		{"change ID", id, 1, changeFlags},
		{"place ID", id, 1, placeFlags},
		{"thank ID TEXT", idText, 2, nil},
		{"note ID TEXT", idText, 2, noteFlags},
		{"check-in MEMBER TEXT", []string{"member", "text"}, 2, nil},
		{"edit ID", id, 1, editFlags},
		{"enough ID", id, 1, nil},
		{"met ID", id, 1, nil},
		{"withdraw ID", id, 1, nil},
		{"reopen ID", id, 1, nil},
		{"rest ID", id, 1, nil},
		{"still-true ID", id, 1, nil},
		{"retract ID", id, 1, nil},
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
	cmd := &cobra.Command{Use: v.use, Args: words(v.least, most, takes),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.does(cmd.Context(), cmd.Name(), argsOf(cmd, v.words, args), sentence("said."+cmd.Name()))
		}}
	if facesOf[cmd.Name()] != "" {
		cmd.Flags().Bool("yes", false, "")
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

// does sends a verb and prints its answer; said is what a person reads when it is done,
// before the id.
func (a *app) does(ctx context.Context, name string, args client.Args, said string) error {
	return a.with(ctx, here, func(c *client.Client) error {
		if err := a.facesFirst(ctx, c, args, facesOf[name]); err != nil {
			return err
		}
		done, err := c.Do(ctx, name, args)
		if err != nil {
			return err
		}
		if done.AboveCeiling {
			a.aside("done.above_ceiling")
		}
		s := a.speaker()
		return s.answer(done, func() { s.done(said, done) })
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
		said = sentence("done.as_before", "done", said)
	}
	if len(shorts) > 0 {
		said = sentence("done.ids", "done", said, "ids", strings.Join(shorts, " "))
	}
	s.line("%s", said)
	asked, others := atLength(d.Asked)
	for _, p := range asked {
		s.asked(p)
	}
	if len(others) > 0 {
		s.under("done.asked_others", "people", names(others))
	}
	if len(d.Asked) > 1 {
		s.under("done.see_one_another")
	}
	if d.AskedToForget != nil {
		s.line("  %s", forgetting(*d.AskedToForget))
	}
	if d.Urgent {
		s.under("done.no_emergency_line")
		if d.Emergency != "" {
			s.under("done.emergency", "what", plain(d.Emergency))
		}
	}
	if d.Radius != "" {
		s.under("done.radius", "text", plain(d.Radius))
	}
	for _, t := range d.Thanks {
		s.under("done.thanks", "name", name(t.Member), "text", plain(t.Says))
	}
	if len(d.Card) > 0 {
		s.card(d.Card)
	}
	for _, p := range d.NotReached {
		if p.Call != "" {
			s.under("done.not_reached_call", "name", name(p.Member), "way", plain(p.Call))
		} else {
			s.under("done.not_reached", "name", name(p.Member))
		}
	}
}

// fewAsked is of how many people it is said at length how they like to be asked.
const fewAsked = 3

// atLength parts people who are asked: of the first few, and of those whom it does not
// reach now or who would rather not be asked this, it is said at length. How the others
// like it stands on their own pages.
func atLength(asked []view.Asked) (long []view.Asked, others []view.Person) {
	for i, p := range asked {
		if i < fewAsked || len(asked) == fewAsked+1 || p.ThroughCircle || p.NotFromMe || p.RestsUntil != "" || p.StillUntil != "" {
			long = append(long, p)
		} else {
			others = append(others, p.Member)
		}
	}
	return long, others
}

func (s *speaker) asked(p view.Asked) {
	switch {
	case p.RestsUntil != "":
		s.under("asked.resting", "name", name(p.Member), "when", s.date(p.RestsUntil))
	case p.StillUntil != "":
		s.under("asked.quiet", "name", name(p.Member), "when", s.date(p.StillUntil))
	default:
		s.under("asked.asked", "name", name(p.Member))
	}
	if p.Reply != "" {
		s.under("done.reply", "time", plain(p.Reply))
	}
	if p.NotFromMe {
		s.under("done.rather_not")
	}
}

// likes says, before anything is written, how somebody likes to be asked.
func (s *speaker) likes(p view.Asked) {
	switch {
	case p.ThroughCircle:
		s.say("likes.through_circle", "name", name(p.Member))
	case p.RestsUntil != "":
		s.say("likes.resting", "name", name(p.Member), "when", s.date(p.RestsUntil))
	case p.StillUntil != "":
		s.say("likes.quiet", "name", name(p.Member), "when", s.date(p.StillUntil))
	}
	if p.Reply != "" {
		s.say("likes.reply", "name", name(p.Member), "time", plain(p.Reply))
	}
	if p.ThroughCircle {
		return
	}
	if len(p.Ways) > 0 {
		s.say("likes.ways", "name", name(p.Member), "ways", plain(strings.Join(p.Ways, sentence("likes.then"))))
	}
	if p.Radius != "" {
		s.say("likes.radius", "name", name(p.Member), "text", plain(p.Radius))
	}
	if p.Area != "" {
		s.say("likes.area", "name", name(p.Member), "text", plain(p.Area))
	}
}

// aside says something to the person that is not the answer.
func (a *app) aside(key string, pairs ...any) {
	if !a.quiet {
		_, _ = a.err.Write([]byte(sentence(key, pairs...) + "\n"))
	}
}

func postFlags(f *pflag.FlagSet) {
	f.String("details", "", "")
	f.String("category", "", "")
	f.StringArray("when", nil, "")
	f.String("by", "", "")
	f.Int("people", 1, "")
	f.Bool("extra-ok", false, "")
	f.String("repeat", "", "")
	f.StringArray("skip", nil, "")
	f.String("area", "", "")
	f.String("place", "", "")
	f.String("costs", "", "")
	f.String("for", "", "")
	f.Int("under", 0, "")
	f.StringArray("listening", nil, "")
	f.Int("newcomers", 0, "")
	f.String("sign-up", "", "")
	f.Bool("tender", false, "")
	f.String("fade", "", "")
	f.StringArray("to", nil, "")
}

func editFlags(f *pflag.FlagSet) {
	f.String("text", "", "")
	postFlags(f)
}

func noteFlags(f *pflag.FlagSet) {
	f.StringArray("to", nil, "")
}

func mayIFlags(f *pflag.FlagSet) { f.String("when", "", "") }

func slotFlag(f *pflag.FlagSet) { f.StringArray("slot", nil, "") }

func oneSlot(f *pflag.FlagSet) { f.String("slot", "", "") }

func yesFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.String("every", "", "")
	f.String("when", "", "")
	f.String("note", "", "")
}

func standByFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.Bool("not", false, "")
}

func cannotFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.Bool("every", false, "")
}

func doneFlags(f *pflag.FlagSet) {
	slotFlag(f)
	f.Bool("not", false, "")
}

func changeFlags(f *pflag.FlagSet) {
	f.String("when", "", "")
	f.String("area", "", "")
	f.String("what", "", "")
	f.String("costs", "", "")
	f.StringArray("with", nil, "")
	f.String("review", "", "")
	slotFlag(f)
}

func placeFlags(f *pflag.FlagSet) {
	f.String("where", "", "")
	f.String("code", "", "")
	f.String("phone", "", "")
	slotFlag(f)
}
