package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tend/node/client"
	"tend/node/view"
)

// widen asks more people: it shows the faces and the text they will get, and asks
// first.
func (a *app) widen() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: "widen ID", Args: words(1, 1, "ID"),
		ValidArgsFunction: a.completeIDs("id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := argsOf(cmd, []string{"id"}, args)
			delete(out, "yes")
			return a.with(cmd.Context(), here, func(c *client.Client) error { return a.widenTo(cmd.Context(), c, out, yes) })
		}}
	f := cmd.Flags()
	f.StringArray("to", nil, "")
	f.String("text", "", "")
	f.String("details", "", "")
	f.BoolVar(&yes, "yes", false, "")
	return cmd
}

func (a *app) widenTo(ctx context.Context, c *client.Client, args client.Args, yes bool) error {
	w, err := c.Widening(ctx, args)
	if err != nil {
		return err
	}
	if len(w.New) > 0 && !a.quiet {
		(&speaker{w: a.err, now: a.speaker().now}).widening(w)
	}
	if len(w.New) > 0 && !yes {
		ok, err := a.asks("ask.widen")
		if err != nil {
			return err
		}
		if !ok {
			return fail(exitKept, "fail.not_widened")
		}
	}
	done, err := c.Do(ctx, "widen", args)
	if err != nil {
		return err
	}
	s := a.speaker()
	return s.answer(done, func() { s.done(sentence("said.widen"), done) })
}

// widening writes who would read something, and what.
func (s *speaker) widening(w view.Widening) {
	to := names(w.New)
	if w.Readers.People == nil {
		to = sentence("widen.everyone", "people", to)
	}
	s.say("widen.to", "people", to)
	s.say("widen.read")
	s.line("  %s", plain(w.Title))
	if w.Details != "" {
		s.line("%s", paragraphs(w.Details, "  "))
	}
	if w.NotesStay > 0 {
		s.say("widen.notes")
	}
}

// asks puts a question to the person at the terminal. Where nobody is there to ask
// the error says how to answer beforehand.
func (a *app) asks(key string) (bool, error) {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return false, usage("fail.nobody_asked")
	}
	fmt.Fprint(a.err, sentence(key))
	answer, err := bufio.NewReader(io.LimitReader(in, 256)).ReadString('\n')
	if err != nil && err != io.EOF {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", nil
}
