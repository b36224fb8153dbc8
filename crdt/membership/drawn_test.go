package membership_test

import (
	"crypto/ed25519"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// This file draws random histories of a circle. Left to chance, hardly one would
// hold a certificate that counts, so most of a history is plots: short stories
// that aim at one (plots_test.go). Between them people take single steps, as often
// as not ones that nobody would.

// history is a history being drawn.
type history struct {
	*rapid.T
	c      *membertest.Circle
	people []*membertest.Person
	forked map[crdt.Device]bool
	proofs []membership.Body // of forks, not yet written
	// trustees are those whom somebody named last, if anybody saw it or not
	trustees map[*membertest.Person][]crdt.ID
	at       map[crdt.ID]int // where in c.Ops
	n        int             // names what is drawn next
}

func drawHistory(t *rapid.T) *history {
	h := &history{T: t, forked: map[crdt.Device]bool{}, trustees: map[*membertest.Person][]crdt.ID{}, at: map[crdt.ID]int{}}
	h.c, h.people = membertest.GrownBy(h.charter(), pick(h, []int{1, 2, 3, 4, 4, 5, 5, 6, 6, 7}, "people"))
	for _, p := range h.people {
		p.Device().Knows = h.c.Heads()
		if h.oneIn(3, "second device") {
			h.c.AddDevice(p)
		}
	}
	for range 5 + h.below(5, "acts") {
		h.n++
		if h.oneIn(3, "plot or steps") {
			for range 1 + h.below(6, "steps") {
				h.step()
			}
			continue
		}
		h.plot()
	}
	return h
}

// plot plays one of the plots, by their weights.
func (h *history) plot() {
	sum := 0
	for _, p := range plots {
		sum += p.weight
	}
	at := h.below(sum, "plot")
	for _, p := range plots {
		if at -= p.weight; at < 0 {
			p.play(h)
			return
		}
	}
}

func (h *history) charter() membership.Charter {
	h.n++
	c := membership.DefaultCharter(fmt.Sprint("Charter ", h.n))
	if h.oneIn(2, "own numbers") {
		c.KDiv, c.BDiv = uint64(2+h.below(3, "k")), uint64(2+h.below(4, "b"))
		c.WindowDays, c.SponsorsFrom = uint64(1+h.below(8, "window")), uint64(2+h.below(6, "sponsors from"))
	}
	return c
}

// below draws a number of [0, n) evenly; rapid's own ranges prefer small ones, and
// then what stands at the end of a list is hardly ever drawn.
func (h *history) below(n int, what string) int { return below(h.T, n, what) }

func below(t *rapid.T, n int, what string) int { return evenly.Draw(t, what) * n >> 10 }

// evenly draws a number of ten bits.
var evenly = rapid.Custom(func(t *rapid.T) int {
	n := 0
	for range 10 {
		n <<= 1
		if rapid.Bool().Draw(t, "") {
			n |= 1
		}
	}
	return n
})

func (h *history) oneIn(n int, what string) bool { return h.below(n, what) == n-1 }

func pick[T any](h *history, from []T, what string) T { return from[h.below(len(from), what)] }

// some draws a part of a list, in another order.
func some[T any](h *history, from []T, least int) []T {
	out := slices.Clone(from)
	for i := range out {
		j := i + h.below(len(out)-i, "order")
		out[i], out[j] = out[j], out[i]
	}
	return out[:min(len(out), least+h.below(len(out)-min(least, len(out))+1, "how many"))]
}

// ids returns the ops of a kind, whoever knows them.
func (h *history) ids(kind uint64) []crdt.ID {
	var out []crdt.ID
	for _, o := range h.c.Ops {
		if o.Says.Kind() == kind {
			out = append(out, o.ID)
		}
	}
	return out
}

func (h *history) op(id crdt.ID) membertest.Op {
	for i := len(h.at); i < len(h.c.Ops); i++ {
		h.at[h.c.Ops[i].ID] = i
	}
	return h.c.Ops[h.at[id]]
}

func (h *history) device() *membertest.Device {
	return pick(h, pick(h, h.people, "who").Devices, "device")
}

// deciders are those with voice, as somebody would say who knows everything.
func (h *history) deciders() []*membertest.Person {
	v := h.c.Set.View()
	return slices.DeleteFunc(slices.Clone(h.people), func(p *membertest.Person) bool { return !v.HasVoice(p.ID) })
}

// write lets a device write something, if it may, and says whether it did. A few
// ops are dated back, as far as what their author knew allows.
func (h *history) write(d *membertest.Device, b membership.Body) (crdt.ID, bool) {
	if h.forked[d.Key] && h.oneIn(3, "a forked device rests") {
		return crdt.ID{}, false
	}
	now := h.c.Now
	if h.oneIn(12, "dated back") {
		h.c.Now = max(membertest.Start, now-int64(1+h.below(100, "days back"))*membertest.Day)
	}
	id, err := h.c.TryWrite(d, b)
	h.c.Now = now
	return id, err == nil
}

func (h *history) hears(d *membertest.Device, ids ...crdt.ID) {
	for _, id := range ids {
		if !id.IsZero() {
			d.Knows = append(slices.Clip(d.Knows), id)
		}
	}
}

// meet lets people know all that the others know, by their first devices.
func (h *history) meet(people ...*membertest.Person) {
	var all []*membertest.Device
	for _, p := range people {
		all = append(all, p.Device())
	}
	h.c.Sync(all...)
}

// step is anything at all by anybody.
func (h *history) step() {
	h.n++
	d := h.device()
	switch h.below(16, "step") {
	case 0, 1, 2:
		h.c.Sync(d, h.device())
	case 3:
		h.meet(h.people...)
	case 4:
		h.c.Pass(pick(h, []int64{membertest.Hour, 4 * membertest.Day, 8 * membertest.Day, 95 * membertest.Day}, "time"))
	case 5:
		h.write(d, pick(h, []membership.Body{&membership.Beat{}, &membership.Prekey{Box: membertest.Box(h.n)}}, "sign"))
	case 6:
		h.write(d, h.c.Epoch(d, fmt.Sprint("epoch ", h.n)))
	case 7:
		h.write(d, h.c.Invite("slip", uint64(1+h.below(2, "uses"))))
	case 8:
		h.admit(d)
	case 9:
		h.onSome(d, membership.KindInvite, func(id crdt.ID) membership.Body { return &membership.InviteRevoke{Invite: id} })
	case 10:
		h.onSome(d, membership.KindAdmit, func(id crdt.ID) membership.Body { return &membership.Sponsor{Admit: id} })
	case 11:
		kind := pick(h, []uint64{membership.KindAdmit, membership.KindPropose}, "object to")
		h.onSome(d, kind, func(id crdt.ID) membership.Body { return &membership.Object{Target: id} })
	case 12:
		h.onSome(d, membership.KindPropose, func(id crdt.ID) membership.Body { return &membership.Stand{Proposal: id} })
	case 13:
		h.onSome(d, membership.KindPropose, func(id crdt.ID) membership.Body { return &membership.Enact{Proposal: id} })
	case 14:
		h.write(d, pick(h, []membership.Body{&membership.Leave{}, &membership.Away{}, &membership.Back{}, &membership.Back{}}, "life"))
	case 15:
		h.write(d, &membership.DeviceRevoke{Dev: pick(h, d.Of.Devices, "revoked").Key})
	}
}

func (h *history) onSome(d *membertest.Device, kind uint64, say func(crdt.ID) membership.Body) {
	if ids := h.ids(kind); len(ids) > 0 {
		h.write(d, say(pick(h, ids, "which")))
	}
}

// newcomer is somebody whom nobody has let in yet.
func (h *history) newcomer() *membertest.Person {
	h.n++
	return membertest.NewPerson(fmt.Sprint("Newcomer ", h.n))
}

func (h *history) admit(d *membertest.Device) {
	p, invite := h.newcomer(), crdt.ID{}
	if h.oneIn(3, "again") {
		p = pick(h, h.people, "who")
	}
	if ids := h.ids(membership.KindInvite); len(ids) > 0 && h.oneIn(2, "by invite") {
		invite = pick(h, ids, "invite")
	}
	h.letIn(d, p, invite)
}

// letIn admits somebody, who knows it if they are new.
func (h *history) letIn(d *membertest.Device, p *membertest.Person, invite crdt.ID) bool {
	id, ok := h.write(d, h.c.Admit(d, p, invite, "slip"))
	if !ok {
		return false
	}
	p.Admission = id
	if !slices.Contains(h.people, p) {
		h.people = append(h.people, p)
		p.Device().Knows = []crdt.ID{id}
	}
	return true
}

// fork lets a device write twice from one place.
func (h *history) fork(d *membertest.Device) {
	twin := *d
	if _, ok := h.write(d, &membership.Beat{}); !ok {
		return
	}
	first := h.c.Ops[len(h.c.Ops)-1].Op
	if _, err := h.c.TryWrite(&twin, &membership.Away{}); err != nil {
		return
	}
	second := h.c.Ops[len(h.c.Ops)-1].Op
	h.forked[d.Key] = true
	h.proofs = append(h.proofs, membership.NewForkProof(&first, &second))
	if h.oneIn(2, "goes on with the twin") {
		*d, twin = twin, *d
	}
}

var salt = make([]byte, 16)

func (h *history) nameTrustees(p *membertest.Person) {
	var list []crdt.ID
	for _, t := range some(h, h.people, 1) {
		list = append(list, t.ID)
	}
	slices.SortFunc(list, crdt.ID.Compare)
	b := &membership.Trustees{Hash: membership.TrusteesHash(salt, list), K: uint64(1 + h.below(2, "k"))}
	b.SigRoot = ed25519.Sign(p.Root, b.Signed(h.c.ID, p.ID))
	if _, ok := h.write(p.Device(), b); ok {
		h.trustees[p] = list
	}
}

// propose returns a body that proposes to give somebody a new root, and that root.
func (h *history) newRoot(p *membertest.Person) (*membership.Propose, membership.Recovery, ed25519.PrivateKey) {
	h.n++
	key, pub := membertest.Key("recovered", p.Name, h.n)
	_, next := membertest.Key("after", p.Name, h.n)
	r := membership.Recovery{NewRoot: pub, NextRootHash: membership.RootHash(next), List: h.trustees[p]}
	if len(r.List) > 0 {
		r.Salt = salt
	}
	return &membership.Propose{What: membership.Recover, Target: p.ID, Payload: membership.EncodeRecovery(r)}, r, key
}

// comeBack lets somebody whose recovery was enacted write with a fresh device.
func (h *history) comeBack(p *membertest.Person, enact crdt.ID, r membership.Recovery, root ed25519.PrivateKey) bool {
	was := p.Root
	p.Root = root
	d := p.NewDevice()
	d.Knows = []crdt.ID{enact}
	if _, err := h.c.TryWrite(d, &membership.Rotate{NewRoot: r.NewRoot, NextRootHash: r.NextRootHash, Enact: enact, Cert: p.Cert(h.c.ID, d)}); err != nil {
		p.Root, p.Devices = was, p.Devices[:len(p.Devices)-1]
		return false
	}
	last := len(p.Devices) - 1
	p.Devices[0], p.Devices[last] = p.Devices[last], p.Devices[0]
	return true
}
