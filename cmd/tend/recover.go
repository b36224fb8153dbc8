package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/node/client"
	"tend/node/view"
)

// maxPhrase bounds what is read as 24 words, in bytes.
const maxPhrase = 1 << 10

// recovering are the verbs by which a member who lost everything comes back.
func (a *app) recovering() *cobra.Command {
	return noun("recover",
		a.trustees(), a.recoverBegin(), a.recoverShow(), a.recoverAsking(), a.recoverMeant(), a.recoverStand(),
		a.recoverWithout(), a.recoverObject(), a.recoverFinish())
}

func (a *app) trustees() *cobra.Command {
	var of int
	cmd := &cobra.Command{Use: "trustees MEMBER…", Args: words(1, -1, "MEMBER…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.NameTrustees(cmd.Context(), args, of)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.recover.trustees"), done) })
			})
		}}
	cmd.Flags().IntVar(&of, "of", 0, "")
	return cmd
}

func (a *app) recoverBegin() *cobra.Command {
	var name, image string
	var phrase, dry bool
	wait := 10 * time.Second
	cmd := &cobra.Command{Use: "begin INVITE --i-am NAME", Args: words(0, 1, "INVITE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if name == "" {
				return usage("fail.who_returns")
			}
			if dry {
				a.sayComingBack(name, phrase)
				return nil
			}
			var words string
			if phrase {
				var err error
				if words, err = a.typedPhrase(); err != nil {
					return err
				}
			}
			return a.with(ctx, meeting, func(c *client.Client) error {
				code, err := a.code(ctx, c, args, image)
				if err != nil {
					return err
				}
				j, err := c.ComeBack(ctx, code.Text, name, words, wait)
				if err != nil {
					return err
				}
				return a.comingBack(ctx, c, j, phrase)
			})
		}}
	cmd.Flags().StringVar(&name, "i-am", "", "")
	cmd.Flags().StringVar(&image, "image", "", "")
	cmd.Flags().BoolVar(&phrase, "phrase", false, "")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "")
	cmd.Flags().DurationVar(&wait, "wait", wait, "")
	return cmd
}

// sayComingBack tells the steps before anything is done.
func (a *app) sayComingBack(name string, phrase bool) {
	s := a.speaker()
	s.say("recover.dry")
	if phrase {
		s.say("recover.phrase_1", "name", plain(name))
		s.say("recover.phrase_2")
		s.say("recover.phrase_3")
		return
	}
	s.say("recover.stand_1", "name", plain(name))
	s.say("recover.stand_2")
	s.say("recover.stand_3", "name", plain(name))
	s.say("recover.stand_4", "name", plain(name))
	s.say("recover.stand_5")
}

// comingBack says how far it came.
func (a *app) comingBack(ctx context.Context, c *client.Client, j view.Joining, phrase bool) error {
	if j.State != "knocking" || phrase {
		if err := a.joinedAgain(j); err != nil {
			return err
		}
		return a.settle(ctx, c, j.State != "knocking")
	}
	if err := a.showRecovery(ctx, c); err != nil {
		return err
	}
	return &failure{code: exitNotYet}
}

func (a *app) joinedAgain(j view.Joining) error {
	s := a.speaker()
	err := s.answer(j, func() {
		if j.State == "knocking" {
			s.say("recover.asked")
			return
		}
		s.say("recover.back_in", "circle", plain(j.Name))
	})
	if err == nil && j.State == "knocking" {
		return &failure{code: exitNotYet}
	}
	return err
}

func (a *app) showRecovery(ctx context.Context, c *client.Client) error {
	r, err := c.Recovery(ctx)
	if err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(r, func() {
		if s.quiet {
			s.line("%s", r.Text)
			return
		}
		a.drawOnTerminal(r.Text)
		s.line("%s", r.Text)
		s.line("")
		s.say("recover.show")
		s.line("  %s", r.Words)
	})
}

func (a *app) recoverShow() *cobra.Command {
	return &cobra.Command{Use: "show", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error { return a.showRecovery(cmd.Context(), c) })
		}}
}

func (a *app) recoverAsking() *cobra.Command {
	return &cobra.Command{Use: "list", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				list, err := c.Asking(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(list, func() { s.asking(list) })
			})
		}}
}

// asking writes who asks at the door.
func (s *speaker) asking(list []client.Asking) {
	if len(list) == 0 {
		s.say("recover.nobody_asks")
	}
	for _, one := range list {
		s.say("recover.asks", "name", plain(one.Name), "ago", s.ago(one.Last))
		if one.Member == nil {
			s.under("recover.who")
			continue
		}
		s.under("recover.call", "name", name(*one.Member), "words", one.Words)
		s.under("recover.stand", "id", short(one.Member.ID), "code", one.Text)
	}
}

func (a *app) recoverMeant() *cobra.Command {
	return &cobra.Command{Use: "meant NAME MEMBER", Args: words(2, 2, "NAME MEMBER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.Meant(cmd.Context(), args[0], args[1])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.say("recover.meant") })
			})
		}}
}

func (a *app) recoverWithout() *cobra.Command {
	return &cobra.Command{Use: "without MEMBER", Args: words(1, 1, "MEMBER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.LeaveOut(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.recover.without"), done) })
			})
		}}
}

func (a *app) recoverStand() *cobra.Command {
	var same string
	cmd := &cobra.Command{Use: "stand MEMBER CODE", Args: words(2, 2, "MEMBER CODE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.with(ctx, here, func(c *client.Client) error {
				r, err := c.ReadRecovery(ctx, args[1])
				if err != nil {
					return err
				}
				a.aside("recover.they_read", "words", r.Words)
				if yes, err := a.confirms("ask.voice"); same != r.Words && (err != nil || !yes) {
					return fail(exitKept, "fail.stood_for_nobody")
				}
				done, err := c.StandFor(ctx, args[0], args[1])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.recover.stand"), done) })
			})
		}}
	cmd.Flags().StringVar(&same, "words", "", "")
	return cmd
}

func (a *app) recoverObject() *cobra.Command {
	return &cobra.Command{Use: "object", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.ObjectReturn(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.recover.object"), done) })
			})
		}}
}

func (a *app) recoverFinish() *cobra.Command {
	wait := 30 * time.Second
	cmd := &cobra.Command{Use: "finish [MEMBER]", Args: words(0, 1, "MEMBER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if len(args) == 0 {
				return a.with(ctx, meeting, func(c *client.Client) error { return a.awaitReturn(ctx, c, wait) })
			}
			return a.with(ctx, here, func(c *client.Client) error {
				done, err := c.Return(ctx, args[0])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.recover.finish"), done) })
			})
		}}
	cmd.Flags().DurationVar(&wait, "wait", wait, "")
	return cmd
}

// awaitReturn waits until the circle somebody comes back into is here.
func (a *app) awaitReturn(ctx context.Context, c *client.Client, wait time.Duration) error {
	for until := time.Now().Add(wait); ; {
		st, err := c.Status(ctx)
		if err != nil {
			return err
		}
		back, coming := false, false
		for _, one := range st.Circles {
			back, coming = back || one.Standing == "in", coming || one.Standing == "coming_back"
		}
		switch {
		case back && !coming:
			s := a.speaker()
			return s.answer(st, func() { s.say("recover.back") })
		case !coming:
			return fail(exitMissing, "fail.nobody_returns")
		case time.Now().After(until):
			return fail(exitNotYet, "fail.not_back")
		}
		if err := pause(ctx, joinLook); err != nil {
			return err
		}
	}
}

// typedPhrase reads the 24 words, unseen where they are typed.
func (a *app) typedPhrase() (string, error) {
	if in, ok := a.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		data, err := a.passphrase("ask.phrase")
		return string(data), err
	}
	data, err := io.ReadAll(io.LimitReader(a.in, maxPhrase+1))
	if err != nil {
		return "", fail(exitFailed, "fail.stdin").because(err)
	}
	return string(data), nil
}
