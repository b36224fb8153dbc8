package main

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"tend/crdt"
	"tend/node/client"
	"tend/node/web"
)

// printing are the verbs about paper.
func (a *app) printing() *cobra.Command {
	return noun("print",
		a.sheet("week", ""),
		a.sheet("tree", ""),
		a.sheet("card [MEMBER]", "[MEMBER]"),
		a.sheet("qr [ID]", "[ID]"),
		a.slips())
}

// maxSlips is how many invitations are made for one sheet at most.
const maxSlips = 40

// slips makes several invitations for one person each and prints them on one sheet.
func (a *app) slips() *cobra.Command {
	var n int
	var until, out string
	cmd := &cobra.Command{Use: "invite", Args: words(0, 0, "")}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if n < 1 || n > maxSlips {
			return usage("fail.slips", "n", n, "most", maxSlips)
		}
		o := client.InviteOptions{Uses: 1}
		if until != "" {
			d, err := span(until)
			if err != nil {
				return err
			}
			o.Until = d
		}
		return a.with(cmd.Context(), meeting, func(c *client.Client) error { return a.printSlips(cmd.Context(), c, n, o, out) })
	}
	cmd.Flags().IntVar(&n, "slips", 8, "")
	cmd.Flags().StringVar(&until, "until", "30d", "")
	cmd.Flags().StringVar(&out, "out", "", "")
	return cmd
}

// printSlips makes them all or, where one cannot be made or the sheet cannot be drawn,
// none.
func (a *app) printSlips(ctx context.Context, c *client.Client, n int, o client.InviteOptions, out string) (err error) {
	var ids []string
	defer func() {
		if err != nil {
			for _, id := range ids {
				_, ended := c.RevokeInvite(ctx, id)
				err = errors.Join(err, ended)
			}
		}
	}()
	for range n {
		made, err := c.Invite(ctx, o)
		if err != nil {
			return err
		}
		ids = append(ids, made.ID)
	}
	return a.printSheet(ctx, c, "slips", "", out, ids...)
}

// sheet makes the verb of one sheet.
func (a *app) sheet(use, takes string) *cobra.Command {
	var out string
	most := 0
	if takes != "" {
		most = 1
	}
	cmd := &cobra.Command{Use: use, Args: words(0, most, takes)}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		member := ""
		if len(args) > 0 {
			member = args[0]
		}
		return a.with(cmd.Context(), here, func(c *client.Client) error {
			if cmd.Name() == "qr" {
				return a.printSheet(cmd.Context(), c, "qr", "", out, args...)
			}
			return a.printSheet(cmd.Context(), c, cmd.Name(), member, out)
		})
	}
	cmd.Flags().StringVar(&out, "out", "", "")
	return cmd
}

func (a *app) printSheet(ctx context.Context, c *client.Client, what, member, out string, invites ...string) error {
	if out == "" {
		var whole bytes.Buffer
		if err := c.Sheet(ctx, &whole, what, member, invites...); err != nil {
			return err
		}
		_, err := a.out.Write(whole.Bytes())
		return err
	}
	if err := replaced(out, func(w io.Writer) error { return c.Sheet(ctx, w, what, member, invites...) }); err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(struct {
		File string `json:"file"`
	}{out}, func() { s.say("print.written", "file", out) })
}

// Sheet implements [api.Printing]. Without a page that is served the same one draws.
func (m *machine) Sheet(ctx context.Context, id crdt.ID, sheet string) ([]byte, error) {
	site := m.served()
	if site == nil {
		site = web.New(web.Config{Service: pageHouse{m}, Upkeep: pageHouse{m}, Now: m.config.Now, Log: m.log})
	}
	return site.Sheet(ctx, id, sheet)
}
