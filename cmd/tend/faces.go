package main

import (
	"context"

	"tend/node/client"
)

// facesOf names, of the verbs that may write for a few, what says for whom. Who
// types one on a terminal sees these people before anything is written.
var facesOf = map[string]string{"ask": "to", "offer": "to", "edit": "to", "may-i": "member"}

// facesFirst shows who would read something, and on a terminal asks whether it is
// them that are meant, unless --yes said so, which goes no further. A script goes
// ahead.
func (a *app) facesFirst(ctx context.Context, c *client.Client, args client.Args, of string) error {
	if of == "" {
		return nil
	}
	yes := args["yes"] != nil && args["yes"][0] == "true"
	delete(args, "yes")
	to := args[of]
	if len(to) == 0 || a.quiet {
		return nil
	}
	f, err := c.Faces(ctx, to)
	if err != nil {
		return err
	}
	s := &speaker{w: a.err, now: a.speaker().now}
	if f.Readers.People == nil {
		s.say("faces.all")
	} else {
		s.say("faces.few", "people", names(f.Readers.People))
		asked, others := atLength(f.Asked)
		for _, p := range asked {
			s.likes(p)
		}
		if len(others) > 0 {
			s.say("likes.others", "people", names(others))
		}
	}
	if yes || a.json || !a.onTerminal() {
		return nil
	}
	ok, err := a.asks("ask.write")
	if err != nil {
		return err
	}
	if !ok {
		return fail(exitKept, "fail.not_written")
	}
	return nil
}
