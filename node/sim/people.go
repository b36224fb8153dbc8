package sim

import (
	"context"
	"errors"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
)

// thing is what somebody wrote under a label.
type thing struct {
	label string
	id    crdt.ID
	by    *home
	to    []crdt.ID     // whom it is for; nil: the circle
	taken bool          // taken back
	since time.Duration // when it was taken back
	terms bool          // somebody said yes: its words are in the terms of an agreement, which are theirs
}

// wish lets a home's person do something. A refusal is fine; so is a failure of a
// disk that was made to fail.
func (h *home) wish(cmd circle.Command) (circle.Result, bool) {
	var res circle.Result
	err := errCut
	h.enter(func() { res, err = h.hand.Do(context.Background(), h.w.circle, cmd) })
	if !h.met(err) {
		return res, false
	}
	if !res.ID.IsZero() {
		h.acknowledge(res.ID)
	}
	return res, true
}

// acknowledge remembers that an op was answered for: it may not be lost.
func (h *home) acknowledge(id crdt.ID) {
	if h.honest() {
		h.acked[id] = true
	}
}

// met reports whether a wish was met, and fails the run if it failed for no reason.
func (h *home) met(err error) bool {
	var no *circle.Problem
	switch {
	case err == nil:
		return true
	case errors.As(err, &no), errors.Is(err, errCut), h.hurt, !h.honest():
		h.w.say("%s: %v", h.name, err)
		return false
	}
	h.w.fail("wish", "%s: %v", h.name, err)
	return false
}

// make writes something under a label.
func (h *home) make(label string, to []crdt.ID, cmd circle.Command) {
	if res, ok := h.wish(cmd); ok {
		h.w.things[label] = &thing{label: label, id: res.ID, by: h, to: to}
	}
}

// member is who a home's person is; false if it is in no circle.
func (w *World) member(name string) (crdt.ID, bool) {
	h := w.named[name]
	if h == nil || w.circle.IsZero() {
		return crdt.ID{}, false
	}
	k, ok := h.keys.Circle(w.circle)
	if !ok {
		return crdt.ID{}, false
	}
	return k.Member(), true
}

func begins(h *home, _ []string) {
	if !h.w.circle.IsZero() {
		return
	}
	charter := membership.DefaultCharter("Elm Street")
	charter.Bounds.Who = ""
	var id crdt.ID
	err := errCut
	h.enter(func() {
		id, err = h.hand.Begin(context.Background(), node.BeginOptions{Charter: charter, As: h.name})
		if err == nil {
			h.w.circle = id
		}
	})
	h.met(err)
}

func leaves(h *home, _ []string) {
	err := errCut
	h.enter(func() { err = h.hand.Leave(context.Background(), h.w.circle) })
	h.met(err)
}

func welcomes(h *home, with []string) {
	who, ok := h.w.member(with[0])
	if !ok {
		return
	}
	err := errCut
	h.enter(func() { _, err = h.hand.Welcome(context.Background(), h.w.circle, who) })
	h.met(err)
}

func asks(h *home, with []string) {
	posted := circle.Posted{Title: canary(with[0]) + "soup", People: 2}
	for _, name := range with[1:] {
		if id, ok := h.w.member(name); ok {
			posted.To = append(posted.To, id)
		}
	}
	if len(with) > 1 && len(posted.To) == 0 {
		return
	}
	to := posted.To
	if me, ok := h.w.member(h.name); ok && to != nil {
		to = append(slices.Clone(to), me)
	}
	h.make(with[0], to, circle.PostNeed{Posted: posted})
}

func asksTenderly(h *home, with []string) {
	h.make(with[0], nil, circle.PostNeed{Posted: circle.Posted{Title: canary(with[0]) + "tea", People: 1, Tender: true, Fade: 30}})
}

// about finds what was written under a label.
func (h *home) about(label string) (*thing, bool) {
	t, ok := h.w.things[label]
	return t, ok
}

func saysYes(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		t.terms = true
		if res, ok := h.wish(circle.SayYes{ID: t.id}); ok && len(with) > 1 {
			h.w.things[with[1]] = &thing{label: with[1], id: res.ID, by: h, to: t.to}
		}
	}
}

func saysNotNow(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.SayNotNow{ID: t.id})
	}
}

func marksDone(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.MarkDone{ID: t.id})
	}
}

func releases(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.Release{ID: t.id})
	}
}

func saysEnough(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.SetPostStatus{ID: t.id, Status: circle.StatusMet})
	}
}

func notes(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.WriteNote{On: t.id, Kind: circle.NoteComment, Text: "I can bring bread"})
	}
}

func thanks(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.GiveThanks{ID: t.id, Text: "so good"})
	}
}

func retracts(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		if _, ok := h.wish(circle.Retract{ID: t.id}); ok && t.by == h {
			t.taken, t.since = true, h.w.now
		}
	}
}

func proposes(h *home, with []string) {
	h.make(with[0], nil, circle.Propose{Text: canary(with[0]) + "a bench for the yard"})
}

func parts(h *home, with []string) {
	if who, ok := h.w.member(with[0]); ok {
		h.make(with[1], nil, circle.ProposeForCircle{What: membership.Remove, Target: who, Reason: "It is too much."})
	}
}

func lapses(h *home, with []string) {
	if who, ok := h.w.member(with[0]); ok {
		h.make(with[1], nil, circle.ProposeForCircle{What: membership.Lapse, Target: who})
	}
}

func consents(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.SayOnDecision{ID: t.id, Value: circle.WordConsent})
	}
}

func concerned(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.SayOnDecision{ID: t.id, Value: circle.WordConcern, Text: "It hurts."})
	}
}

func enacts(h *home, with []string) {
	if t, ok := h.about(with[0]); ok {
		h.wish(circle.EnactDecision{ID: t.id})
	}
}

func revokes(h *home, with []string) {
	other := h.w.named[with[0]]
	if other == nil {
		return
	}
	k, ok := other.keys.Circle(h.w.circle)
	if !ok {
		return
	}
	err := errCut
	h.enter(func() { _, err = h.hand.RevokeDevice(context.Background(), h.w.circle, k.Device()) })
	h.met(err)
}

// What should be so, now.

func (h *home) should(so bool, what string, of string) {
	if !so {
		h.w.fail("expected", "%s %s %s", h.name, what, of)
	}
}

func seesThing(h *home, with []string) {
	t, s := h.w.things[with[0]], h.view()
	h.should(t != nil && s != nil && s.State.Has(t.id), "sees", with[0])
}

func lacksThing(h *home, with []string) {
	t, s := h.w.things[with[0]], h.view()
	h.should(t == nil || s == nil || !s.State.Has(t.id), "lacks", with[0])
}

func forgotThing(h *home, with []string) {
	t, s := h.w.things[with[0]], h.view()
	gone := false
	if t != nil && s != nil {
		_, gone = s.State.Retraction(t.id)
	}
	h.should(gone, "forgot", with[0])
}

func (h *home) seen(name string) (membership.Member, bool) {
	id, ok := h.w.member(name)
	s := h.view()
	if !ok || s == nil {
		return membership.Member{}, false
	}
	return s.People.Member(id)
}

func knowsMember(h *home, with []string) {
	m, ok := h.seen(with[0])
	h.should(ok && m.Standing == membership.In, "knows", with[0])
}

func missesMember(h *home, with []string) {
	m, ok := h.seen(with[0])
	h.should(!ok || m.Standing != membership.In, "misses", with[0])
}

func hearsVoice(h *home, with []string) {
	m, ok := h.seen(with[0])
	h.should(ok && m.Voice, "hears", with[0])
}

func hearsNoVoice(h *home, with []string) {
	m, ok := h.seen(with[0])
	h.should(!ok || !m.Voice, "voiceless", with[0])
}

func isIn(h *home, _ []string)  { h.should(h.in(), "in", "") }
func isOut(h *home, _ []string) { h.should(!h.in(), "out", "") }

func seesFork(h *home, with []string) {
	other, s := h.w.named[with[0]], h.view()
	if other == nil || s == nil {
		h.should(false, "forked", with[0])
		return
	}
	k, _ := other.keys.Circle(h.w.circle)
	h.should(s.Frontier().Forked[k.Device()], "forked", with[0])
}

func seesVoid(h *home, with []string) {
	t, s := h.w.things[with[0]], h.view()
	h.should(t != nil && s != nil && slices.ContainsFunc(s.Void, func(v voided) bool { return v.Op == t.id }), "void", with[0])
}

const _ = time.Second
