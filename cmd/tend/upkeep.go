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

// upkeep are the verbs of looking after the home.
func (a *app) upkeep() []*cobra.Command {
	return []*cobra.Command{a.run(), a.status(), a.peers(), a.sync(),
		noun("carry", a.carryOut(), a.carryIn()),
		a.pageCommands(), a.device(), a.recovering(), a.backup(), a.export(), a.importing(), a.vault(), a.doctor(), a.verify(), a.rebuild(), a.demo(), a.version()}
}

func (a *app) status() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{Use: "status", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			by := here
			if watch {
				by = running
			}
			return a.with(ctx, by, func(c *client.Client) error {
				if watch {
					return a.watchStatus(ctx, c)
				}
				return a.printStatus(ctx, c)
			})
		}}
	cmd.Flags().BoolVar(&watch, "watch", false, "")
	return cmd
}

func (a *app) printStatus(ctx context.Context, c *client.Client) error {
	st, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if st.Circles == nil {
		st.Circles = []view.CircleStatus{}
	}
	s := a.speaker()
	return s.answer(st, func() { s.status(st) })
}

// watchStatus prints the status at each event, until the person stops it.
func (a *app) watchStatus(ctx context.Context, c *client.Client) error {
	for _, err := range c.Events(ctx) {
		if err == nil {
			err = a.printStatus(ctx, c)
		}
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, client.ErrNoNode) {
			return fail(exitNoNode, "fail.node_stopped").behind(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) peers() *cobra.Command {
	add := &cobra.Command{Use: "add MULTIADDR", Args: words(1, 1, "MULTIADDR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), running, func(c *client.Client) error {
				done, err := c.AddPeer(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(done, func() { s.say("peer.dialled") })
			})
		}}
	cmd := &cobra.Command{Use: "peers", Args: noSuchVerb,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), running, func(c *client.Client) error {
				list, err := c.Peers(cmd.Context())
				if err != nil {
					return err
				}
				if list == nil {
					list = []view.Peer{}
				}
				s := a.speaker()
				return s.answer(list, func() { s.peers(list) })
			})
		}}
	cmd.AddCommand(add)
	return cmd
}

func (a *app) sync() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{Use: "sync", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), meeting, func(c *client.Client) error {
				st, err := c.Sync(cmd.Context(), wait)
				if err != nil {
					return err
				}
				s := a.speaker()
				if err := s.answer(st, func() { s.status(st) }); err != nil {
					return err
				}
				if st.State != "caught_up" {
					return &failure{code: exitNotYet}
				}
				return nil
			})
		}}
	cmd.Flags().DurationVar(&wait, "wait", 30*time.Second, "")
	return cmd
}

func (a *app) carryOut() *cobra.Command {
	var to string
	cmd := &cobra.Command{Use: "out FILE", Args: words(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				out, err := carryTo(cmd.Context(), c, args[0], to)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(out, func() {
					s.say("carry.out", "ops", count(out.Ops, "count.ops"), "bytes", count(out.Bytes, "count.bytes"), "file", out.File)
				})
			})
		}}
	cmd.Flags().StringVar(&to, "to", "", "")
	return cmd
}

// carryTo writes a carry file whole or not at all.
func carryTo(ctx context.Context, c *client.Client, file, to string) (out view.CarriedOut, err error) {
	err = replaced(file, func(w io.Writer) (err error) {
		out, err = c.CarryOut(ctx, w, to)
		return err
	})
	out.File = file
	return out, err
}

func (a *app) carryIn() *cobra.Command {
	return &cobra.Command{Use: "in FILE", Args: words(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fail(exitFailed, "fail.unreadable", "file", args[0]).because(err)
			}
			defer f.Close()
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				in, err := c.CarryIn(cmd.Context(), f)
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(in, func() {
					s.line("%s", strings.Join([]string{sentence("carry.new", "n", in.OpsNew), sentence("carry.known", "n", in.OpsKnown), sentence("carry.waiting", "n", in.Waiting)}, ", "))
				})
			})
		}}
}

func (a *app) doctor() *cobra.Command {
	var report string
	cmd := a.look("doctor", func(ctx context.Context, c *client.Client, s *speaker) error {
		list, err := c.Doctor(ctx)
		if err != nil {
			return err
		}
		if report != "" {
			return a.writeReport(ctx, c, report, list)
		}
		return s.answer(list, func() { s.checks(list) })
	})
	cmd.Flags().StringVar(&report, "report", "", "")
	return cmd
}

func (a *app) verify() *cobra.Command {
	return a.look("verify", func(ctx context.Context, c *client.Client, s *speaker) error {
		v, err := c.Verify(ctx)
		if err != nil {
			return err
		}
		if err := s.answer(v, func() { s.verified(v, "verify.good") }); err != nil {
			return err
		}
		if !v.OK {
			return fail(exitFailed, "fail.unsound", "n", len(v.Findings))
		}
		return nil
	})
}

func (a *app) rebuild() *cobra.Command {
	cmd := a.look("rebuild", func(ctx context.Context, c *client.Client, s *speaker) error {
		v, err := c.Rebuild(ctx)
		if err != nil {
			return err
		}
		if err := s.answer(v, func() { s.verified(v, "rebuild.good") }); err != nil {
			return err
		}
		if !v.OK {
			return fail(exitFailed, "fail.not_whole", "n", len(v.Findings))
		}
		return nil
	})
	cmd.PreRun = func(*cobra.Command, []string) { a.mending = true }
	return cmd
}

func (s *speaker) verified(v view.Verified, good string) {
	if v.OK {
		s.say(good, "ops", count(v.Ops, "count.ops"))
		return
	}
	s.line("%s", strings.Join(v.Findings, "\n"))
}
