// Package care1 is the workload that the benchmarks play: the history of a circle
// of twenty who ask, offer, say yes and edit. It is the same for the same number of
// changes, on every machine and for every system.
package care1

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Authors is how many people write.
const Authors = 20

// Pace is how much later each change is written than the one before. It keeps every
// author well below what a chain may hold of one day.
const Pace = 3600 * time.Millisecond

// Kind is what a change does.
type Kind int

// Kinds.
const (
	Need  Kind = iota // a new need: 40 %
	Offer             // a new offer: 20 %
	Word              // somebody else's yes to a need: 20 %
	Edit              // other details of one's own need or offer: 20 %
)

// Change is one change of the history. On is the number of the need or offer that a
// word or an edit is about, which is that of the change that made it.
type Change struct {
	Number   int
	Kind     Kind
	Author   int
	From     string // the side that wrote it, of [More]; else ""
	On       int
	Title    string
	Details  string
	Category string
	When     string // a day
}

// Categories are those of the needs and offers.
var Categories = []string{"food", "house", "garden", "lifts", "company", "children"}

// Rare is a word that one post in a thousand has; the search looks for it.
const Rare = "accordion"

var words = strings.Fields("soup bread milk warm quiet evening morning garden ladder window light stairs doctor bus bicycle letters reading walk river bench laundry school " +
	"birthday neighbour kitchen table chairs paint drill shelf heating snow salt leaves apples jam coffee tea company song choir piano visit hospital flowers dog cat")

// Before is how many changes come before anybody answers another: until then
// everybody must have heard of everything, and later of nothing more. It has a bound,
// since each of the twenty who write holds so many.
func Before(n int) int { return min(n/10, 50_000) }

// Changes are the n changes of a history, in the order in which they are written.
func Changes(n int) iter.Seq[Change] {
	return func(yield func(Change) bool) {
		d := drawing{r: rand.New(rand.NewPCG(1, uint64(n))), before: Before(n)}
		for i := range n {
			c := d.next(i)
			if !yield(c) {
				return
			}
		}
	}
}

// drawing is what later changes need to know of earlier ones.
type drawing struct {
	r      *rand.Rand
	before int
	asked  []Change       // the needs that are answered later
	posts  [Authors][]int // of each author
	words  int
}

func (d *drawing) next(i int) Change {
	share := [...]int{500, 250, 0, 250}
	if i >= d.before {
		share = [...]int{389, 194, 222, 195} // 40, 20, 20 and 20 % of it all
	}
	c := Change{Number: i, Author: d.r.IntN(Authors)}
	at := d.r.IntN(1000)
	for c.Kind = Need; at >= share[c.Kind]; c.Kind++ {
		at -= share[c.Kind]
	}
	if c.Kind == Edit && len(d.posts[c.Author]) == 0 || c.Kind == Word && d.words/max(1, len(d.asked)) >= Authors-1 {
		c.Kind = Need
	}
	switch c.Kind {
	case Word: // everybody else in turn, so that nobody says yes twice
		on := d.asked[d.words%len(d.asked)]
		c.On, c.Author = on.Number, (on.Author+1+d.words/len(d.asked))%Authors
		d.words++
	case Edit:
		mine := d.posts[c.Author]
		c.On, c.Details = mine[d.r.IntN(len(mine))], d.text(200)
	default:
		c.Title, c.Details = d.text(30), d.text(200)
		c.Category = Categories[d.r.IntN(len(Categories))]
		c.When = time.Date(2030, 1, 1+d.r.IntN(300), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		if d.r.IntN(1000) == 0 {
			c.Details += " " + Rare
		}
		d.posts[c.Author] = append(d.posts[c.Author], i)
		if c.Kind == Need && i < d.before {
			d.asked = append(d.asked, c)
		}
	}
	return c
}

// text is about so many bytes of words.
func (d *drawing) text(size int) string {
	var b strings.Builder
	for b.Len() < size {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[d.r.IntN(len(words))])
	}
	return b.String()
}

// More are n needs that come after a history, written one after the other by one
// author; from tells those of one side from those of another.
func More(from string, n int) []Change {
	d := drawing{r: rand.New(rand.NewPCG(2, uint64(len(from))))}
	out := make([]Change, n)
	for i := range out {
		out[i] = Change{Number: i, Kind: Need, From: from, Title: fmt.Sprintf("%s %d", from, i), Details: d.text(200),
			Category: Categories[i%len(Categories)], When: "2030-02-01"}
	}
	return out
}

// Posts is how many needs and offers a history has.
func Posts(n int) int {
	return len(slices.Collect(func(yield func(Change) bool) {
		for c := range Changes(n) {
			if (c.Kind == Need || c.Kind == Offer) && !yield(c) {
				return
			}
		}
	}))
}
