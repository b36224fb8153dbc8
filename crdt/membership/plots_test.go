package membership_test

import (
	"fmt"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// plots are the stories that the histories of these tests are made of.
var plots = []struct {
	name   string
	weight int // how often, against the others
	play   func(*history)
}{
	{"a removal", 3, (*history).removal},
	{"a removal by consent", 4, (*history).consent},
	{"two who remove each other", 3, (*history).mutual},
	{"two removals apart", 2, (*history).apart},
	{"a return", 4, (*history).readmission},
	{"a fork", 2, (*history).forkAndProof},
	{"a removal that a fork weakens", 3, (*history).weakened},
	{"a lapse", 4, (*history).lapse},
	{"a sleeper lapses everybody", 2, (*history).sleeper},
	{"a recovery", 4, (*history).recovery},
	{"a welcome", 2, (*history).welcome},
	{"one invite at two doors", 1, (*history).twoDoors},
	{"an invite revoked meanwhile", 1, (*history).revokedMeanwhile},
	{"sock puppets", 1, (*history).puppets},
	{"another charter", 2, (*history).otherCharter},
	{"away and back", 2, (*history).awayAndBack},
	{"somebody leaves", 1, (*history).leaving},
	{"a device revoked", 1, (*history).revokedDevice},
}

// proposal lets the first of some people propose, tells the others, and lets as
// many as needed stand.
func (h *history) proposal(b *membership.Propose, by *membertest.Person, others []*membertest.Person) (crdt.ID, bool) {
	if b.What != membership.Lapse && h.oneIn(2, "they met before") {
		h.meet(append(others, by)...)
	}
	p, ok := h.write(by.Device(), b)
	if !ok {
		return p, false
	}
	for _, o := range others {
		h.hears(o.Device(), p)
		says := membership.Body(&membership.Stand{Proposal: p})
		switch h.below(8, "says") {
		case 0:
			says = &membership.Object{Target: p}
		case 1:
			says = &membership.Beat{}
		}
		if s, ok := h.write(o.Device(), says); ok {
			h.hears(by.Device(), s)
		}
		if h.oneIn(8, "thinks again") {
			if s, ok := h.write(o.Device(), &membership.Stand{Proposal: p}); ok {
				h.hears(by.Device(), s)
			}
		}
	}
	return p, true
}

// others are deciders but for some.
func (h *history) others(but ...*membertest.Person) []*membertest.Person {
	var out []*membertest.Person
	for _, p := range h.deciders() {
		out = append(out, p)
		for _, b := range but {
			if p == b {
				out = out[:len(out)-1]
				break
			}
		}
	}
	return out
}

// castOf draws n different people with voice; nil if there are fewer.
func (h *history) castOf(n int) []*membertest.Person {
	all := h.deciders()
	if len(all) < n {
		return nil
	}
	return some(h, all, len(all))[:n]
}

func (h *history) removal() {
	cast := h.castOf(3)
	if cast == nil {
		return
	}
	target, by := cast[0], cast[1]
	others := append(some(h, h.others(target, by, cast[2]), 1), cast[2])
	p, ok := h.proposal(&membership.Propose{What: membership.Remove, Target: target.ID}, by, others)
	if !ok {
		return
	}
	h.meanwhile(target)
	h.write(by.Device(), &membership.Enact{Proposal: p, Seen: membertest.Seen(target)})
	h.meanwhile(target)
	if h.oneIn(2, "everybody hears") {
		h.meet(h.people...)
	}
}

// meanwhile lets somebody write what nobody else has seen.
func (h *history) meanwhile(p *membertest.Person) {
	switch h.below(6, "meanwhile") {
	case 0:
		h.admit(p.Device())
	case 1:
		h.write(p.Device(), h.c.Invite("slip", 1))
	case 2:
		h.write(p.Device(), h.c.Epoch(p.Device(), fmt.Sprint("meanwhile ", h.n)))
	case 3:
		h.onSome(p.Device(), membership.KindPropose, func(id crdt.ID) membership.Body { return &membership.Stand{Proposal: id} })
	case 4:
		now := h.c.Now
		h.c.Now = max(membertest.Start, now-30*membertest.Day)
		h.write(p.Device(), &membership.Beat{})
		h.c.Now = now
	}
}

// consent lets few stand, and the circle see it for the window.
func (h *history) consent() {
	cast := h.castOf(3)
	if cast == nil {
		return
	}
	target, by := cast[0], cast[1]
	h.meet(h.people...)
	p, ok := h.write(by.Device(), &membership.Propose{What: membership.Remove, Target: target.ID})
	if !ok {
		return
	}
	stood := 0
	for _, o := range h.others(target, by) {
		h.hears(o.Device(), p)
		says := membership.Body(&membership.Beat{})
		if stood < 1 || h.oneIn(3, "stands too") {
			says, stood = &membership.Stand{Proposal: p}, stood+1
		}
		h.write(o.Device(), says)
	}
	h.write(by.Device(), &membership.Beat{})
	h.c.Pass(int64(h.c.Set.View().Charter().WindowDays)*membertest.Day + membertest.Hour)
	for _, o := range h.others(target, by) {
		if s, ok := h.write(o.Device(), &membership.Beat{}); ok && !h.oneIn(8, "unheard") {
			h.hears(by.Device(), s)
		}
	}
	h.write(by.Device(), &membership.Enact{Proposal: p, Seen: membertest.Seen(target)})
}

// mutual lets two be removed by each other, by those who stand in both camps.
func (h *history) mutual() {
	cast := h.castOf(3)
	if cast == nil {
		return
	}
	a, b := cast[0], cast[1]
	both := h.others(a, b)
	h.meet(append(both, a, b)...)
	pa, ok := h.write(a.Device(), &membership.Propose{What: membership.Remove, Target: b.ID})
	pb, ok2 := h.write(b.Device(), &membership.Propose{What: membership.Remove, Target: a.ID})
	if !ok || !ok2 {
		return
	}
	for _, c := range both {
		h.hears(c.Device(), pa)
		if s, ok := h.write(c.Device(), &membership.Stand{Proposal: pa}); ok {
			h.hears(a.Device(), s)
		}
	}
	for _, c := range both {
		h.hears(c.Device(), pb)
		if s, ok := h.write(c.Device(), &membership.Stand{Proposal: pb}); ok {
			h.hears(b.Device(), s)
		}
	}
	h.write(a.Device(), &membership.Enact{Proposal: pa, Seen: membertest.Seen(b)})
	h.write(b.Device(), &membership.Enact{Proposal: pb, Seen: membertest.Seen(a)})
}

// apart lets a decision be carried out twice by two who do not know it, or two
// people be removed apart.
func (h *history) apart() {
	cast := h.castOf(4)
	if cast == nil {
		return
	}
	a, b, x, y := cast[0], cast[1], cast[2], cast[3]
	if h.oneIn(2, "the same one") {
		y = x
	}
	all := h.others(x, y)
	h.meet(append(all, x, y)...)
	pa, ok := h.proposal(&membership.Propose{What: membership.Remove, Target: x.ID}, a, h.others(a, x, y))
	pb, ok2 := h.proposal(&membership.Propose{What: membership.Remove, Target: y.ID}, b, h.others(b, y, x))
	if ok && ok2 {
		h.write(a.Device(), &membership.Enact{Proposal: pa})
		h.write(b.Device(), &membership.Enact{Proposal: pb})
	}
}

// readmission lets somebody in again who was removed or left; by one who knows it
// or, now and then, by one who does not.
func (h *history) readmission() {
	if h.oneIn(2, "a removal first") {
		h.removal()
	}
	v := h.c.Set.View()
	for _, p := range some(h, h.people, len(h.people)) {
		if m, ok := v.Member(p.ID); !ok || m.Standing == membership.In {
			continue
		}
		cast := h.castOf(1)
		if cast == nil {
			return
		}
		if !h.oneIn(5, "does not know") {
			cast[0].Device().Knows = h.c.Heads()
		}
		if h.letIn(cast[0].Device(), p, crdt.ID{}) && !h.oneIn(4, "they do not hear") {
			h.hears(p.Device(), p.Admission)
			h.signs(p.Admission)
		}
		return
	}
}

// signs lets deciders show that they know an op.
func (h *history) signs(id crdt.ID) {
	for _, p := range some(h, h.deciders(), 1) {
		h.hears(p.Device(), id)
		h.write(p.Device(), &membership.Beat{})
	}
}

func (h *history) forkAndProof() {
	h.fork(h.device())
	h.prove()
}

// prove publishes a fork, by somebody.
func (h *history) prove() {
	if len(h.proofs) > 0 && !h.oneIn(5, "not yet") {
		if _, ok := h.write(h.device(), h.proofs[0]); ok {
			h.proofs = h.proofs[1:]
		}
	}
}

// weakened lets one of those who stand for a removal have forked before.
func (h *history) weakened() {
	cast := h.castOf(3)
	if cast == nil {
		return
	}
	target, by, forker := cast[0], cast[1], cast[2]
	h.fork(forker.Device())
	p, ok := h.proposal(&membership.Propose{What: membership.Remove, Target: target.ID}, by, append(h.others(target, by, forker), forker))
	if ok {
		h.write(by.Device(), &membership.Enact{Proposal: p})
		h.prove()
	}
}

// lapse lets a voice lapse that was silent, or that somebody thought to be.
func (h *history) lapse() {
	cast := h.castOf(3)
	if cast == nil {
		return
	}
	target, by := cast[0], cast[1]
	h.meet(h.people...)
	h.c.Pass(int64(91+h.below(10, "days")) * membertest.Day)
	others := h.others(target, by)
	for _, o := range others {
		if s, ok := h.write(o.Device(), &membership.Beat{}); ok {
			h.hears(by.Device(), s)
		}
	}
	awake := h.oneIn(3, "was awake")
	if awake {
		h.write(target.Device(), &membership.Beat{})
	}
	h.c.Pass(membertest.Hour)
	h.write(by.Device(), &membership.Beat{})
	p, ok := h.proposal(&membership.Propose{What: membership.Lapse, Target: target.ID}, by, others)
	if !ok {
		return
	}
	e, ok := h.write(by.Device(), &membership.Enact{Proposal: p})
	if ok && !h.oneIn(3, "stays silent") {
		h.hears(target.Device(), e)
		h.write(target.Device(), &membership.Back{})
	}
}

// sleeper wakes up after months, thinks everybody silent, and lets puppets in.
func (h *history) sleeper() {
	cast := h.castOf(2)
	if cast == nil {
		return
	}
	s := cast[0]
	if h.oneIn(2, "they met before") {
		h.meet(h.people...)
	}
	h.c.Pass(100 * membertest.Day)
	for _, o := range h.others(s) {
		if !h.oneIn(4, "is silent too") {
			h.write(o.Device(), &membership.Beat{})
		}
	}
	h.c.Pass(membertest.Hour)
	for _, o := range h.others(s) {
		if p, ok := h.write(s.Device(), &membership.Propose{What: membership.Lapse, Target: o.ID}); ok {
			h.write(s.Device(), &membership.Enact{Proposal: p})
		}
	}
	for range h.below(3, "puppets") {
		h.letIn(s.Device(), h.newcomer(), crdt.ID{})
	}
	if h.oneIn(3, "goes further") {
		if p, ok := h.write(s.Device(), &membership.Propose{What: membership.Remove, Target: cast[1].ID}); ok {
			h.write(s.Device(), &membership.Enact{Proposal: p})
		}
	}
}

// recovery gives somebody another root, by trustees or by two with voice.
func (h *history) recovery() {
	cast := h.castOf(3)
	if cast == nil {
		return
	}
	target, by := cast[0], cast[1]
	others := h.others(target, by)
	h.meet(append(others, target, by)...)
	if h.oneIn(2, "trustees") {
		h.nameTrustees(target)
		h.meet(append(others, target, by)...)
	}
	b, r, root := h.newRoot(target)
	p, ok := h.proposal(b, by, others)
	if !ok {
		return
	}
	if h.oneIn(4, "a thief objects") {
		h.hears(target.Device(), p)
		if o, ok := h.write(target.Device(), &membership.Object{Target: p}); ok {
			h.hears(by.Device(), o)
		}
	}
	h.c.Pass(4 * membertest.Day)
	for _, o := range append(others, by) {
		if s, ok := h.write(o.Device(), &membership.Beat{}); ok {
			h.hears(by.Device(), s)
		}
	}
	h.meanwhile(target)
	e, ok := h.write(by.Device(), &membership.Enact{Proposal: p})
	if !ok || h.oneIn(6, "never comes back") || !h.comeBack(target, e, r, root) {
		return
	}
	h.write(target.Device(), &membership.Beat{})
	if h.oneIn(3, "a further device") {
		d := target.NewDevice()
		d.Knows = h.c.Heads()
		h.write(d, &membership.DeviceAdd{Cert: target.Cert(h.c.ID, d)})
	}
	if h.oneIn(2, "everybody hears") {
		h.meet(h.people...)
	}
}

// welcome lets somebody in; a majority sees it, some have a concern, some sponsor.
func (h *history) welcome() {
	cast := h.castOf(1)
	if cast == nil {
		return
	}
	p := h.newcomer()
	if !h.letIn(cast[0].Device(), p, crdt.ID{}) {
		return
	}
	for _, o := range some(h, h.others(cast[0]), 1) {
		h.hears(o.Device(), p.Admission)
		h.write(o.Device(), pick(h, []membership.Body{&membership.Beat{}, &membership.Beat{}, &membership.Sponsor{Admit: p.Admission},
			&membership.Object{Target: p.Admission}}, "on the newcomer"))
	}
	if h.oneIn(2, "they are told") {
		p.Device().Knows = h.c.Heads()
		h.write(p.Device(), pick(h, []membership.Body{&membership.Beat{}, h.c.Invite("slip", 1)}, "first word"))
	}
}

// twoDoors lets two people in apart by an invite for one.
func (h *history) twoDoors() {
	cast := h.castOf(2)
	if cast == nil {
		return
	}
	i, ok := h.write(cast[0].Device(), h.c.Invite("slip", 1))
	if !ok {
		return
	}
	for _, door := range cast {
		h.hears(door.Device(), i)
	}
	one, two := h.newcomer(), h.newcomer()
	h.letIn(cast[0].Device(), one, i)
	h.letIn(cast[1].Device(), two, i)
	for _, p := range []*membertest.Person{one, two} {
		if p.Admission.IsZero() {
			continue
		}
		if h.oneIn(2, "sponsored") {
			d := pick(h, cast, "sponsor").Device()
			h.hears(d, p.Admission)
			h.write(d, &membership.Sponsor{Admit: p.Admission})
		}
		h.signs(p.Admission)
	}
}

// revokedMeanwhile ends an invite while another door uses it.
func (h *history) revokedMeanwhile() {
	cast := h.castOf(2)
	if cast == nil {
		return
	}
	i, ok := h.write(cast[0].Device(), h.c.Invite("slip", 1))
	if !ok {
		return
	}
	for _, o := range h.others(cast[0]) {
		h.hears(o.Device(), i)
	}
	p := h.newcomer()
	enders := []*membertest.Person{cast[0]}
	if h.oneIn(2, "by others") {
		enders = some(h, h.others(cast[0], cast[1]), 1)
	}
	var ends []crdt.ID
	for _, e := range enders {
		if r, ok := h.write(e.Device(), &membership.InviteRevoke{Invite: i}); ok {
			ends = append(ends, r)
		}
	}
	if h.letIn(cast[1].Device(), p, i) && h.oneIn(2, "sponsored") {
		d := pick(h, h.others(), "sponsor").Device()
		h.hears(d, append(ends, p.Admission)...)
		h.write(d, &membership.Sponsor{Admit: p.Admission})
	}
}

// puppets lets one member fill a private branch, and the puppets try to decide.
func (h *history) puppets() {
	cast := h.castOf(2)
	if cast == nil {
		return
	}
	master := cast[0]
	var all []*membertest.Person
	for range 1 + h.below(3, "puppets") {
		if p := h.newcomer(); h.letIn(master.Device(), p, crdt.ID{}) {
			all = append(all, p)
		}
	}
	for _, p := range all {
		p.Device().Knows = master.Device().Knows
		h.write(p.Device(), &membership.Beat{})
		h.hears(master.Device(), p.Device().Prev)
	}
	prop, ok := h.write(master.Device(), &membership.Propose{What: membership.Remove, Target: cast[1].ID})
	if !ok {
		return
	}
	for _, p := range all {
		h.hears(p.Device(), prop)
		h.write(p.Device(), &membership.Stand{Proposal: prop})
	}
	h.write(master.Device(), &membership.Enact{Proposal: prop})
}

func (h *history) otherCharter() {
	cast := h.castOf(1)
	if cast == nil {
		return
	}
	others := h.others(cast[0])
	h.meet(append(others, cast[0])...)
	p, ok := h.write(cast[0].Device(), &membership.Propose{What: membership.ChangeTo, Payload: membership.EncodeCharter(h.charter())})
	if !ok {
		return
	}
	for _, o := range others {
		h.hears(o.Device(), p)
		if s, ok := h.write(o.Device(), &membership.Stand{Proposal: p}); ok {
			h.hears(cast[0].Device(), s)
		}
	}
	by := append(others, cast[0])
	for range 1 + h.below(2, "enacted apart") {
		d := pick(h, by, "by").Device()
		h.hears(d, cast[0].Device().Knows...)
		h.write(d, &membership.Enact{Proposal: p})
	}
}

func (h *history) awayAndBack() {
	d := h.device()
	a, ok := h.write(d, &membership.Away{})
	if !ok || h.oneIn(3, "stays away") {
		return
	}
	other := pick(h, d.Of.Devices, "back on")
	if !h.oneIn(3, "without knowing") {
		h.hears(other, a)
	}
	h.write(other, &membership.Back{})
}

func (h *history) leaving() {
	p := pick(h, h.people, "leaver")
	b := &membership.Leave{}
	if h.oneIn(2, "sees its own") {
		b.Seen = membertest.Seen(p)
	}
	h.write(p.Device(), b)
	h.meanwhile(p)
}

func (h *history) revokedDevice() {
	p := pick(h, h.people, "owner")
	d := p.NewDevice()
	d.Knows = h.c.Heads()
	if _, ok := h.write(d, &membership.DeviceAdd{Cert: p.Cert(h.c.ID, d)}); !ok {
		p.Devices = p.Devices[:len(p.Devices)-1]
		return
	}
	h.c.Sync(p.Device(), d)
	lost, kept := d, p.Device()
	if h.oneIn(2, "the first one") {
		lost, kept = kept, lost
	}
	h.write(kept, &membership.DeviceRevoke{Dev: lost.Key})
	if h.oneIn(3, "each other") {
		h.write(lost, &membership.DeviceRevoke{Dev: kept.Key})
	}
	h.write(lost, &membership.Beat{})
}
