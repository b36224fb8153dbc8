package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tend/crdt/circle"
	"tend/node/client"
	"tend/node/view"
)

// hearing are the verbs about what a person wishes to hear of, and when. All of it is
// kept on this home alone.
func (a *app) hearing() []*cobra.Command {
	return []*cobra.Command{a.follow(), a.remind(), a.digest()}
}

func (a *app) follow() *cobra.Command {
	return &cobra.Command{Use: "follow [CATEGORY…|none]", Short: "kinds of need I can meet: they come first, and stand in my digest",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.say(cmd.Context(), verb{use: "follow", said: onlyHere}, client.Args{"text": args})
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				f, err := c.Followed(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(f, func() {
					if len(f.Categories) == 0 {
						s.line("None yet.  tend follow meals lifts  names some.")
					}
					for _, category := range f.Categories {
						s.line("%s", plain(category))
					}
				})
			})
		}}
}

func (a *app) remind() *cobra.Command {
	var before string
	cmd := &cobra.Command{Use: "remind", Short: "how long before an agreement I am reminded", Args: words(0, 0, ""),
		Long: `Say how long before an agreement begins I wish to be reminded. It stands in tend
today then, and the calendar of what I agreed tells its program to remind me.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("before") {
				return a.say(cmd.Context(), verb{use: "remind", said: onlyHere}, client.Args{"before": {before}})
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error {
				r, err := c.Remind(cmd.Context())
				if err != nil {
					return err
				}
				s := a.speaker()
				return s.answer(r, func() { s.line("%s", r.Before) })
			})
		}}
	cmd.Flags().StringVar(&before, "before", "", "1h, 2d or never")
	return cmd
}

func (a *app) digest() *cobra.Command {
	var every, at, out string
	cmd := &cobra.Command{Use: "digest", Short: "a letter to me about what came and what is ahead; none when there is nothing", Args: words(0, 0, ""),
		Long: `Show what came for me since I was last told, and what is ahead. With --out it is
written into a file, once, and counts as told; where there is nothing to tell, no file
is made. With --every the running node does that by itself at my rhythm. Of what is
tender it has nothing but that there is something.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out != "" {
				whole, err := filepath.Abs(out)
				if err != nil {
					return fmt.Errorf("find %s: %w", out, err)
				}
				out = whole
			}
			if at != "" && every == "" {
				return usage("tend digest --every day --at 08:00", "--at goes with --every")
			}
			if every != "" {
				args := client.Args{"every": {every}}
				if at != "" {
					args["at"] = []string{at}
				}
				if out != "" {
					args["out"] = []string{out}
				}
				return a.say(cmd.Context(), verb{use: "digest", said: onlyHere}, args)
			}
			return a.with(cmd.Context(), here, func(c *client.Client) error { return a.tellDigest(cmd.Context(), c, out) })
		}}
	cmd.Flags().StringVar(&every, "every", "", "day, week or never")
	cmd.Flags().StringVar(&at, "at", "", "at this time of day; else 08:00")
	cmd.Flags().StringVar(&out, "out", "", "write it into this file")
	return cmd
}

// tellDigest shows the digest, or writes it into a file; then it counts as told.
func (a *app) tellDigest(ctx context.Context, c *client.Client, out string) error {
	d, err := c.Digest(ctx)
	if err != nil {
		return err
	}
	s := a.speaker()
	switch {
	case out == "":
		return s.answer(d, func() { s.digest(d) })
	case d.Empty():
		a.aside(nothingToTell)
		return nil
	}
	if err := writeDigest(out, d, a.now()); err != nil {
		return err
	}
	if _, err := c.Do(ctx, "digest", client.Args{"told": {"true"}}); err != nil {
		return err
	}
	return s.answer(struct {
		File string `json:"file"`
	}{out}, func() { s.line("Written to %s.", out) })
}

const nothingToTell = "There is nothing to tell just now. That's fine too."

// writeDigest writes the letter into a file, over the one before.
func writeDigest(file string, d view.Digest, now time.Time) error {
	return replaced(file, func(w io.Writer) error {
		s := &speaker{w: w, now: now}
		s.digest(d)
		return nil
	})
}

// digest writes the letter. It may be mailed or lie on a table, so of what is tender it
// has nothing but that there is something.
func (s *speaker) digest(d view.Digest) {
	first := true
	for _, part := range []struct {
		title string
		items []view.Item
	}{{"Asked of you, or changed in what you agreed", d.Asked}, {"You could", d.ICould}, {"Ahead of you", d.Ahead}} {
		if len(part.items) == 0 {
			continue
		}
		s.heading(&first, part.title)
		for _, i := range part.items {
			s.items([]view.Item{untender(i)})
		}
	}
	if len(d.HardDays) > 0 {
		s.heading(&first, "To think of")
		s.hardDays(d.HardDays)
	}
	if len(d.Look) > 0 {
		s.heading(&first, "Look at this together")
		s.line("  tend look shows what, and how to settle it.")
	}
	if first {
		s.line(nothingToTell)
	}
}

// untender is an item without what is tender of it.
func untender(i view.Item) view.Item {
	switch {
	case i.Post != nil && i.Post.Tender:
		p := *i.Post
		p.Title, p.Area, p.Details, p.Costs = circle.Private, "", "", ""
		return view.Item{Post: &p}
	case i.Agreement != nil && i.Agreement.Tender:
		a := *i.Agreement
		a.What, a.Area, a.Costs = circle.Private, "", ""
		return view.Item{Agreement: &a}
	case i.Talk != nil:
		t := *i.Talk
		t.Sentence = circle.Private
		return view.Item{Talk: &t}
	}
	return i
}

// digestLook is how often a node looks whether a digest is due.
const digestLook = time.Minute

// digests writes the digests that are due until ctx ends. One that cannot be written is
// tried again.
func (m *machine) digests(ctx context.Context) {
	for {
		if err := m.writeDigests(ctx); err != nil && ctx.Err() == nil {
			m.log.Warn("write a digest", "err", err)
		}
		if pause(ctx, digestLook) != nil {
			return
		}
	}
}

func (m *machine) writeDigests(ctx context.Context) error {
	for _, id := range m.at().All() {
		s, err := m.View(id)
		if err != nil {
			return err
		}
		wish, ok := s.Env.Own.Rhythm()
		if !ok || !s.Env.Own.DigestDue(s.Env.Now) {
			continue
		}
		if d := s.Digest(); !d.Empty() {
			if err := writeDigest(wish.Out, d, s.Env.Now); err != nil {
				return err
			}
		}
		if _, err := m.Do(ctx, id, circle.Told{}); err != nil {
			return err
		}
	}
	return nil
}
