package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"tend/node/client"
	"tend/node/view"
)

// part parts from somebody: a few words or none, then what the two still have agreed,
// one by one.
func (a *app) part() *cobra.Command {
	return &cobra.Command{Use: "part MEMBER [TEXT]",
		Args: words(1, -1, "MEMBER [TEXT]"), ValidArgsFunction: a.completeIDs("member"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := argsOf(cmd, []string{"member", "text"}, args)
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.Do(cmd.Context(), "part", out)
				if err != nil {
					return err
				}
				s := a.speaker()
				if s.json {
					return s.answer(done, nil)
				}
				return a.walk(cmd.Context(), c, s, done, len(args) > 1)
			})
		}}
}

// walk goes through what the two still share. On a terminal each is asked about; none
// is given back but by a yes of this person's.
func (a *app) walk(ctx context.Context, c *client.Client, s *speaker, done view.Done, said bool) error {
	if s.quiet {
		s.line("%s", strings.Join(append([]string{short(done.ID)}, shorts(done.Agreements)...), "\n"))
		return nil
	}
	if said {
		s.say("part.words")
	}
	if len(done.Agreements) == 0 {
		s.say("part.nothing")
		return nil
	}
	s.say("part.still")
	for _, id := range done.Agreements {
		item, err := c.Show(ctx, id)
		if err != nil {
			return err
		}
		s.line("  %s  %s", short(id), s.agreementLine(item.Agreement))
		if !a.onTerminal() {
			s.line("            %s", sentence("part.give_back", "id", short(id)))
			continue
		}
		back, err := a.asks("ask.give_back")
		if err != nil || !back {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := c.Do(ctx, "cannot", client.Args{"id": {id}}); err != nil {
			return err
		}
		s.under("part.given_back")
	}
	return nil
}

func shorts(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = short(id)
	}
	return out
}
