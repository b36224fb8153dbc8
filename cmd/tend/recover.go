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
				return s.answer(done, func() { s.done("Named. Only they know who they are", done) })
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
	s.line("Nothing has been done yet. What would happen:")
	if phrase {
		s.line("1. You type your 24 words. This home asks a member's home, by the invitation, to be known as %s again.", plain(name))
		s.line("2. It lets you in at once, as a new device. What the others hold comes back by itself.")
		s.line("3. You end the lost device:  tend device list, tend device revoke ID")
		return
	}
	s.line("1. This home asks a member's home, by the invitation, to be known as %s again. It is shown nothing yet.", plain(name))
	s.line("2. You show the code of  tend recover show  to your trustees, or to two members if you named none. Read them the six words.")
	s.line("3. Each says  tend recover stand %s CODE.  Everybody in the circle is told.", plain(name))
	s.line("4. Three days later, once they have been seen again, any member says  tend recover finish %s.", plain(name))
	s.line("5. Your lost devices are out, this home is in, and what the others hold comes back.")
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
			s.line("Asked. No door has known you yet; a running node (tend run) keeps asking.")
			return
		}
		s.line("Back in %s. What the others hold is arriving.", plain(j.Name))
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
		s.line("Show this to those who may stand for you, in person or on a call, and read them these words:")
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
		s.line("Nobody asks at this home's door.")
	}
	for _, one := range list {
		s.line("%s, last %s. They were shown nothing.", plain(one.Name), s.ago(one.Last))
		if one.Member == nil {
			s.line("  Nobody is called so here, or more than one. Who is it?  tend recover meant NAME MEMBER")
			continue
		}
		s.line("  Call %s. If they read you these words:  %s", name(*one.Member), one.Words)
		s.line("  tend recover stand %s %s", short(one.Member.ID), one.Text)
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
				return s.answer(done, func() { s.line("Said. When they ask again, their code is under  tend recover list") })
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
				return s.answer(done, func() { s.done("From now on their lost devices are left out. What they have, they have", done) })
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
				a.aside("They must read you the same words:  " + r.Words)
				if yes, err := a.confirms("Did you hear their voice, and these words? [y/N] "); same != r.Words && (err != nil || !yes) {
					return fail(exitKept, "fail.stood_for_nobody")
				}
				done, err := c.StandFor(ctx, args[0], args[1])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done("You stand for them. The circle is told; after three days it counts", done) })
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
				return s.answer(done, func() { s.done("Said. One more must stand for them now", done) })
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
				return s.answer(done, func() { s.done("They are back; their lost devices are out", done) })
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
			return s.answer(st, func() { s.line("You are back.") })
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
		data, err := a.passphrase("Your 24 words: ")
		return string(data), err
	}
	data, err := io.ReadAll(io.LimitReader(a.in, maxPhrase+1))
	if err != nil {
		return "", fail(exitFailed, "fail.stdin").because(err)
	}
	return string(data), nil
}
