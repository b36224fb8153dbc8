package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/node/client"
	"tend/node/view"
)

// beforehand are the verbs about hard times, said while they are easy: what others may
// do then without asking first, and which days are hard.
func (a *app) beforehand() []*cobra.Command {
	return []*cobra.Command{a.consentInAdvance(), a.tenderDate()}
}

func (a *app) consentInAdvance() *cobra.Command {
	list := &cobra.Command{Use: "list [MEMBER]", Args: words(0, 1, "[MEMBER]"),
		ValidArgsFunction: a.completeIDs("member"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				m, err := a.memberOr(cmd.Context(), c, args)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(whole(m.Consents), func() { s.consents(m.Consents) })
			})
		}}
	add := a.numberedVerb("consent-in-advance", "add IF THEN", 2,
		func(f *pflag.FlagSet) {
			f.StringArray("who", nil, "")
			f.String("until", "", "")
			toFlag(f)
		})
	drop := a.numberedVerb("consent-in-advance", "drop N", 1, nil)
	cmd := noun("consent-in-advance", list, add, drop)
	cmd.RunE = list.RunE
	return cmd
}

func (a *app) tenderDate() *cobra.Command {
	list := &cobra.Command{Use: "list", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				m, err := a.myself(cmd.Context(), c)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(whole(m.TenderDates), func() { s.tenderDates(m.TenderDates) })
			})
		}}
	add := a.numberedVerb("tender-date", "add DATE TEXT", 2,
		func(f *pflag.FlagSet) {
			f.Bool("yearly", false, "")
			f.StringArray("follow-up", nil, "")
			f.String("welcome", "", "")
			toFlag(f)
		})
	drop := a.numberedVerb("tender-date", "drop N", 1, nil)
	cmd := noun("tender-date", list, add, drop)
	cmd.RunE = list.RunE
	return cmd
}

// numberedVerb is one that adds or drops one of several on my page.
func (a *app) numberedVerb(verbOf, use string, n int, flags func(*pflag.FlagSet)) *cobra.Command {
	word, takes, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{Use: use, Args: words(n, n, takes),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := argsOf(cmd, nil, nil)
			out["text"] = append([]string{word}, args...)
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.Do(cmd.Context(), verbOf, out)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.numbered(sentence("said."+verbOf+"."+word), done) })
			})
		}}
	if flags != nil {
		flags(cmd.Flags())
	}
	return cmd
}

func (s *speaker) numbered(said string, d view.Done) {
	switch {
	case s.quiet && d.N > 0:
		s.line("%d", d.N)
		return
	case s.quiet:
		return
	case d.Unchanged:
		said = sentence("done.as_before", "done", said)
	}
	if d.N > 0 {
		said = sentence("done.as_number", "done", said, "n", d.N)
	}
	s.line("%s.", said)
}

// memberOr returns the member that is named, else me.
func (a *app) memberOr(ctx context.Context, c *client.Client, args []string) (*view.Member, error) {
	if len(args) == 0 {
		return a.myself(ctx, c)
	}
	item, err := c.Show(ctx, args[0])
	if err == nil && item.Member == nil {
		err = fail(exitMissing, "fail.no_member", "word", plain(args[0]))
	}
	return item.Member, err
}

// whole is a list that is never null.
func whole[T any](list []T) []T { return append([]T{}, list...) }

func (s *speaker) consents(list []view.Consent) {
	if len(list) == 0 {
		s.say("me.nothing_said")
	}
	for _, c := range list {
		who := names(c.Who)
		switch {
		case c.Pod && who == "":
			who = sentence("wishes.pod")
		case who == "":
			who = sentence("wishes.nobody")
		}
		if c.Until != "" {
			who = sentence("wishes.who_until", "who", who, "date", s.date(c.Until))
		}
		s.line("  %d  %s", c.N, sentence("wishes.if", "if", plain(c.If)))
		s.line("     %s", sentence("wishes.then", "then", plain(c.Then), "who", who))
		s.openTo(c.Audience)
	}
}

func (s *speaker) tenderDates(list []view.TenderDate) {
	if len(list) == 0 {
		s.say("me.nothing_said")
	}
	for _, d := range list {
		day := s.date(d.Date)
		if d.Yearly {
			day = sentence("hard_days.yearly", "date", day)
		}
		s.line("  %d  %s  %s", d.N, day, plain(d.Text))
		if d.Welcome != "" {
			s.line("     %s", sentence("wishes.welcome", "what", plain(d.Welcome)))
		}
		if d.Next != "" && d.Next != d.Date {
			s.line("     %s", sentence("wishes.next", "date", s.date(d.Next)))
		}
		s.openTo(d.Audience)
	}
}

// openTo says who reads something of one's own.
func (s *speaker) openTo(a *view.Audience) {
	switch {
	case a == nil:
	case a.People == nil:
		s.line("     %s", sentence("wishes.open_to_all"))
	case len(a.People) == 0:
		s.line("     %s", sentence("wishes.open_to_nobody"))
	default:
		s.line("     %s", sentence("wishes.open_to", "people", names(a.People)))
	}
}

// hardDays names those of others, and what would be welcome where that is said.
func (s *speaker) hardDays(list []view.HardDay) {
	for _, d := range list {
		s.line("  %s: %s", hardDay(d), s.date(d.Date))
		if d.Welcome != "" {
			s.line("            %s", sentence("hard_days.welcome", "what", plain(d.Welcome)))
		}
	}
}

// hardDay is what such a day is called; what it is about is not said.
func hardDay(d view.HardDay) string {
	if d.After != "" {
		return sentence("hard_days.day_to_think_of", "name", name(d.Member))
	}
	return sentence("hard_days.hard_day", "name", name(d.Member))
}
