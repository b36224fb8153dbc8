package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/node/client"
	"tend/node/view"
)

// section is a part of my own page: said with words or flags, shown without.
type section struct {
	use   string
	words int // how many words say it; fewer show it
	flags func(*pflag.FlagSet)
	show  func(s *speaker, m *view.Member, words []string)
}

// me are the verbs about myself.
func (a *app) me() []*cobra.Command {
	table := []section{
		{"me", 0, meFlags,
			func(s *speaker, m *view.Member, _ []string) { s.member(m) }},
		{"room [open|some|little|resting]", 1, untilFlags,
			func(s *speaker, m *view.Member, _ []string) { s.room(m.Room) }},
		{"listen [yes|no]", 1, untilFlags,
			func(s *speaker, m *view.Member, _ []string) { s.listening(m.Listening) }},
		{"card [SECTION [TEXT]]", 2, toFlag,
			func(s *speaker, m *view.Member, words []string) { s.sections("card.", m.Card, m.Readers, words) }},
		{"bounds [KEY [VALUE]]", 2, toFlag,
			func(s *speaker, m *view.Member, words []string) { s.sections("bounds.", m.Bounds, m.Readers, words) }},
		{"free [WHEN]…", 1, freeFlags,
			func(s *speaker, m *view.Member, _ []string) { s.free(m.Free) }},
	}
	cmds := make([]*cobra.Command, len(table))
	for i, one := range table {
		cmds[i] = a.section(one)
	}
	return cmds
}

// section makes the command of one.
func (a *app) section(one section) *cobra.Command {
	name, takes, _ := strings.Cut(one.use, " ")
	most := one.words
	if name == "free" {
		most = -1
	}
	cmd := &cobra.Command{Use: one.use, Args: words(0, most, takes)}
	one.flags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		args := argsOf(cmd, nil, nil)
		if one.words == 0 && len(args) > 0 || one.words > 0 && len(words) >= one.words || name == "free" && len(args) > 0 {
			if len(words) > 0 {
				args["text"] = words
			}
			return a.does(cmd.Context(), name, args, sentence("said.me"))
		}
		if len(args) > 0 {
			return usage("fail.nothing_said", "flag", slices.Sorted(maps.Keys(args))[0], "usage", cmd.CommandPath()+" "+takes)
		}
		return a.with(cmd.Context(), here, func(c *client.Client) error {
			m, err := a.myself(cmd.Context(), c)
			if err != nil {
				return err
			}
			s := a.speaker()
			return s.answer(m, func() { one.show(s, m, words) })
		})
	}
	return cmd
}

// myself returns what the circle knows of me, in the circle that is meant.
func (a *app) myself(ctx context.Context, c *client.Client) (*view.Member, error) {
	circles, err := c.Circles(ctx)
	if err != nil {
		return nil, err
	}
	var fit []view.Circle
	for _, one := range circles {
		if a.circle == "" || strings.EqualFold(one.Name, a.circle) || len(a.circle) >= minPrefix && strings.HasPrefix(one.ID, strings.ToLower(a.circle)) {
			fit = append(fit, one)
		}
	}
	switch {
	case len(circles) == 0:
		return nil, noCircle()
	case len(fit) == 0:
		return nil, fail(exitMissing, "fail.no_such_circle", "word", plain(a.circle))
	case len(fit) > 1:
		return nil, usage("fail.several_circles")
	}
	item, err := c.Show(ctx, fit[0].Me.ID)
	if err == nil && item.Member == nil {
		err = fail(exitFailed, "fail.not_known")
	}
	return item.Member, err
}

func (s *speaker) room(r *view.Room) {
	switch {
	case r == nil:
		s.say("room.unsaid")
	case r.Until != "":
		s.say("room.until", "room", called("room.level", r.Level), "when", s.date(r.Until))
	default:
		s.line("%s", called("room.level", r.Level))
	}
}

func (s *speaker) listening(l *view.Listening) {
	switch {
	case l == nil:
		s.say("listening.no")
	case l.Until != "":
		s.say("listening.until", "when", s.date(l.Until))
	default:
		s.say("listening.yes")
	}
}

// sections writes all parts of a page with who reads each, or the one that is named.
func (s *speaker) sections(prefix string, all map[string]string, readers map[string]view.Readers, words []string) {
	if len(words) > 0 {
		s.line("%s", plain(all[words[0]]))
		return
	}
	if len(all) == 0 {
		s.say("me.nothing_said")
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		s.pair(key, plain(all[key])+"  ("+readBy(readers[prefix+key])+")")
	}
}

func readBy(r view.Readers) string {
	switch {
	case r.Pod:
		return sentence("readers.pod")
	case r.People == nil:
		return sentence("readers.all")
	}
	return sentence("readers.few", "people", names(r.People))
}

func (s *speaker) free(list []string) {
	if len(list) == 0 {
		s.say("me.nothing_said")
	}
	for _, when := range list {
		s.line("%s", s.date(when))
	}
}

func toFlag(f *pflag.FlagSet) {
	f.StringArray("to", nil, "")
}

func untilFlags(f *pflag.FlagSet) {
	f.String("until", "", "")
	toFlag(f)
}

func meFlags(f *pflag.FlagSet) {
	f.String("name", "", "")
	f.StringArray("languages", nil, "")
	f.String("area", "", "")
	f.StringArray("contact", nil, "")
	f.String("presence", "", "")
	f.String("listed", "", "")
	toFlag(f)
}

func freeFlags(f *pflag.FlagSet) {
	f.StringArray("repeat", nil, "")
	f.Bool("none", false, "")
	toFlag(f)
}
