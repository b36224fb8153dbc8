package membership_test

import (
	"slices"
	"strings"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// This file is the rule of SPEC.md §5.2 as a program: plain sets, sentence by
// sentence, with no thought of speed. What package membership computes over
// bitsets is held against it.

type set[T comparable] map[T]bool

func (s set[T]) all(ok func(T) bool) bool {
	for x := range s {
		if !ok(x) {
			return false
		}
	}
	return true
}

type modelOp struct {
	crdt.Op
	says   membership.Body
	past   set[crdt.ID] // without itself
	member crdt.ID
}

type model struct {
	ops     map[crdt.ID]*modelOp
	order   []*modelOp // each after what it names
	genesis *modelOp
	memo    map[string]*meaning
}

type meaning struct {
	forks                        map[crdt.Device]uint64
	left, counted                set[crdt.ID]
	charter                      membership.Charter
	void, standing               set[crdt.ID]
	members, voice, away, lapsed set[crdt.ID]
	overUse                      set[crdt.ID]
}

func newModel(ops []membertest.Op) *model {
	m := &model{ops: map[crdt.ID]*modelOp{}, memo: map[string]*meaning{}}
	for _, o := range ops {
		x := &modelOp{Op: o.Op, says: o.Says, past: set[crdt.ID]{}}
		for _, id := range o.Ctl {
			x.past[id] = true
			for known := range m.ops[id].past {
				x.past[known] = true
			}
		}
		m.ops[o.ID] = x
		m.order = append(m.order, x)
		if o.IsGenesis() {
			m.genesis = x
		}
		x.member = m.authorOf(x)
	}
	return m
}

func certIn(b membership.Body) *membership.DeviceCert {
	switch b := b.(type) {
	case *membership.Genesis:
		return &b.Cert
	case *membership.Admit:
		return &b.Cert
	case *membership.DeviceAdd:
		return &b.Cert
	case *membership.Rotate:
		return &b.Cert
	}
	return nil
}

func (m *model) authorOf(o *modelOp) crdt.ID {
	var best *modelOp
	for _, c := range m.order {
		if cert := certIn(c.says); cert != nil && cert.Dev == o.Dev && o.past[c.ID] && (best == nil || c.ID.Compare(best.ID) < 0) {
			best = c
		}
	}
	if best == nil {
		return certIn(o.says).Member
	}
	return certIn(best.says).Member
}

func (m *model) everything() set[crdt.ID] {
	s := set[crdt.ID]{}
	for _, o := range m.order {
		s[o.ID] = true
	}
	return s
}

// in yields the ops of s in an order of causes.
func (m *model) in(s set[crdt.ID]) []*modelOp {
	var out []*modelOp
	for _, o := range m.order {
		if s[o.ID] {
			out = append(out, o)
		}
	}
	return out
}

func (m *model) key(s, left set[crdt.ID]) string {
	var b strings.Builder
	for _, o := range m.order {
		switch {
		case s[o.ID] && left[o.ID]:
			b.WriteByte('l')
		case s[o.ID]:
			b.WriteByte('s')
		default:
			b.WriteByte('.')
		}
	}
	return b.String()
}

func (m *model) proposal(e *modelOp) (*modelOp, *membership.Propose) {
	p := m.ops[e.says.(*membership.Enact).Proposal]
	return p, p.says.(*membership.Propose)
}

func evidence(o *modelOp) bool {
	switch o.says.Kind() {
	case membership.KindGenesis, membership.KindObject, membership.KindPropose, membership.KindStand, membership.KindEnact,
		membership.KindLeave, membership.KindDeviceRevoke, membership.KindForkProof:
		return true
	}
	return false
}

func (m *model) meaning(s, left set[crdt.ID]) *meaning {
	key := m.key(s, left)
	if w := m.memo[key]; w != nil {
		return w
	}
	w := &meaning{forks: map[crdt.Device]uint64{}, left: set[crdt.ID]{}, counted: set[crdt.ID]{}, void: set[crdt.ID]{}, standing: set[crdt.ID]{},
		members: set[crdt.ID]{}, voice: set[crdt.ID]{}, away: set[crdt.ID]{}, lapsed: set[crdt.ID]{}, overUse: set[crdt.ID]{}}
	m.memo[key] = w
	ops := m.in(s)

	// S0
	for _, o := range ops {
		if b, ok := o.says.(*membership.ForkProof); ok {
			f := b.Fork()
			if least, known := w.forks[f.Dev]; !known || f.Seq < least {
				w.forks[f.Dev] = f.Seq
			}
		}
	}
	forkVoid := func(o *modelOp) bool { seq, forked := w.forks[o.Dev]; return forked && o.Seq >= seq }
	for _, o := range ops {
		w.left[o.ID] = left[o.ID]
		switch o.says.(type) {
		case *membership.Stand, *membership.Propose:
			w.left[o.ID] = left[o.ID] || forkVoid(o)
		case *membership.Enact:
			if _, b := m.proposal(o); b.What == membership.Lapse {
				for _, x := range ops {
					if x.member == b.Target && !o.past[x.ID] && x.HLC < o.HLC {
						w.left[o.ID] = true
					}
				}
			}
		}
	}

	// S1
	w.charter = m.genesis.says.(*membership.Genesis).Charter
	var charters []*modelOp
	for _, e := range ops {
		if e.says.Kind() != membership.KindEnact {
			continue
		}
		_, b := m.proposal(e)
		if b.What == membership.Lapse && w.left[e.ID] || !m.cert(e, w.left) {
			continue
		}
		w.counted[e.ID] = true
		if b.What == membership.ChangeTo {
			charters = append(charters, e)
		}
	}
	if last := m.last(charters); last != nil {
		_, b := m.proposal(last)
		if err := canon.Unmarshal(b.Payload, &w.charter); err != nil {
			panic(err)
		}
	}

	// S2
	for _, o := range ops {
		if evidence(o) {
			continue
		}
		ends := m.ends(s, w, o.member, o.Dev, true)
		delete(ends, o.ID)
		unseen := ends.all(func(e crdt.ID) bool { return !m.ops[e].past[o.ID] })
		knew := ends.all(func(e crdt.ID) bool { return o.past[e] })
		if forkVoid(o) || len(ends) > 0 && unseen && !knew {
			w.void[o.ID] = true
		}
	}

	// S3
	w.standing[m.genesis.ID] = true
	for _, a := range ops {
		b, ok := a.says.(*membership.Admit)
		if !ok || w.void[a.ID] || !m.inviteAnswered(ops, w, a, b) {
			continue
		}
		for by := range w.standing {
			if m.admits(by) == a.member && a.past[by] {
				w.standing[a.ID] = true
			}
		}
	}
	for a := range w.standing {
		if m.makesMember(ops, w, a) {
			w.members[m.admits(a)] = true
		}
	}
	answered := func(member crdt.ID, these set[crdt.ID]) bool {
		for _, o := range ops {
			if o.says.Kind() == membership.KindBack && o.member == member && !w.void[o.ID] && these.all(func(id crdt.ID) bool { return o.past[id] }) {
				return true
			}
		}
		return false
	}
	lapses := map[crdt.ID]set[crdt.ID]{}
	for _, o := range ops {
		switch o.says.(type) {
		case *membership.Away:
			if !w.void[o.ID] && !answered(o.member, set[crdt.ID]{o.ID: true}) {
				w.away[o.member] = true
			}
		case *membership.Enact:
			if _, b := m.proposal(o); b.What == membership.Lapse && w.counted[o.ID] {
				if lapses[b.Target] == nil {
					lapses[b.Target] = set[crdt.ID]{}
				}
				lapses[b.Target][o.ID] = true
			}
		}
	}
	for member, these := range lapses {
		if !answered(member, these) {
			w.lapsed[member] = true
		}
	}
	for _, a := range ops {
		if b, ok := a.says.(*membership.Admit); ok && !b.Invite.IsZero() && m.over(ops, w, a) {
			w.overUse[a.ID] = true
		}
	}
	for a := range w.standing {
		if member := m.admits(a); !w.lapsed[member] && m.makesMember(ops, w, a) && m.voiceBy(ops, w, a) {
			w.voice[member] = true
		}
	}
	return w
}

func (m *model) admits(a crdt.ID) crdt.ID {
	if b, ok := m.ops[a].says.(*membership.Admit); ok {
		return b.Member
	}
	return m.genesis.says.(*membership.Genesis).Cert.Member
}

// last returns the one that no other knows, of concurrent ones the larger id.
func (m *model) last(ops []*modelOp) *modelOp {
	var best *modelOp
	for _, o := range ops {
		known := slices.ContainsFunc(ops, func(x *modelOp) bool { return x.past[o.ID] })
		if !known && (best == nil || o.ID.Compare(best.ID) > 0) {
			best = o
		}
	}
	return best
}

// ends is E(o).
func (m *model) ends(s set[crdt.ID], w *meaning, member crdt.ID, dev crdt.Device, control bool) set[crdt.ID] {
	out := set[crdt.ID]{}
	for _, e := range m.in(s) {
		switch b := e.says.(type) {
		case *membership.Leave:
			out[e.ID] = e.member == member
		case *membership.DeviceRevoke:
			out[e.ID] = b.Dev == dev
		case *membership.Enact:
			_, p := m.proposal(e)
			switch {
			case !w.counted[e.ID] || p.Target != member:
			case p.What == membership.Remove:
				out[e.ID] = true
			case p.What == membership.Lapse:
				out[e.ID] = control
			case p.What == membership.Recover:
				out[e.ID] = !m.keeps(s, w, e, dev)
			}
		}
		if !out[e.ID] {
			delete(out, e.ID)
		}
	}
	return out
}

func recovery(p *membership.Propose) membership.Recovery {
	var r membership.Recovery
	if err := canon.Unmarshal(p.Payload, &r); err != nil {
		panic(err)
	}
	return r
}

// keeps reports whether a root of the recovery e certified the device in s.
func (m *model) keeps(s set[crdt.ID], w *meaning, e *modelOp, dev crdt.Device) bool {
	roots := m.rootsOf(s, w, e)
	for _, c := range m.in(s) {
		if cert := certIn(c.says); cert == nil || cert.Dev != dev {
			continue
		}
		switch b := c.says.(type) {
		case *membership.Genesis:
			if roots[b.Inception.Root] {
				return true
			}
		case *membership.Admit:
			if roots[b.Inception.Root] {
				return true
			}
		case *membership.Rotate:
			if roots[b.NewRoot] {
				return true
			}
		case *membership.DeviceAdd:
			if roots[m.rootIn(c.past, b.Cert.Member)] {
				return true
			}
		}
	}
	return false
}

func (m *model) rootsOf(s set[crdt.ID], w *meaning, e *modelOp) set[[32]byte] {
	_, p := m.proposal(e)
	roots := set[[32]byte]{recovery(p).NewRoot: true}
	for _, r := range m.in(s) {
		b, ok := r.says.(*membership.Rotate)
		if !ok || r.member != p.Target || !r.past[e.ID] {
			continue
		}
		if b.Enact.IsZero() && roots[m.rootIn(r.past, r.member)] || w.counted[b.Enact] && m.ops[b.Enact].past[e.ID] {
			roots[b.NewRoot] = true
		}
	}
	return roots
}

// rootIn is the root of a member that is in force in s.
func (m *model) rootIn(s set[crdt.ID], member crdt.ID) [32]byte {
	w := m.meaning(s, nil)
	var rotations []*modelOp
	for _, r := range m.in(s) {
		if r.says.Kind() == membership.KindRotate && r.member == member && !w.void[r.ID] {
			rotations = append(rotations, r)
		}
	}
	if last := m.last(rotations); last != nil {
		return last.says.(*membership.Rotate).NewRoot
	}
	for _, o := range m.order { // an id is the hash of its inception
		switch b := o.says.(type) {
		case *membership.Genesis:
			if b.Cert.Member == member {
				return b.Inception.Root
			}
		case *membership.Admit:
			if b.Member == member {
				return b.Inception.Root
			}
		}
	}
	panic("nobody's root")
}

func (m *model) inviteAnswered(ops []*modelOp, w *meaning, a *modelOp, b *membership.Admit) bool {
	if b.Invite.IsZero() {
		return true
	}
	counting := func(in func(*modelOp) bool) bool {
		others := set[crdt.ID]{}
		for _, r := range ops {
			if rb, ok := r.says.(*membership.InviteRevoke); ok && rb.Invite == b.Invite && !w.void[r.ID] && !r.past[a.ID] && in(r) {
				if r.member == m.ops[b.Invite].member {
					return true
				}
				others[r.member] = true
			}
		}
		return len(others) >= 2
	}
	if !counting(func(*modelOp) bool { return true }) {
		return true
	}
	for _, s := range ops {
		if sb, ok := s.says.(*membership.Sponsor); ok && sb.Admit == a.ID && !w.void[s.ID] && counting(func(r *modelOp) bool { return s.past[r.ID] }) {
			return true
		}
	}
	return false
}

func (m *model) makesMember(ops []*modelOp, w *meaning, a crdt.ID) bool {
	member := m.admits(a)
	for _, e := range ops {
		ends := e.says.Kind() == membership.KindLeave && e.member == member
		if e.says.Kind() == membership.KindEnact && w.counted[e.ID] {
			_, p := m.proposal(e)
			ends = p.What == membership.Remove && p.Target == member
		}
		if ends && !m.ops[a].past[e.ID] {
			return false
		}
	}
	return true
}

func (m *model) earlier(b, a *modelOp) bool {
	return a.past[b.ID] || !b.past[a.ID] && b.ID.Compare(a.ID) < 0
}

func (m *model) over(ops []*modelOp, w *meaning, a *modelOp) bool {
	invite := a.says.(*membership.Admit).Invite
	uses := m.ops[invite].says.(*membership.Invite).Uses
	same := func(o *modelOp) bool {
		b, ok := o.says.(*membership.Admit)
		return ok && b.Invite == invite && !w.void[o.ID]
	}
	for _, own := range ops {
		if !same(own) || m.admits(own.ID) != m.admits(a.ID) || own != a && !m.earlier(own, a) {
			continue
		}
		others := set[crdt.ID]{}
		for _, o := range ops {
			if same(o) && m.admits(o.ID) != m.admits(a.ID) && m.earlier(o, own) {
				others[m.admits(o.ID)] = true
			}
		}
		if uint64(len(others)) < uses {
			return false
		}
	}
	return true
}

func (m *model) voiceBy(ops []*modelOp, w *meaning, admission crdt.ID) bool {
	a := m.ops[admission]
	if a == m.genesis {
		return true
	}
	xs, sponsoredByOther := []*modelOp{a}, false
	for _, s := range ops {
		if b, ok := s.says.(*membership.Sponsor); ok && b.Admit == a.ID && !w.void[s.ID] {
			xs = append(xs, s)
			sponsoredByOther = sponsoredByOther || s.member != a.member
		}
	}
	then := m.meaning(a.past, w.left)
	if (uint64(len(then.members)) >= then.charter.SponsorsFrom || w.overUse[a.ID]) && !sponsoredByOther {
		return false
	}
	for _, x := range xs {
		then := m.meaning(x.past, w.left)
		n, know, against := 0, 0, 0
		for member := range then.voice {
			if then.away[member] {
				continue
			}
			n++
			knows, objects := false, false
			for _, o := range ops {
				if o.member != member {
					continue
				}
				knows = knows || !w.void[o.ID] && (o == x || o.past[x.ID])
				if b, ok := o.says.(*membership.Object); ok && b.Target == a.ID {
					objects = objects || !m.meaning(o.past, w.left).voice[m.admits(a.ID)]
				}
			}
			if knows {
				know++
			}
			if objects {
				against++
			}
		}
		if 2*know > n && against < max(2, (n+int(then.charter.BDiv)-1)/int(then.charter.BDiv)) {
			return true
		}
	}
	return false
}

// cert is Cert(e).
func (m *model) cert(e *modelOp, left set[crdt.ID]) bool {
	then := m.meaning(e.past, left)
	p, b := m.proposal(e)
	known := m.in(e.past)
	withE := append(slices.Clone(known), e)
	of := func(member crdt.ID) []*modelOp {
		return slices.DeleteFunc(slices.Clone(withE), func(o *modelOp) bool { return o.member != member })
	}
	lastOf := func(member crdt.ID) crdt.HLC {
		last := crdt.HLC(0)
		for _, o := range withE {
			if ab, ok := o.says.(*membership.Admit); o.member == member || ok && ab.Member == member {
				last = max(last, o.HLC)
			}
		}
		return last
	}
	span := func(days int) crdt.HLC { return crdt.At(int64(days) * membertest.Day) }

	el := set[crdt.ID]{}
	for member := range then.voice {
		if (member != b.Target || b.What == membership.ChangeTo) && (!then.away[member] || b.What == membership.Recover) {
			el[member] = true
		}
	}
	n, k := len(el), min(2, len(el))
	if b.What == membership.Lapse {
		for member := range el {
			if lastOf(member)+span(90) <= e.HLC {
				delete(el, member)
			}
		}
		n = len(el)
	}
	if b.What == membership.Recover {
		var named []*modelOp
		pThen := m.meaning(p.past, then.left)
		for _, o := range m.in(p.past) {
			if o.says.Kind() == membership.KindTrustees && o.member == b.Target && !pThen.void[o.ID] {
				named = append(named, o)
			}
		}
		if last := m.last(named); last != nil {
			r, tb := recovery(b), last.says.(*membership.Trustees)
			if membership.TrusteesHash(r.Salt, r.List) != tb.Hash {
				return false
			}
			el = set[crdt.ID]{}
			for _, id := range r.List {
				el[id] = true
			}
			n, k = len(el), int(tb.K)
		}
		for _, o := range known {
			ob, ok := o.says.(*membership.Object)
			if ok && ob.Target == p.ID && o.member == b.Target && m.deviceIn(e.past, then, o) {
				k++
				break
			}
		}
	}
	support, against, witness := 0, 0, 0
	for member := range el {
		var stands, objects []*modelOp
		for _, o := range known {
			if o.member != member {
				continue
			}
			sb, stood := o.says.(*membership.Stand)
			if (o == p || stood && sb.Proposal == p.ID) && !then.left[o.ID] && (b.What != membership.Lapse || o.HLC >= lastOf(b.Target)+span(90)) {
				stands = append(stands, o)
			}
			if ob, ok := o.says.(*membership.Object); ok && ob.Target == p.ID {
				objects = append(objects, o)
			}
		}
		consents := slices.ContainsFunc(stands, func(s *modelOp) bool {
			return !slices.ContainsFunc(objects, func(o *modelOp) bool { return !s.past[o.ID] })
		})
		if consents && b.What == membership.Recover {
			consents = slices.ContainsFunc(stands, func(s *modelOp) bool {
				return slices.ContainsFunc(of(member), func(o *modelOp) bool { return o.HLC >= s.HLC+span(3) })
			})
			if consents {
				support++
			}
		} else if consents {
			support++
		} else if len(objects) > 0 {
			against++
		}
		waited := false
		for _, o1 := range of(member) {
			for _, o2 := range of(member) {
				waited = waited || o1.past[p.ID] && o2.HLC >= o1.HLC+span(int(then.charter.WindowDays))
			}
		}
		if waited {
			witness++
		}
	}
	kn := max(2, (n+int(then.charter.KDiv)-1)/int(then.charter.KDiv))
	bn := max(2, (n+int(then.charter.BDiv)-1)/int(then.charter.BDiv))
	byConsent := support >= kn && 2*witness > n
	switch {
	case n < 1:
		return false
	case b.What == membership.Recover:
		return support >= k && support >= min(2, n)
	case b.What == membership.ChangeTo:
		return support >= min(2, n) && against == 0 && (support == n || byConsent)
	case b.What == membership.Remove && support < 2, support < min(2, n):
		return false
	}
	return 2*support > n || byConsent && against < bn
}

func (m *model) deviceIn(s set[crdt.ID], w *meaning, o *modelOp) bool {
	if seq, forked := w.forks[o.Dev]; forked && o.Seq >= seq {
		return false
	}
	return !m.revoked(s, w, o.member, o.Dev)
}

// revoked reports whether a device of a member is out in s.
func (m *model) revoked(s set[crdt.ID], w *meaning, member crdt.ID, dev crdt.Device) bool {
	for id := range m.ends(s, w, member, dev, false) {
		switch b := m.ops[id].says.(type) {
		case *membership.DeviceRevoke:
			return true
		case *membership.Enact:
			if m.ops[b.Proposal].says.(*membership.Propose).What == membership.Recover {
				return true
			}
		}
	}
	return false
}
