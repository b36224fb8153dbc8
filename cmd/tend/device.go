package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"tend/node/client"
)

// device are the verbs about this member's devices.
func (a *app) device() *cobra.Command {
	return noun("device", "my devices, and the words that bring me back", a.phrase())
}

func (a *app) phrase() *cobra.Command {
	return &cobra.Command{Use: "phrase", Short: "24 words for paper: they bring me back when every device is lost", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.with(ctx, here, func(c *client.Client) error {
				all, err := asked(ctx, a, func(pass string) ([]client.Phrase, error) { return c.Phrases(ctx, pass) })
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(all, func() {
					if len(all) == 0 {
						s.line("There is no circle on this home yet, so there is nothing to bring back.")
					}
					for _, p := range all {
						a.sayPhrase(s, p)
					}
				})
			})
		}}
}

func (a *app) sayPhrase(s *speaker, p client.Phrase) {
	circles := make([]string, len(p.Circles))
	for i, c := range p.Circles {
		circles[i] = plain(c)
	}
	if p.Lost {
		s.line("No words bring you back into %s: it was begun with an earlier Tend. Name trustees there:  tend recover trustees MEMBER…", and(circles))
		return
	}
	if s.quiet {
		s.line("%s", strings.Join(p.Words, " "))
		return
	}
	s.line("Write these down on paper, in this order, and keep it where you would keep a passport.")
	s.line("Whoever has them can be you in %s.", and(circles))
	s.line("")
	for i := 0; i < len(p.Words); i += 4 {
		s.line("%3d. %s", i+1, strings.Join(p.Words[i:min(i+4, len(p.Words))], "  "))
	}
}

// asked does something that needs the passphrase again where one is set: first
// without, and where that is refused, with what the person types.
func asked[T any](ctx context.Context, a *app, do func(passphrase string) (T, error)) (T, error) {
	out, err := do("")
	if err == nil || ctx.Err() != nil || asFailure(err).code != exitFailed {
		return out, err
	}
	pass, perr := a.passphrase("Passphrase of " + a.homeDir + ", again: ")
	if perr != nil {
		return out, err
	}
	return do(string(pass))
}
