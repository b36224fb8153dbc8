package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/node/client"
	"tend/node/qr"
	"tend/node/view"
)

// Bounds of what is read as an invitation.
const (
	maxCodeText = 64 << 10 // text, bytes; far more than a code with line breaks
	maxPicture  = 21 << 20 // PNG or JPEG, bytes; a little over what is looked at
)

// joinLook is how often a face-to-face joining looks whether it is in.
const joinLook = 200 * time.Millisecond

func (a *app) invite() *cobra.Command {
	var o client.InviteOptions
	var until, png, svg, revoke string
	var list bool
	cmd := &cobra.Command{Use: "invite", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			switch {
			case cmd.Flags().Changed("uses") && o.Uses < 1:
				return usage("fail.uses", "n", o.Uses)
			case list && revoke != "":
				return usage("fail.list_or_revoke")
			}
			if until != "" {
				d, err := span(until)
				if err != nil {
					return err
				}
				o.Until = d
			}
			by := meeting // an invitation names where this home is met
			if revoke != "" {
				by = here
			}
			return a.with(ctx, by, func(c *client.Client) error {
				switch {
				case list:
					return a.invites(ctx, c)
				case revoke != "":
					done, err := c.RevokeInvite(ctx, revoke)
					if err != nil {
						return err
					}
					s := a.speaker()
					return s.answer(done, func() { s.done(sentence("said.invite.revoke"), done) })
				}
				made, err := c.Invite(ctx, o)
				if err != nil {
					return err
				}
				return a.showInvite(made, png, svg)
			})
		}}
	cmd.Flags().StringVar(&o.For, "for", "", "")
	cmd.Flags().StringVar(&until, "until", "", "")
	cmd.Flags().IntVar(&o.Uses, "uses", 0, "")
	cmd.Flags().StringVar(&png, "png", "", "")
	cmd.Flags().StringVar(&svg, "svg", "", "")
	cmd.Flags().BoolVar(&list, "list", false, "")
	cmd.Flags().StringVar(&revoke, "revoke", "", "")
	return cmd
}

// showInvite prints an invitation, and draws it where that was asked for.
func (a *app) showInvite(made view.Invite, png, svg string) error {
	if err := drawCode(made.Text, png, svg); err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(made, func() {
		if s.quiet {
			s.line("%s", made.Text)
			return
		}
		a.drawOnTerminal(made.Text)
		s.line("%s", made.Text)
		s.line("")
		s.say("invite.good", "when", made.Expires.Local().Format("Mon 2 Jan 15:04"), "people", count(made.Uses, "count.people"))
		s.say("invite.leave_running")
	})
}

func (a *app) invites(ctx context.Context, c *client.Client) error {
	list, err := c.Invites(ctx)
	if err != nil {
		return err
	}
	if list == nil {
		list = []view.Invite{}
	}
	s := a.speaker()
	return s.answer(list, func() {
		if len(list) == 0 {
			s.say("invite.none")
		}
		for _, i := range list {
			word := sentence("invite.good_until", "when", i.Expires.Local().Format("Mon 2 Jan 15:04"))
			switch {
			case i.Revoked:
				word = sentence("invite.ended")
			case !i.Expires.After(s.now):
				word = sentence("invite.run_out")
			}
			if i.For != "" {
				word = sentence("invite.for", "name", plain(i.For), "state", word)
			}
			s.line("%s  %s", short(i.ID), sentence("invite.used", "state", word, "n", i.Used, "of", i.Uses))
		}
	})
}

// drawCode writes a code as pictures; an empty name is no picture.
func drawCode(text, png, svg string) error {
	code, err := qr.Encode(text)
	if err != nil {
		return err
	}
	for _, to := range []struct {
		file string
		draw func() ([]byte, error)
	}{
		{png, code.PNG},
		{svg, func() ([]byte, error) { return []byte(code.SVG(sentence("invite.picture"))), nil }},
	} {
		if to.file == "" {
			continue
		}
		data, err := to.draw()
		if err != nil {
			return err
		}
		// An invitation is a secret while it lives: the picture is for its owner.
		if err := os.WriteFile(to.file, data, 0o600); err != nil {
			return fail(exitFailed, "fail.unwritable", "file", to.file).because(err)
		}
	}
	return nil
}

// drawOnTerminal shows a code where there is a terminal wide enough to show it.
func (a *app) drawOnTerminal(text string) {
	f, ok := a.out.(*os.File)
	if !ok || a.quiet {
		return
	}
	code, err := qr.Encode(text)
	if err != nil {
		return // the text below it says the same
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width >= code.TerminalWidth() {
		fmt.Fprintln(a.out, code.Terminal())
	}
}

func (a *app) join() *cobra.Command {
	var image, as, png string
	var show bool
	var wait time.Duration
	cmd := &cobra.Command{Use: "join [INVITE | -]", Args: words(0, 1, "INVITE | --image FILE | - | --show"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if show {
				if len(args) > 0 || image != "" {
					return usage("fail.show_alone")
				}
				if !cmd.Flags().Changed("wait") {
					wait = 15 * time.Minute
				}
				return a.with(ctx, meeting, func(c *client.Client) error { return a.showMyself(ctx, c, as, png, wait) })
			}
			if png != "" {
				return usage("fail.png_alone")
			}
			return a.with(ctx, meeting, func(c *client.Client) error {
				code, err := a.code(ctx, c, args, image)
				if err != nil {
					return err
				}
				j, err := c.Join(ctx, code.Text, as, wait)
				if err != nil {
					return err
				}
				return errors.Join(a.settle(ctx, c, j.State != "knocking"), a.joined(ctx, c, j))
			})
		}}
	cmd.Flags().StringVar(&image, "image", "", "")
	cmd.Flags().StringVar(&as, "as", "", "")
	cmd.Flags().DurationVar(&wait, "wait", 30*time.Second, "")
	cmd.Flags().BoolVar(&show, "show", false, "")
	cmd.Flags().StringVar(&png, "png", "", "")
	return cmd
}

// settleTime is how long a command that ends with its network stays, for the
// others to hear who came.
const settleTime = 5 * time.Second

// settle lets what was written in coming in travel, where no node stays behind to
// see to it.
func (a *app) settle(ctx context.Context, c *client.Client, in bool) error {
	if !in || !a.alone {
		return nil
	}
	_, err := c.Sync(ctx, settleTime)
	return err
}

// joined says how far a join came, and to whoever is in what the circle agreed on, to be
// answered in one's own words; knocking still is "not yet".
func (a *app) joined(ctx context.Context, c *client.Client, j view.Joining) error {
	s := a.speaker()
	var agreed view.Charter
	if j.State != "knocking" && !s.json {
		var err error
		if agreed, err = c.In(j.Circle).Charter(ctx); err != nil {
			return err
		}
	}
	err := s.answer(j, func() {
		switch j.State {
		case "knocking":
			s.say("join.knocking")
		case "newcomer":
			s.say("join.newcomer", "circle", plain(j.Name))
		default:
			s.say("join.member", "circle", plain(j.Name))
		}
		if j.State != "knocking" && !s.quiet {
			s.line("")
			s.charter(agreed)
			s.line("")
			s.say("join.own_word")
		}
	})
	if err == nil && j.State == "knocking" {
		return &failure{code: exitNotYet}
	}
	return err
}

// showMyself shows my code and waits until a member let me in.
func (a *app) showMyself(ctx context.Context, c *client.Client, as, png string, wait time.Duration) error {
	before, err := c.Circles(ctx)
	if err != nil {
		return err
	}
	shown, err := c.ShowCode(ctx, as)
	if err != nil {
		return err
	}
	if err := drawCode(shown.Text, png, ""); err != nil {
		return err
	}
	s := a.speaker()
	err = s.answer(shown, func() {
		a.drawOnTerminal(shown.Text)
		s.line("%s", shown.Text)
	})
	if err != nil {
		return err
	}
	a.aside("join.scan")
	for until := time.Now().Add(wait); ; {
		now, err := c.Circles(ctx)
		if err != nil {
			return err
		}
		if in := newCircle(before, now); in != nil {
			return errors.Join(a.joinedFaceToFace(ctx, c, *in), a.settle(ctx, c, true))
		}
		if time.Now().After(until) {
			return fail(exitNotYet, "fail.not_let_in")
		}
		if err := pause(ctx, joinLook); err != nil {
			return err
		}
	}
}

// joinedFaceToFace says it beside the code, which was the answer.
func (a *app) joinedFaceToFace(ctx context.Context, c *client.Client, in view.Circle) error {
	a.aside("join.member", "circle", plain(in.Name))
	if a.quiet || a.json {
		return nil
	}
	agreed, err := c.In(in.ID).Charter(ctx)
	if err != nil {
		return err
	}
	s := a.speaker()
	s.charter(agreed)
	a.aside("join.own_word")
	return nil
}

// newCircle returns a circle this home is in now and was not before.
func newCircle(before, now []view.Circle) *view.Circle {
	was := map[string]bool{}
	for _, c := range before {
		was[c.ID] = c.Standing == "in"
	}
	for i, c := range now {
		if c.Standing == "in" && !was[c.ID] {
			return &now[i]
		}
	}
	return nil
}

// code finds a Tend code in a word, in a picture's file (also one that is named where
// the code should stand, for nothing else can be meant by it), or on stdin, where it
// may be either.
func (a *app) code(ctx context.Context, c *client.Client, args []string, image string) (view.Code, error) {
	if image == "" && len(args) > 0 && namesPicture(args[0]) {
		image, args = args[0], nil
	}
	switch {
	case image != "" && len(args) > 0:
		return view.Code{}, usage("fail.two_codes")
	case image != "":
		data, err := readBounded(image, maxPicture)
		if err != nil {
			return view.Code{}, err
		}
		return c.ReadPicture(ctx, bytes.NewReader(data))
	case len(args) == 0:
		return view.Code{}, usage("fail.no_code")
	case args[0] != "-":
		return c.ReadText(ctx, args[0])
	}
	in := bufio.NewReader(a.in)
	head, _ := in.Peek(4) // a short input is text
	if bytes.HasPrefix(head, []byte("\x89PNG")) || bytes.HasPrefix(head, []byte("\xff\xd8\xff")) {
		return c.ReadPicture(ctx, io.LimitReader(in, maxPicture))
	}
	text, err := io.ReadAll(io.LimitReader(in, maxCodeText))
	if err != nil {
		return view.Code{}, fail(exitFailed, "fail.stdin").because(err)
	}
	return c.ReadText(ctx, string(text))
}

// namesPicture reports whether a word is the name of a file, or of a picture that is not
// there: no code ends like one.
func namesPicture(word string) bool {
	switch strings.ToLower(filepath.Ext(word)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	info, err := os.Stat(word)
	return err == nil && info.Mode().IsRegular()
}

// reason is why the system refused, without the path that the sentence names.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
