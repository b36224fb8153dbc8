package sim

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/replica"
	"tend/protocol"
)

type voided = replica.Voided

// slip is an invitation on paper.
type slip struct{ code *protocol.Invite }

// knockFor is how long somebody goes on knocking.
const knockFor = 3 * day

func invites(h *home, with []string) {
	h.write(with[0], node.InviteOptions{Uses: number(with, 1, 1), Until: span(with, 2, 72*time.Hour)})
}

// write makes an invitation and keeps it under a label.
func (h *home) write(label string, o node.InviteOptions) {
	o.Contacts = []protocol.Contact{{Peer: h.peer, Addrs: [][]byte{{4, 127, 0, 0, 1, 6, 0, 1}}}}
	var made node.Invite
	err := errCut
	h.enter(func() { made, err = h.hand.Invite(context.Background(), h.w.circle, o) })
	if !h.met(err) {
		return
	}
	h.acknowledge(made.ID)
	code, err := protocol.ParseCode(made.Text)
	inv, ok := code.(*protocol.Invite)
	if err != nil || !ok {
		h.w.fail("invite", "%s: %q does not parse: %v", h.name, made.Text, err)
		return
	}
	h.w.slips[label] = &slip{inv}
}

func joins(h *home, with []string) {
	door := h.w.named[with[0]]
	if door == nil {
		return
	}
	label := h.name + "@" + door.name
	door.write(label, node.InviteOptions{})
	knocks(h, []string{label, door.name})
}

func knocks(h *home, with []string) {
	s, door := h.w.slips[with[0]], h.w.named[with[1]]
	if s == nil || door == nil {
		return
	}
	var j node.JoinState
	err := errCut
	h.enter(func() { j, err = h.hand.Join(s.code, h.name) })
	if h.met(err) && !j.In {
		h.knock(j.ID, door, h.w.now+knockFor)
	}
}

// knock tries a door, and others whom it reaches, until one opens.
func (h *home) knock(id string, first *home, until time.Duration) {
	if h.w.now > until || h.gone {
		return
	}
	if h.on() {
		for _, d := range append([]*home{first}, h.w.homes...) {
			if d != h && h.w.net.reach(h, d) && d.in() && h.knockAt(id, d) {
				return
			}
		}
		if !h.on() {
			// it fell at the door, and tries again
		} else if s, known := h.hand.Joined(id); known && s.Over != "" {
			return
		}
	}
	h.w.in(h.w.between(knockEvery, 2*knockEvery), func() { h.knock(id, first, until) })
}

// cutHere is chance ending a conversation between two messages.
func (h *home) cutHere() bool { return h.w.chance(h.w.scenario.Net.Loss) }

// knockAt goes through the messages of joining at one door. It reports whether the
// home is in.
func (h *home) knockAt(id string, d *home) bool {
	ctx := context.Background()
	var k protocol.Knock
	var a protocol.DoorAnswer
	var p protocol.Prove
	var frames iter.Seq2[protocol.Frame, error]
	err := errCut
	h.enter(func() { k, err = h.hand.Knock(id) })
	if err != nil || h.cutHere() {
		return false
	}
	err = errCut
	d.enter(func() { a, err = d.hand.Knocked(ctx, h.peer, k) })
	if err != nil || h.cutHere() {
		return false
	}
	if a.Verdict != protocol.DoorOpen {
		told := a.Verdict.String()
		h.enter(func() { h.hand.Turned(id, d.peer, told, nil) })
		return false
	}
	err = errCut
	h.enter(func() { p, err = h.hand.Prove(id, d.peer, k, a) })
	if err != nil || h.cutHere() {
		return false
	}
	err = errCut
	d.enter(func() { frames, err = d.hand.Proved(ctx, h.peer, k, a, p) })
	if err != nil || h.cutHere() {
		return false
	}
	err = errCut
	h.enter(func() { err = h.hand.Enter(ctx, id, d.peer, frames) })
	if err != nil {
		h.w.say("%s is not in at %s's door: %v", h.name, d.name, err)
		return false
	}
	h.w.say("%s is in at %s's door", h.name, d.name)
	h.w.net.lookSoon()
	return true
}

func trusts(h *home, with []string) {
	var list []crdt.ID
	for _, name := range with[1:] {
		if id, ok := h.w.member(name); ok {
			list = append(list, id)
		}
	}
	err := errCut
	h.enter(func() { _, err = h.hand.NameTrustees(context.Background(), h.w.circle, list, number(with, 0, 1)) })
	h.met(err)
}

// returns lets a new home ask at doors to be known again as a member who lost
// everything: by people who stand for it.
func returns(h *home, with []string) {
	s, door := h.w.slips[with[1]], h.w.named[with[2]]
	if s == nil || door == nil {
		return
	}
	var j node.JoinState
	err := errCut
	h.enter(func() { j, err = h.hand.ComeBack(s.code, with[0], nil) })
	if h.met(err) {
		h.knockBack(j.ID, door, h.w.now+30*day)
	}
}

func (h *home) knockBack(id string, d *home, until time.Duration) {
	if h.w.now > until || h.gone {
		return
	}
	if h.on() && h.w.net.reach(h, d) && d.in() {
		told, err := h.recoverAt(id, d)
		h.w.say("%s comes back at %s's door: %q %v", h.name, d.name, told, err)
		if err == nil && told == "" {
			h.w.net.lookSoon()
			return
		}
	}
	h.w.in(h.w.between(time.Hour, 2*time.Hour), func() { h.knockBack(id, d, until) })
}

func (h *home) recoverAt(id string, d *home) (told string, err error) {
	err = errCut
	converse(func(p node.Pipe) {
		h.enter(func() { told, err = h.hand.Recover(context.Background(), id, d.peer, p) })
	}, func(p node.Pipe) {
		first, err := p.Receive(protocol.MaxJoinMessage)
		if err != nil {
			return
		}
		opening, err := protocol.DecodeOpening(first)
		if k, ok := opening.(*protocol.RecoverKnock); ok && err == nil {
			d.enter(func() { _ = d.hand.Recovered(context.Background(), h.peer, *k, p) })
		}
	})
	return told, err
}

func standsFor(h *home, with []string) {
	who, ok := h.w.member(with[0])
	shown := h.w.named[with[1]]
	if !ok || shown == nil || !shown.on() {
		return
	}
	code, ok := shown.hand.ComingBackCode()
	if !ok {
		return
	}
	err := errCut
	h.enter(func() { _, err = h.hand.StandFor(context.Background(), who, &code) })
	h.met(err)
}

func letsBack(h *home, with []string) {
	who, ok := h.w.member(with[0])
	if !ok {
		return
	}
	err := errCut
	h.enter(func() { _, err = h.hand.Return(context.Background(), h.w.circle, who) })
	h.met(err)
}

func vetoes(h *home, _ []string) {
	err := errCut
	h.enter(func() { _, err = h.hand.ObjectReturn(context.Background(), h.w.circle) })
	h.met(err)
}

// links makes another home a further device of the same person, whose two screens
// show the same words.
func links(h *home, with []string) {
	fresh := h.w.home(with[0])
	if !h.on() || !fresh.on() || !h.w.net.reach(h, fresh) {
		return
	}
	var text string
	err := errCut
	fresh.enter(func() { text, err = fresh.hand.ShowLink([][]byte{{4, 127, 0, 0, 1, 6, 0, 1}}) })
	if err != nil {
		return
	}
	code, err := protocol.ParseCode(text)
	link, ok := code.(*protocol.LinkCode)
	if err != nil || !ok {
		h.w.fail("link", "%s: %q does not parse: %v", fresh.name, text, err)
		return
	}
	err = errCut
	h.enter(func() { err = h.hand.ScanLink(link) })
	if !h.met(err) {
		return
	}
	for range 2 {
		h.linkOnce(fresh)
		if !h.on() {
			return
		}
		state, _ := h.hand.ScannedLink(link)
		if state.Done {
			break
		}
		h.enter(func() { _ = h.hand.ConfirmLink(link, state.Words) })
	}
	h.w.net.lookSoon()
}

func (h *home) linkOnce(fresh *home) {
	if !h.on() {
		return
	}
	for _, v := range h.hand.Visits() {
		if !v.Link || v.Peer != fresh.peer {
			continue
		}
		converse(func(p node.Pipe) {
			h.enter(func() { _ = h.hand.Link(context.Background(), v.ID, p) })
		}, func(p node.Pipe) {
			first, err := p.Receive(protocol.MaxJoinMessage)
			if err != nil {
				return
			}
			opening, err := protocol.DecodeOpening(first)
			if hello, ok := opening.(*protocol.LinkHello); ok && err == nil {
				fresh.enter(func() { _ = fresh.hand.Linked(context.Background(), h.peer, *hello, p) })
			}
		})
	}
}

// pipe is one end of a conversation that both sides lead by waiting for each other.
type pipe struct {
	in, out *[][]byte
	wait    func() bool // lets the other side go on; false: it has ended
}

// Send implements [node.Pipe].
func (p pipe) Send(m []byte) error { *p.out = append(*p.out, append([]byte(nil), m...)); return nil }

// Receive implements [node.Pipe].
func (p pipe) Receive(most int) ([]byte, error) {
	for len(*p.in) == 0 {
		if !p.wait() && len(*p.in) == 0 {
			return nil, io.EOF
		}
	}
	m := (*p.in)[0]
	*p.in = (*p.in)[1:]
	if len(m) > most {
		return nil, errors.New("message too long")
	}
	return m, nil
}

// converse runs two sides that wait for each other's messages. The second is a
// coroutine of the first: only one of them runs at a time, and always the same.
func converse(first, second func(node.Pipe)) {
	var there, back [][]byte
	next, stop := iter.Pull(func(yield func(struct{}) bool) {
		over := false
		second(pipe{&there, &back, func() bool {
			over = over || !yield(struct{}{})
			return !over
		}})
	})
	defer stop()
	first(pipe{&back, &there, func() bool { _, more := next(); return more }})
	// What the first said last is heard, and then that it has gone.
	for len(there) > 0 {
		before := len(there)
		if _, more := next(); !more || len(there) == before {
			break
		}
	}
}

var (
	_ = strings.Contains
	_ membership.Standing
)
