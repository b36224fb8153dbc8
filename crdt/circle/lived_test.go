package circle_test

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/circle"
)

// talks are talks that a few people of a circle have, and their ends: each line is who,
// a verb, and its arguments by name. A, B and C are people; * is what the first line of
// the thread made, ^ what its last line made, and ! the draft of the talk that it began
// with. "meet" gives everybody what is theirs to read, "pass 9" lets days go by, "A follow"
// is what a home does by itself, and "A proxy B" lets B act for A.
var talks = [][]string{
	{ // a talk that comes to an agreement, which one gives back later
		"A talk step with member B text kitchen", "B talk step yes id *",
		"A talk step say id * text alone", "B talk step say-back id * text alone", "A talk step heard id *",
		"B talk step say id * text tired", "A talk step say-back id * text tired", "B talk step heard id *",
		"A talk step say id * text heavy", "B talk step felt id *", "B talk step say id * text lonely", "A talk step felt id *",
		"A talk step common id * text clean", "B talk step ours id *",
		"A talk step partner id * text Sundays until 2026-12-06", "B talk step yes id *", "B cannot id !", "pass 91",
	},
	{ // two invitations that cross, and end quietly
		"A talk step with member B text kitchen", "B talk step with member A text noise", "meet",
		"A talk step say id * text alone", "B talk step pause id * until 2026-12-03", "B talk step yes id *", "A talk step end id *", "pass 100",
	},
	{ // a talk with a third that ends in a parting
		"B may-i member A text soup when 2026-12-02", "A yes id *", "A talk step with member B text kitchen about *", "B talk step third id ^ member C",
		"A talk step third id ^ member C", "A follow", "B follow", "C talk step yes id ^", "A follow", "A talk step say id ^ text alone",
		"C talk step say id ^ text breathe", "B talk step part id ^ text farewell",
	},
	{"A talk step with member B text kitchen", "B talk step later id * until 2026-12-02", "B talk step not-now id *"},
}

// proxies are people who act for another, and then no more.
var proxies = [][]string{
	{
		"A ask text soup when 2026-12-02", "C yes id *", "A proxy B", "B edit id * text bread", "B enough id *", "C yes id *", "A proxy C", "C met id *",
	},
	{"A offer text bread", "C yes id * when 2026-12-02", "A proxy B", "pass 1", "B rest id *", "A proxy C", "pass 1"},
}

// threads are other things that they go through together, and those.
var threads = slices.Concat([][]string{
	{ // a rota: its slots, stand-ins, changed terms, a day skipped, and its end
		"A ask text soup when 2026-12-01T18:00 repeat daily category Meals", "B yes id * slot 2026-12-02T18:00", "C stand-by id * slot 2026-12-02T18:00",
		"B cannot id * slot 2026-12-02T18:00", "C yes id * slot 2026-12-02T18:00", "A edit id * text bread", "C yes id * slot 2026-12-02T18:00",
		"B note id * text hello", "B retract id ^", "A met id *", "A reopen id *",
	},
	{ // something tender, done, thanked for and let go
		"A ask text letter tender true when 2026-12-01", "B yes id *", "A place id ^ where here", "pass 2", "B done id ^", "A thank id ^ text thanks",
		"A met id *", "pass 31",
	},
	{"A offer text drill", "B yes id * when 2026-12-02/2026-12-04", "A yes id ^", "A rest id *", "A reopen id *", "pass 70", "A still-true id *", "A withdraw id *"},
	{"A ask text dog for B when 2026-12-02", "B yes id *", "C yes id *", "B met id *", "C thank id * text thanks"},
	{"A may-i member B text walk when 2026-12-01T17:00", "B not-now id *"},
	{"A ask text soup", "B note id * text hello", "A retract id *", "pass 1", "A offer text soup", "A note id ^ text hello"},
	{"A ask listening call", "B yes id *", "B done id ^", "A check-in member B text how", "B check-in member A text well"},
	{ // a decision with a concern, a new text, and its review
		"A propose text Sundays review 2027-01-10 as rhythm", "B consent id * text gladly", "C concern id * text work", "A reshape id * text Mondays",
		"B consent id *", "C stand-aside id *", "A enact id *", "pass 60", "B propose renew *", "A consent id ^", "C consent id ^",
	},
	{"A propose text few", "pass 8", "B consent id *", "A enact id *", "pass 30"},
	{ // a pod, a wish beforehand, what is done under it, and a hard day
		"A pod text add member B", "B pod text yes member A", "A follow", "A consent-in-advance text add text hospital text cat",
		"B ask text cat for A under 1", "C yes id ^", "A consent-in-advance text drop text 1",
		"A tender-date text add text 2026-12-03 text loss welcome walk", "A check-in member A text tired", "A pod text remove member B",
	},
	{"A room text resting until 2026-12-05", "B may-i member A text walk", "A bounds text quiet text 20:00-08:00", "A room text open", "A room text little"},
	{"A me name Ada", "A me area Nook", "B me area Nook", "A free text 2026-12-02", "A listen text yes"},
	{"A ask text secret to B", "B yes id *", "A widen id * to circle yes true", "C note id * text hello"},
	{"B card text thanks text cake", "A bounds text who text pod"},
}, talks, proxies)

// lived is what was written in a circle, in the order in which it came somewhere.
type lived struct {
	changes []circle.Change
	people  []crdt.ID
	kept    map[crdt.ID][]circle.Waiting
	own     map[crdt.ID]circle.Own
	mostly  crdt.ID // who looks most of the times; zero for anybody
}

// live draws what three people live through: some of threads side by side, each as far as
// it comes, some with lines left out, and people who do not hear of one another for a while.
func live(outer testing.TB, t *rapid.T, threads [][]string) lived {
	w := newWorld(outer, "Ann", "Ben", "Cleo")
	together := rapid.Bool().Draw(t, "together")
	l := lived{kept: map[crdt.ID][]circle.Waiting{}, own: map[crdt.ID]circle.Own{}}
	var going []*goingOn
	for range rapid.IntRange(1, 4).Draw(t, "threads") {
		lines := rapid.SampledFrom(threads).Draw(t, "thread")
		if rapid.IntRange(0, 2).Draw(t, "cut") == 0 {
			lines = lines[:rapid.IntRange(1, len(lines)).Draw(t, "lines")]
		}
		going = append(going, &goingOn{w: w, lines: lines, whole: rapid.Bool().Draw(t, "whole"), cast: rapid.Permutation(w.order).Draw(t, "cast")})
	}
	for len(going) > 0 {
		i := rapid.IntRange(0, len(going)-1).Draw(t, "who goes on")
		if going[i].whole || rapid.IntRange(0, 7).Draw(t, "left out") > 0 {
			_ = going[i].line(going[i].lines[0]) // what cannot be done as things stand is left
		}
		if going[i].lines = going[i].lines[1:]; len(going[i].lines) == 0 {
			going = slices.Delete(going, i, i+1)
		}
		if together || rapid.IntRange(0, 7).Draw(t, "apart") > 0 {
			w.meet()
		}
	}
	for _, name := range w.order { // the same each time, as what is drawn for each
		h := w.homes[name]
		l.people = append(l.people, h.id)
		l.changes = append(l.changes, h.wrote...)
		l.kept[h.id] = h.kept
		if rapid.Bool().Draw(t, "own") {
			l.own[h.id] = h.keepAlone(h.keepAlone(circle.Own{}, "follow", "text", "meals"), "ceiling", "text", "1/week")
		}
	}
	slices.SortFunc(l.people, crdt.ID.Compare)
	slices.SortFunc(l.changes, func(a, b circle.Change) int { return cmp.Compare(a.HLC, b.HLC) })
	for range rapid.IntRange(0, 4).Draw(t, "late") {
		i := rapid.IntRange(0, len(l.changes)-1).Draw(t, "written")
		c := l.changes[i]
		l.changes = slices.Delete(l.changes, i, i+1)
		l.changes = slices.Insert(l.changes, rapid.IntRange(i, len(l.changes)).Draw(t, "came"), c)
	}
	l.mostly = rapid.SampledFrom(l.people).Draw(t, "mostly")
	return l
}

// goingOn is a thread with the people who play it.
type goingOn struct {
	w           *world
	lines, cast []string
	whole       bool // no line of it is left out
	first, last crdt.ID
}

// line plays one line.
func (g *goingOn) line(text string) error {
	words := splitLine(text)
	switch words[0] {
	case "meet":
		g.w.meet()
		return nil
	case "pass":
		days, err := strconv.Atoi(words[1])
		g.w.pass(days)
		return err
	}
	for i, word := range words {
		switch {
		case word == "*":
			words[i] = g.first.String()
		case word == "^":
			words[i] = g.last.String()
		case word == "!":
			words[i] = g.draft()
		case len(word) == 1 && strings.Contains("ABC", word):
			words[i] = g.cast[word[0]-'A']
		}
	}
	h := g.w.homes[words[0]]
	switch words[1] {
	case "proxy": // no verb says it yet
		_, err := h.carryOut("proxy", circle.SetSection{Section: circle.SectionProxy, Values: []string{g.w.homes[words[2]].id.String()}})
		return err
	case "follow":
		if _, err := h.carryOut("follow", circle.FollowTalks{}); err != nil {
			return err
		}
		_, err := h.carryOut("follow", circle.FollowPod{})
		return err
	}
	res, err := h.try(words[1], words[2:]...)
	if err != nil || res.Kept {
		return err
	}
	id := res.ID
	if len(res.IDs) > 0 {
		id = res.IDs[0]
	}
	if g.last = id; g.first.IsZero() {
		g.first = id
	}
	return nil
}

// draft is the last of the drafts of the talk that the thread began with.
func (g *goingOn) draft() string {
	h := g.w.homes[g.cast[0]]
	if v, ok := h.state.Talk(h.env(), g.first); ok && len(v.Drafts) > 0 {
		return v.Drafts[len(v.Drafts)-1].String()
	}
	return g.last.String()
}

// TestThreadsAreLivedThrough: each line of each thread can be done where nothing else
// goes on, so that what is drawn of them is what people do.
func TestThreadsAreLivedThrough(t *testing.T) {
	for _, lines := range threads {
		w := newWorld(t, "Ann", "Ben", "Cleo")
		g := &goingOn{w: w, lines: lines, cast: w.order}
		for _, text := range lines {
			if err := g.line(text); err != nil {
				t.Errorf("%q in %q: %v", text, lines[0], err)
			}
			if !slices.Contains(lines, "meet") {
				w.meet()
			}
		}
	}
}
