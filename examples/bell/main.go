// Command bell rings when a need appears that fits one of my offers.
//
// It listens to a running node: each time something changed it looks at my open
// offers and at the open needs of others, and rings once for each need that
// shares an offer's category, or a telling word of its title. It writes nothing
// to the circle, and remembers only for as long as it runs.
//
//	go run ./examples/bell -home ~/.local/share/tend
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"unicode"

	"tend/node/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bell:", err)
		os.Exit(1)
	}
}

// run rings on out until ctx ends, or, with -once, looks one time.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bell", flag.ContinueOnError)
	home := flags.String("home", os.Getenv("TEND_HOME"), "the home folder of a running node")
	circle := flags.String("circle", "", "the circle, where there are several")
	once := flags.Bool("once", false, "look once, instead of listening")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := client.Open(*home)
	if err != nil {
		return err
	}
	defer c.Close()
	c = c.In(*circle)
	b := &bell{out: out, rung: map[string]bool{}}
	if *once {
		return b.look(ctx, c)
	}
	for event, err := range c.Events(ctx) {
		// A lost connection is tried again by Events; what was missed is seen then.
		if err != nil || event.Name != client.Changed {
			continue
		}
		if err := b.look(ctx, c); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// bell remembers for which needs it rang.
type bell struct {
	out  io.Writer
	rung map[string]bool
}

// look rings for every need of others that fits an offer of mine and is new.
func (b *bell) look(ctx context.Context, c *client.Client) error {
	offers, err := c.Offers(ctx, client.Filter{Mine: true})
	if err != nil {
		return err
	}
	needs, err := c.Needs(ctx, client.Filter{})
	if err != nil {
		return err
	}
	mine, err := c.Needs(ctx, client.Filter{Mine: true})
	if err != nil {
		return err
	}
	for _, n := range mine {
		b.rung[n.ID] = true // nobody needs a bell for their own
	}
	for _, n := range needs {
		offer, ok := fitting(n, offers)
		if !ok || b.rung[n.ID] {
			continue
		}
		b.rung[n.ID] = true
		fmt.Fprintf(b.out, "\a%s could use: %s\n  (you offered: %s)  tend yes %s\n", n.Author.Name, n.Title, offer.Title, n.ID[:8])
	}
	return nil
}

// fitting returns the first offer that a need fits: of its category, or with a
// telling word in common.
func fitting(need client.Post, offers []client.Post) (client.Post, bool) {
	words := telling(need.Title)
	for _, o := range offers {
		if o.Category != "" && o.Category == need.Category {
			return o, true
		}
		for w := range telling(o.Title) {
			if words[w] {
				return o, true
			}
		}
	}
	return client.Post{}, false
}

// shortestTelling is how long a word must be to tell something; "for" and "can" do not.
const shortestTelling = 5

// telling returns the long words of a title in lower case.
func telling(title string) map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsFuncSeq(strings.ToLower(title), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len([]rune(w)) >= shortestTelling {
			words[w] = true
		}
	}
	return words
}
