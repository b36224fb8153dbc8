package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/node/client"
	"tend/node/view"
)

// maxCharter bounds a charter's file, in bytes.
const maxCharter = 1 << 20

// people are the verbs about who belongs.
func (a *app) people() []*cobra.Command {
	return []*cobra.Command{a.begin(), a.charter(), a.invite(), a.join(), a.letIn(), a.welcome(), a.leave(), a.away(), a.back(), a.pod(), a.part(), a.talk(), a.circles()}
}

func (a *app) begin() *cobra.Command {
	var o client.BeginOptions
	var charter string
	cmd := &cobra.Command{Use: "begin NAME", Args: words(1, 1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name = args[0]
			if charter != "" {
				text, err := readBounded(charter, maxCharter)
				if err != nil {
					return err
				}
				o.Charter = string(text)
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.Begin(cmd.Context(), o)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("begin.begun", "circle", plain(o.Name)), done) })
			})
		}}
	cmd.Flags().StringVar(&o.As, "as", "", "")
	cmd.Flags().StringVar(&o.Purpose, "purpose", "", "")
	cmd.Flags().StringVar(&charter, "charter", "", "")
	cmd.Flags().StringVar(&o.History, "history", "", "")
	return cmd
}

func (a *app) charter() *cobra.Command {
	var out string
	cmd := &cobra.Command{Use: "charter", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				ch, err := c.Charter(cmd.Context())
				if err != nil {
					return err
				}
				if out != "" {
					return writeCharter(out, ch)
				}
				s := a.speaker()
				return s.answer(ch, func() { s.charter(ch) })
			})
		}}
	cmd.Flags().StringVar(&out, "out", "", "")
	cmd.AddCommand(&cobra.Command{Use: "word TEXT", Args: words(1, -1, "TEXT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.does(cmd.Context(), "charter", client.Args{"text": {"word", strings.Join(args, " ")}}, sentence("said.charter.word"))
		}})
	return cmd
}

func (a *app) circles() *cobra.Command {
	return a.look("circles", func(ctx context.Context, c *client.Client, s *speaker) error {
		list, err := c.Circles(ctx)
		if err != nil {
			return err
		}
		if list == nil {
			list = []view.Circle{}
		}
		return s.answer(list, func() { s.circles(list) })
	})
}

func (a *app) welcome() *cobra.Command {
	return &cobra.Command{Use: "welcome MEMBER", Args: words(1, 1, "MEMBER"),
		ValidArgsFunction: a.completeIDs("member"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				done, err := c.Welcome(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.done(sentence("said.welcome"), done) })
			})
		}}
}

func (a *app) leave() *cobra.Command {
	var look bool
	var farewell string
	cmd := &cobra.Command{Use: "leave", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				s := a.speaker()
				if look {
					done, err := c.LeaveLook(cmd.Context())
					if err != nil {
						return err
					}
					var open []view.Item
					for _, id := range done.Handover {
						item, err := c.Show(cmd.Context(), id)
						if err != nil {
							return err
						}
						open = append(open, item)
					}
					return s.answer(done, func() { s.handover(open) })
				}
				done, err := c.Leave(cmd.Context(), farewell)
				if err != nil {
					return err
				}
				return s.answer(done, func() { s.say("leave.left") })
			})
		}}
	cmd.Flags().BoolVar(&look, "look", false, "")
	cmd.Flags().StringVar(&farewell, "farewell", "", "")
	return cmd
}

// handover shows what is still open with this person in it, and what leaving does.
func (s *speaker) handover(open []view.Item) {
	if len(open) == 0 {
		s.say("leave.nothing")
	} else {
		s.say("leave.handover")
		s.items(open)
	}
	s.line("")
	s.say("leave.keeps")
	s.say("leave.copy")
	s.say("leave.door")
}

func (a *app) letIn() *cobra.Command {
	var image string
	var wait time.Duration
	cmd := &cobra.Command{Use: "let-in [CODE]", Args: words(0, 1, "CODE | --image FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), meeting, func(c *client.Client) error {
				code, err := a.code(cmd.Context(), c, args, image)
				if err != nil {
					return err
				}
				done, err := c.LetIn(cmd.Context(), code.Text, wait)
				if err != nil {
					return err
				}
				s := a.speaker()
				return errors.Join(a.settle(cmd.Context(), c, true), s.answer(done, func() { s.done(sentence("said.let-in"), done) }))
			})
		}}
	cmd.Flags().StringVar(&image, "image", "", "")
	cmd.Flags().DurationVar(&wait, "wait", 30*time.Second, "")
	return cmd
}

// readBounded reads a file of at most limit bytes.
func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fail(exitFailed, "fail.unreadable", "file", name).because(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fail(exitFailed, "fail.unreadable", "file", name).because(err)
	}
	if int64(len(data)) > limit {
		return nil, fail(exitFailed, "fail.file_large", "file", name, "most", int(limit))
	}
	return data, nil
}
