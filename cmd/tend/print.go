package main

import (
	"bytes"
	"context"
	"io"

	"github.com/spf13/cobra"

	"tend/crdt"
	"tend/node/client"
	"tend/node/web"
)

// printing are the verbs about paper.
func (a *app) printing() *cobra.Command {
	return noun("print", "on paper: a sheet to open in a browser and print",
		a.sheet("week", "the coming week, with a line to write on for each open place", ""),
		a.sheet("tree", "how we reach each other", ""),
		a.sheet("card [MEMBER]", "how care lands for me, or for somebody", "[MEMBER]"))
}

// sheet makes the verb of one sheet.
func (a *app) sheet(use, short, takes string) *cobra.Command {
	var out string
	most := 0
	if takes != "" {
		most = 1
	}
	cmd := &cobra.Command{Use: use, Short: short, Args: words(0, most, takes)}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		member := ""
		if len(args) > 0 {
			member = args[0]
		}
		return a.with(cmd.Context(), here, func(c *client.Client) error {
			return a.printSheet(cmd.Context(), c, cmd.Name(), member, out)
		})
	}
	cmd.Flags().StringVar(&out, "out", "", "write it into this file")
	return cmd
}

func (a *app) printSheet(ctx context.Context, c *client.Client, what, member, out string) error {
	if out == "" {
		var whole bytes.Buffer
		if err := c.Sheet(ctx, &whole, what, member); err != nil {
			return err
		}
		_, err := a.out.Write(whole.Bytes())
		return err
	}
	if err := replaced(out, func(w io.Writer) error { return c.Sheet(ctx, w, what, member) }); err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(struct {
		File string `json:"file"`
	}{out}, func() { s.line("Written to %s. Open it in a browser, and print it there.", out) })
}

// Sheet implements [api.Printing]. Without a page that is served the same one draws.
func (m *machine) Sheet(ctx context.Context, id crdt.ID, sheet string) ([]byte, error) {
	site := m.served()
	if site == nil {
		site = web.New(web.Config{Service: pageHouse{m}, Upkeep: pageHouse{m}, Now: m.config.Now, Log: m.log})
	}
	return site.Sheet(ctx, id, sheet)
}
