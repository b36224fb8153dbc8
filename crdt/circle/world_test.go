package circle_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// A world is a few members, each with a state of their own, on one clock. What one
// writes reaches those it is sealed to when meet is called.
type world struct {
	t      testing.TB
	now    time.Time
	clock  crdt.HLC
	homes  map[string]*home
	order  []string
	writes int
	people *membership.View // nil: who is there, and no more, is known
}

type home struct {
	w     *world
	name  string
	id    crdt.ID
	state *circle.State
	wrote []circle.Change
	kept  []circle.Waiting
	left  bool
	dev   crdt.Device
}

// monday is a Monday at nine.
var monday = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

var circleID = crdt.ID(sha256.Sum256([]byte("circle")))

func newWorld(t testing.TB, names ...string) *world {
	w := &world{t: t, now: monday, clock: crdt.At(monday.UnixMilli()), homes: map[string]*home{}, order: names}
	for _, n := range names {
		w.homes[n] = &home{w: w, name: n, id: sha256.Sum256([]byte(n)), state: circle.NewState(circleID)}
	}
	for _, n := range names {
		w.homes[n].do("me", "name", n)
	}
	w.meet()
	return w
}

func (h *home) env() circle.Env {
	env := circle.Env{Me: h.id, Dev: h.dev, Now: h.w.now, Zone: "Europe/Berlin", Kept: h.kept, People: h.w.people}
	for _, n := range h.w.order {
		if !h.w.homes[n].left {
			env.Members = append(env.Members, h.w.homes[n].id)
		}
	}
	return env
}

// args reads "key", "value", … into Args.
func args(words []string) circle.Args {
	a := circle.Args{}
	for i := 0; i+1 < len(words); i += 2 {
		a[words[i]] = append(a[words[i]], words[i+1])
	}
	return a
}

// try runs a verb; what it writes is applied at this home.
func (h *home) try(verb string, words ...string) (circle.Result, error) {
	cmd, err := circle.ParseCommand(h.state, h.env(), verb, args(words))
	if err != nil {
		return circle.Result{}, err
	}
	return h.carryOut(verb, cmd)
}

// carryOut does a command, which a person may have no word for.
func (h *home) carryOut(verb string, cmd circle.Command) (circle.Result, error) {
	drafts, result, err := circle.Decide(h.state, h.env(), cmd)
	if err != nil {
		return circle.Result{}, err
	}
	res := result(h.write(drafts))
	h.keep(res.Keep)
	if res.Unchanged != (len(drafts) == 0) && !res.Kept && res.Own == nil {
		h.w.t.Fatalf("%s: unchanged = %v with %d drafts", verb, res.Unchanged, len(drafts))
	}
	return res, nil
}

// keep remembers words that wait for their turn, as a node does.
func (h *home) keep(words []circle.Waiting) {
	for _, k := range words {
		h.kept = slices.DeleteFunc(slices.Clone(h.kept), func(o circle.Waiting) bool { return o.Talk == k.Talk && o.Verb == k.Verb })
		if k.Text != "" {
			h.kept = append(h.kept, k)
		}
	}
}

// write applies drafts at this home and returns their ids.
func (h *home) write(drafts []circle.Draft) []crdt.ID {
	next := h.state.Fork()
	var made []crdt.ID
	for _, d := range drafts {
		h.w.clock += 1 << 16
		h.w.writes++
		m := circle.Meta{ID: sha256.Sum256(fmt.Append(nil, "op", h.w.writes)), Author: h.id, HLC: h.w.clock, Audience: nook(d.To)}
		kind, payload := circle.Encode(d.Make(made))
		c, err := circle.Decode(m, kind, payload)
		if err != nil {
			h.w.t.Fatalf("%s writes a body that cannot be read: %v", h.name, err)
		}
		made = append(made, m.ID)
		next.Apply(c)
		h.wrote = append(h.wrote, c)
	}
	h.state = next
	return made
}

// nook is the audience of some members; the circle for nil.
func nook(to []crdt.ID) circle.Audience {
	if to == nil {
		return circle.Audience{}
	}
	sum := sha256.Sum256(fmt.Append(nil, to))
	return circle.Audience{Nook: membership.EpochID(sum[:16]), Members: to}
}

// do runs a verb that must be met and returns the id it prints.
func (h *home) do(verb string, words ...string) crdt.ID {
	h.w.t.Helper()
	res, err := h.try(verb, words...)
	if err != nil {
		h.w.t.Fatalf("%s: %s %q: %v", h.name, verb, words, err)
	}
	return res.ID
}

// refuses runs a verb that must end with the given code.
func (h *home) refuses(code circle.Code, verb string, words ...string) *circle.Problem {
	h.w.t.Helper()
	_, err := h.try(verb, words...)
	var p *circle.Problem
	if !errors.As(err, &p) || p.Code != code || strings.Contains(told(p.Said), p.Key) {
		h.w.t.Fatalf("%s: %s %q = %v, want a problem with code %d", h.name, verb, words, err, code)
	}
	return p
}

// again runs a verb that must change nothing.
func (h *home) again(verb string, words ...string) {
	h.w.t.Helper()
	res, err := h.try(verb, words...)
	if err != nil || !res.Unchanged {
		h.w.t.Fatalf("%s: %s %q again = %+v, %v, want unchanged", h.name, verb, words, res, err)
	}
}

// meet gives everyone all that is sealed to them.
func (w *world) meet() {
	for _, to := range w.order {
		h := w.homes[to]
		next := h.state.Fork()
		for _, from := range w.order {
			for _, c := range w.homes[from].wrote {
				if c.Audience.Whole() || slices.Contains(c.Audience.Members, h.id) {
					next.Apply(c)
				}
			}
		}
		h.state = next
	}
}

func (h *home) post(id crdt.ID) circle.Post {
	h.w.t.Helper()
	p, ok := h.state.Post(h.env(), id)
	if !ok {
		h.w.t.Fatalf("%s has no post %s", h.name, id.Short())
	}
	return p
}

func (h *home) agreement(id crdt.ID) circle.Agreement {
	h.w.t.Helper()
	a, ok := h.state.Agreement(h.env(), id)
	if !ok {
		h.w.t.Fatalf("%s has no agreement %s", h.name, id.Short())
	}
	return a
}

// looks returns the kinds of what h should look at.
func (h *home) looks() []string {
	out := []string{}
	for _, a := range h.state.Look(h.env()) {
		out = append(out, a.Kind)
	}
	return out
}

func (h *home) wantLooks(want ...string) {
	h.w.t.Helper()
	if got := h.looks(); !slices.Equal(got, want) {
		h.w.t.Errorf("%s looks at %v, want %v", h.name, got, want)
	}
}

func (h *home) wantState(id crdt.ID, want string) {
	h.w.t.Helper()
	if got := h.agreement(id).State; got != want {
		h.w.t.Errorf("%s reads agreement %s as %s, want %s", h.name, id.Short(), got, want)
	}
}

// settle runs the n-th choice of h's only thing to look at, as a person would.
func (h *home) settle(n int) {
	h.w.t.Helper()
	look := h.state.Look(h.env())
	if len(look) != 1 || n >= len(look[0].Choices) {
		h.w.t.Fatalf("%s has %+v to look at, want one thing with choice %d", h.name, look, n)
	}
	words := splitLine(look[0].Choices[n].Do)
	verb, rest := words[1], []string{}
	positional := []string{"id", "text"}
	if verb == "propose" {
		positional = positional[1:]
	}
	for i := 2; i < len(words); i++ {
		switch name, flag := strings.CutPrefix(words[i], "--"); {
		case name == "not":
			rest = append(rest, "not", "true")
		case flag:
			rest = append(rest, name, words[i+1])
			i++
		default:
			rest = append(rest, positional[0], words[i])
			positional = positional[1:]
		}
	}
	h.do(verb, rest...)
}

// splitLine splits a command line with single and double quotes, and a backslash outside
// of them.
func splitLine(line string) []string {
	var words []string
	word, quote, in, escaped := "", rune(0), false, false
	for _, c := range line {
		switch {
		case escaped:
			word, escaped = word+string(c), false
		case quote == 0 && c == '\\':
			in, escaped = true, true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, in = c, true
		case quote == 0 && c == ' ':
			if in {
				words = append(words, word)
			}
			word, in = "", false
		default:
			word, in = word+string(c), true
		}
	}
	if in {
		words = append(words, word)
	}
	return words
}
