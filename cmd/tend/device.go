package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/node/client"
)

// device are the verbs about this member's devices.
func (a *app) device() *cobra.Command {
	return noun("device", a.devices(), a.addDevice(), a.revokeDevice(), a.linkDevice(), a.phrase())
}

func (a *app) phrase() *cobra.Command {
	return &cobra.Command{Use: "phrase", Args: words(0, 0, ""),
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
						s.say("phrase.none")
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
		s.say("phrase.lost", "circles", and(circles))
		return
	}
	if s.quiet {
		s.line("%s", strings.Join(p.Words, " "))
		return
	}
	s.say("phrase.write")
	s.say("phrase.whoever", "circles", and(circles))
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
	pass, perr := a.passphrase("ask.passphrase_again", "home", a.homeDir)
	if perr != nil {
		return out, err
	}
	return do(string(pass))
}

func (a *app) devices() *cobra.Command {
	return &cobra.Command{Use: "list", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				all, err := c.Devices(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(all, func() {
					for _, d := range all {
						s.line("%s  %s%s", short(d.ID), sentence("device.since", "date", d.Added.Local().Format("2 Jan 2006")), deviceWord(s, d))
					}
				})
			})
		}}
}

func deviceWord(s *speaker, d client.Device) string {
	switch {
	case d.This:
		return "  " + sentence("device.this")
	case d.State == "out":
		return "  " + sentence("device.out")
	case d.Heard != nil:
		return "  " + sentence("device.heard", "ago", s.ago(*d.Heard))
	}
	return ""
}

func (a *app) revokeDevice() *cobra.Command {
	return &cobra.Command{Use: "revoke ID", Args: words(1, 1, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.RevokeDevice(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.device.revoke"), done) })
			})
		}}
}

func (a *app) linkDevice() *cobra.Command {
	var png string
	wait := 15 * time.Minute
	cmd := &cobra.Command{Use: "link", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return a.with(ctx, meeting, func(c *client.Client) error { return a.showLink(ctx, c, png, wait) })
		}}
	cmd.Flags().StringVar(&png, "png", "", "")
	cmd.Flags().DurationVar(&wait, "wait", wait, "")
	return cmd
}

// showLink shows this home's code, then the words, and waits until it is in.
func (a *app) showLink(ctx context.Context, c *client.Client, png string, wait time.Duration) error {
	shown, err := c.ShowLink(ctx)
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
	a.aside("device.scan")
	told := false
	for until := time.Now().Add(wait); ; {
		now, err := c.Linking(ctx)
		if err != nil {
			return err
		}
		if now.Words != "" && !told {
			told = true
			a.aside("device.other_shows", "words", now.Words)
		}
		if now.Done {
			a.aside("device.arriving", "circles", and(now.Circles))
			return a.settle(ctx, c, true)
		}
		if time.Now().After(until) {
			return fail(exitNotYet, "fail.no_device")
		}
		if err := pause(ctx, joinLook); err != nil {
			return err
		}
	}
}

func (a *app) addDevice() *cobra.Command {
	var image, same string
	wait := 30 * time.Second
	cmd := &cobra.Command{Use: "add CODE | --image FILE", Args: words(0, 1, "CODE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			return a.with(ctx, meeting, func(c *client.Client) error {
				code, err := a.code(ctx, c, args, image)
				if err != nil {
					return err
				}
				return a.linkWith(ctx, c, code.Text, same, wait)
			})
		}}
	cmd.Flags().StringVar(&image, "image", "", "")
	cmd.Flags().StringVar(&same, "words", "", "")
	cmd.Flags().DurationVar(&wait, "wait", wait, "")
	return cmd
}

// linkWith shows the words of both devices, and goes on once a person said that
// they are the same.
func (a *app) linkWith(ctx context.Context, c *client.Client, code, same string, wait time.Duration) error {
	var pass string
	met, err := asked(ctx, a, func(p string) (client.Linking, error) {
		pass = p
		return c.AddDevice(ctx, code, "", p, wait)
	})
	if err != nil {
		return err
	}
	if same == "" {
		a.aside("device.new_shows", "words", met.Words)
		yes, err := a.confirms("ask.words_same")
		if err != nil {
			s := a.speaker()
			return errors.Join(s.answer(met, func() { s.line("%s", met.Words) }), fail(exitNotYet, "fail.words_uncompared"))
		}
		if !yes {
			return fail(exitKept, "fail.words_differ")
		}
		same = met.Words
	}
	done, err := c.AddDevice(ctx, code, same, pass, wait)
	if err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(done, func() { s.say("device.linked", "circles", and(done.Circles)) })
}

// confirms asks a person on the terminal; the error says that nobody is there.
func (a *app) confirms(key string) (bool, error) {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return false, errors.New("no terminal")
	}
	fmt.Fprint(a.err, sentence(key))
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil {
		return false, err
	}
	word := strings.ToLower(strings.TrimSpace(line))
	return word == "y" || word == "yes", nil
}
