package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/client"
	"tend/node/view"
)

func (a *app) digest() *cobra.Command {
	var every, at, out, mail string
	var post mailer
	cmd := &cobra.Command{Use: "digest", Args: words(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case at != "" && every == "":
				return usage("fail.at_alone")
			case mail != "" && !circle.IsAddress(mail):
				return usage("fail.no_mail_address", "word", plain(mail))
			}
			if out != "" {
				whole, err := filepath.Abs(out)
				if err != nil {
					return fmt.Errorf("find %s: %w", out, err)
				}
				out = whole
			}
			if mail != "" {
				if _, err := post.find(); err != nil {
					return err
				}
			}
			if every == "" {
				return a.with(cmd.Context(), here, func(c *client.Client) error { return a.tellDigest(cmd.Context(), c, out, mail, post) })
			}
			args := client.Args{"every": {every}}
			for name, value := range map[string]string{"at": at, "out": out, "mail": mail} {
				if value != "" {
					args[name] = []string{value}
				}
			}
			return a.does(cmd.Context(), "digest", args, sentence("said.own"))
		}}
	cmd.Flags().StringVar(&every, "every", "", "")
	cmd.Flags().StringVar(&at, "at", "", "")
	cmd.Flags().StringVar(&out, "out", "", "")
	cmd.Flags().StringVar(&mail, "mail", "", "")
	post.flags(cmd.Flags())
	return cmd
}

// tellDigest shows the digest, or writes it into a file and sends it; then it counts as
// told.
func (a *app) tellDigest(ctx context.Context, c *client.Client, out, mail string, post mailer) error {
	d, err := c.Digest(ctx)
	if err != nil {
		return err
	}
	s := a.speaker()
	switch {
	case out == "" && mail == "":
		return s.answer(d, func() { s.digest(d) })
	case d.Empty():
		a.aside("digest.nothing")
		return nil
	}
	if err := handOver(ctx, d, circle.Rhythm{Out: out, Mail: mail}, post, a.now()); err != nil {
		return err
	}
	if _, err := c.Do(ctx, "digest", client.Args{"told": {"true"}}); err != nil {
		return err
	}
	return s.answer(struct {
		File string `json:"file,omitempty"`
		Mail string `json:"mail,omitempty"`
	}{out, mail}, func() {
		if out != "" {
			s.say("file.written", "file", out)
		}
		if mail != "" {
			s.say("digest.mailed", "address", mail)
		}
	})
}

// handOver gives a letter to where its person wishes it.
func handOver(ctx context.Context, d view.Digest, to circle.Rhythm, post mailer, now time.Time) error {
	if to.Out != "" {
		if err := writeDigest(to.Out, d, now); err != nil {
			return err
		}
	}
	if to.Mail != "" {
		return post.send(ctx, to.Mail, d, now)
	}
	return nil
}

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
	}{{"digest.asked", d.Asked}, {"digest.could", d.ICould}, {"digest.ahead", d.Ahead}} {
		if len(part.items) == 0 {
			continue
		}
		s.heading(&first, part.title)
		for _, i := range part.items {
			s.items([]view.Item{untender(i)})
		}
	}
	if len(d.HardDays) > 0 {
		s.heading(&first, "today.hard_days")
		s.hardDays(d.HardDays)
	}
	if len(d.Look) > 0 {
		s.heading(&first, "today.look")
		s.under("digest.look")
	}
	if first {
		s.say("digest.nothing")
	}
}

// untender is an item without what is tender of it.
func untender(i view.Item) view.Item {
	switch {
	case i.Post != nil && i.Post.Tender:
		p := *i.Post
		p.Title, p.Area, p.Details, p.Costs = view.Private(), "", "", ""
		return view.Item{Post: &p}
	case i.Agreement != nil && i.Agreement.Tender:
		a := *i.Agreement
		a.What, a.Area, a.Costs = view.Private(), "", ""
		return view.Item{Agreement: &a}
	case i.Talk != nil:
		t := *i.Talk
		t.Sentence = view.Private()
		return view.Item{Talk: &t}
	}
	return i
}

// digestLook is how often a node looks whether a digest is due, and mailAgain after how
// long it tries again to send what did not go.
const (
	digestLook = time.Minute
	mailAgain  = 15 * time.Minute
)

// digests hands over the digests that are due until ctx ends. One that does not go is
// tried again, and keeps no other back.
func (m *machine) digests(ctx context.Context, post mailer) {
	for {
		wait := digestLook
		for _, id := range m.at().All() {
			if err := m.writeDigest(ctx, id, post); err != nil && ctx.Err() == nil {
				m.log.Warn("hand a digest over", "err", err)
				wait = mailAgain
			}
		}
		if pause(ctx, wait) != nil {
			return
		}
	}
}

func (m *machine) writeDigest(ctx context.Context, id crdt.ID, post mailer) error {
	s, err := m.View(id)
	if err != nil {
		return err
	}
	wish, ok := s.Env.Own.Rhythm()
	if !ok || !s.Env.Own.DigestDue(s.Env.Now) {
		return nil
	}
	if d := s.Digest(); !d.Empty() {
		if err := handOver(ctx, d, wish, post, s.Env.Now); err != nil {
			return err
		}
	}
	_, err = m.Do(ctx, id, circle.Told{})
	return err
}
