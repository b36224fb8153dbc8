package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"tend/node/client"
	"tend/node/view"
)

// own are the verbs about what a person keeps for themselves: nobody else ever has it.
func (a *app) own() []*cobra.Command {
	return []*cobra.Command{a.pairNote(), a.ceiling(), a.mirror(), a.reflect(), a.distance()}
}

func (a *app) pairNote() *cobra.Command {
	cmd := &cobra.Command{Use: "pair-note [MEMBER [TEXT]]", Args: words(0, -1, "[MEMBER [TEXT]]"),
		ValidArgsFunction: a.completeIDs("member"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := argsOf(cmd, []string{"member", "text"}, args)
			if len(args) > 1 || len(args) == 1 && len(out) > 1 {
				if len(args) == 1 && out["drop"] == nil {
					return usage("fail.no_note")
				}
				return a.does(cmd.Context(), "pair-note", out, sentence("said.own"))
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				list, err := c.PairNotes(cmd.Context(), strings.Join(args, ""))
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(list, func() {
					if len(list) == 0 {
						s.say("own.none")
					}
					s.pairNotes(list)
				})
			})
		}}
	cmd.Flags().String("on", "", "")
	cmd.Flags().Bool("yearly", false, "")
	cmd.Flags().Int("drop", 0, "")
	return cmd
}

func (s *speaker) pairNotes(list []view.PairNote) {
	for _, n := range list {
		day := ""
		switch {
		case n.On != "" && n.Yearly:
			day = "  (" + sentence("hard_days.yearly", "date", s.date(n.On)) + ")"
		case n.On != "":
			day = "  (" + s.date(n.On) + ")"
		}
		s.line("  %s  %d  %s%s", name(n.Member), n.N, plain(n.Text), day)
	}
}

func (a *app) ceiling() *cobra.Command {
	cmd := &cobra.Command{Use: "ceiling [N/week|none]", Args: words(0, 1, "[N/week|none]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := argsOf(cmd, []string{"text"}, args)
			if len(args) > 0 {
				return a.does(cmd.Context(), "ceiling", out, sentence("said.own"))
			}
			if len(out) > 0 {
				return usage("fail.no_ceiling")
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				own, err := c.Ceiling(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(own, func() { s.ceiling(own) })
			})
		}}
	cmd.Flags().Bool("tell-room", false, "")
	return cmd
}

func (s *speaker) ceiling(own view.Ceiling) {
	if own.Week == 0 {
		s.say("ceiling.none")
		return
	}
	s.say("ceiling.week", "n", own.Week)
	if own.TellRoom {
		s.say("ceiling.tells")
	}
}

// mirror shows a person what moved through them lately.
func (a *app) mirror() *cobra.Command {
	return a.look("mirror", func(ctx context.Context, c *client.Client, s *speaker) error {
		m, err := c.Mirror(ctx)
		if err != nil {
			return err
		}
		return s.answer(m, func() { s.mirror(m) })
	})
}

func (s *speaker) mirror(m view.Mirror) {
	s.say("mirror.since", "date", s.date(m.Since))
	for _, line := range m.Lines {
		s.line("  %s", plain(line))
	}
	s.line("")
	s.say("mirror.ask", "what", plain(m.Ask))
	s.say("mirror.rest", "what", plain(m.Rest))
}

func (a *app) reflect() *cobra.Command {
	return &cobra.Command{Use: "reflect [TEXT]", Args: words(0, -1, "[TEXT]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.does(cmd.Context(), "reflect", argsOf(cmd, []string{"text"}, args), sentence("said.own"))
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				all, err := c.Reflections(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(all, func() { s.reflections(all) })
			})
		}}
}

func (s *speaker) reflections(all view.Reflections) {
	s.say("reflect.question", "question", all.Question)
	for _, r := range all.Answers {
		s.line("  %s", s.date(r.Made.Format("2006-01-02")))
		s.line("%s", paragraphs(r.Text, "    "))
	}
}

// distance keeps somebody at a distance, which nobody but this person ever knows.
func (a *app) distance() *cobra.Command {
	cmd := &cobra.Command{Use: "distance [MEMBER]", Args: words(0, 1, "[MEMBER]"),
		ValidArgsFunction: a.completeIDs("member"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := argsOf(cmd, []string{"member"}, args)
			if len(args) > 0 {
				return a.does(cmd.Context(), "distance", out, sentence("said.own"))
			}
			if len(out) > 0 {
				return usage("fail.nobody_distant")
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				all, err := c.Distances(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(all, func() {
					if len(all) == 0 {
						s.say("distance.none")
						return
					}
					s.say("distance.means")
					for _, p := range all {
						s.line("  %s", name(p))
					}
				})
			})
		}}
	cmd.Flags().Bool("not", false, "")
	return cmd
}
