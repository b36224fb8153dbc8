package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tend/node/client"
)

// Bounds of making a demonstration: how long one home may take to be let in, and
// how long all may take to hold everything.
const (
	demoJoin = 30 * time.Second
	demoMeet = 30 * time.Second
	demoLook = 100 * time.Millisecond
)

// demoPeople live in the three homes; the first begins the circle.
var demoPeople = []string{"Rosa", "Tomasz", "Ann"}

// demoLine is one thing that one of them says. An id of an earlier line is named
// by the words before "=" in it.
type demoLine struct {
	who  int
	as   string // a name for what this makes, or ""
	verb string
	args client.Args
}

// demoLines returns what is said, with dates from tomorrow on.
func demoLines(now time.Time) []demoLine {
	day := func(n int, hour string) string { return now.AddDate(0, 0, n).Format(time.DateOnly) + hour }
	return []demoLine{
		{0, "meals", "ask", client.Args{"text": {"a warm meal after the operation"}, "category": {"meals"},
			"when": {day(1, "T17:00"), day(3, "T17:00"), day(5, "T17:00")}, "area": {"Mill Lane"}}},
		{0, "plants", "ask", client.Args{"text": {"someone to water the tomatoes"}, "when": {day(2, "/") + day(6, "")}}},
		{1, "lift", "offer", client.Args{"text": {"drive people to the clinic on weekdays"}, "category": {"lifts"}}},
		{2, "ladder", "offer", client.Args{"text": {"lend my ladder"}, "category": {"things to borrow"}}},
		{2, "listen", "offer", client.Args{"text": {"listen, on Sundays, on the bench or by phone"}, "category": {"listening & company"}}},
		{1, "cooks", "yes", client.Args{"id": {"=meals"}, "slot": {day(1, "T17:00")}}},
		{2, "", "yes", client.Args{"id": {"=meals"}, "slot": {day(3, "T17:00")}}},
		{0, "drive", "yes", client.Args{"id": {"=lift"}}},
		{0, "", "note", client.Args{"id": {"=meals"}, "text": {"No nuts, please. Anything else makes us happy."}}},
		{1, "", "done", client.Args{"id": {"=drive"}}},
		{0, "", "thank", client.Args{"id": {"=drive"}, "text": {"Thank you for waiting with me."}}},
	}
}

func (a *app) demo() *cobra.Command {
	return &cobra.Command{Use: "demo [DIR]", Short: "three homes with a filled circle, on this machine, to look at", Args: words(0, 1, "[DIR]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "tend-demo"
			if len(args) > 0 {
				dir = args[0]
			}
			if _, err := os.Stat(dir); err == nil {
				return fail(exitFailed, "choose another folder", "%s is there already", dir)
			}
			if err := a.makeDemo(cmd.Context(), dir); err != nil {
				return err
			}
			s := a.speaker()
			homes := map[string]string{}
			for _, p := range demoPeople {
				homes[p] = filepath.Join(dir, strings.ToLower(p))
			}
			return s.answer(map[string]any{"homes": homes}, func() {
				s.line("Three homes, one circle. Look around:")
				for _, p := range demoPeople {
					s.line("  tend --home %s today", homes[p])
				}
			})
		}}
}

// makeDemo runs three nodes in this process on loopback and lets them live a
// little: begin, join, ask, offer, agree.
func (a *app) makeDemo(ctx context.Context, dir string) (err error) {
	var homes []*client.Client
	for _, p := range demoPeople {
		sub := *a
		if sub.homeDir, err = filepath.Abs(filepath.Join(dir, strings.ToLower(p))); err != nil {
			return err
		}
		done, c, err := sub.openWith(ctx, &network{noMDNS: true, noPortMap: true,
			listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}})
		if err != nil {
			return err
		}
		if c == nil {
			return sub.home().taken()
		}
		defer func() { err = errors.Join(err, done()) }()
		homes = append(homes, c)
	}
	if err := demoCircle(ctx, homes); err != nil {
		return err
	}
	made := map[string]string{}
	for _, l := range demoLines(time.Now()) {
		if id, ok := strings.CutPrefix(strings.Join(l.args["id"], ""), "="); ok {
			l.args["id"] = []string{made[id]}
		}
		done, err := demoSay(ctx, homes[l.who], l)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", l.verb, demoPeople[l.who], err)
		}
		if l.as != "" {
			made[l.as] = done
		}
	}
	return demoConverge(ctx, homes)
}

// demoCircle begins the circle in the first home and brings the others in.
func demoCircle(ctx context.Context, homes []*client.Client) error {
	if _, err := homes[0].Begin(ctx, client.BeginOptions{Name: "Mill Lane", As: demoPeople[0],
		Purpose: "Neighbours who look after one another."}); err != nil {
		return err
	}
	inv, err := homes[0].Invite(ctx, client.InviteOptions{Uses: len(homes) - 1})
	if err != nil {
		return err
	}
	for i, c := range homes[1:] {
		j, err := c.Join(ctx, inv.Text, demoPeople[i+1], demoJoin)
		if err != nil {
			return err
		}
		if j.State == "knocking" {
			return fail(exitFailed, "try again", "%s was not let in in time", demoPeople[i+1])
		}
	}
	return nil
}

// demoSay says one line, as soon as what it is about has reached that home.
func demoSay(ctx context.Context, c *client.Client, l demoLine) (string, error) {
	for until := time.Now().Add(demoMeet); ; {
		done, err := c.Do(ctx, l.verb, l.args)
		if err == nil {
			return done.ID, nil
		}
		var refusal *client.Error
		if !errors.As(err, &refusal) || refusal.Exit != exitMissing || time.Now().After(until) {
			return "", err
		}
		if err := pause(ctx, demoLook); err != nil {
			return "", err
		}
	}
}

// demoConverge waits until all homes hold the same.
func demoConverge(ctx context.Context, homes []*client.Client) error {
	for until := time.Now().Add(demoMeet); time.Now().Before(until); {
		seen := map[string]bool{}
		for _, c := range homes {
			st, err := c.Status(ctx)
			if err != nil {
				return err
			}
			for _, one := range st.Circles {
				seen[one.Frontier+one.StateDigest] = true
			}
		}
		if len(seen) == 1 {
			return nil
		}
		if err := pause(ctx, demoLook); err != nil {
			return err
		}
	}
	return fail(exitFailed, "start them with tend --home DIR run; they catch up then", "the three homes have not told one another everything yet")
}
