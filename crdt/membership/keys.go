package membership

import (
	"bytes"
	"cmp"
	"slices"

	"tend/crdt"
)

// EpochInfo is an epoch op of the set.
type EpochInfo struct {
	Op    crdt.ID
	Epoch Epoch
	By    crdt.Device
	// Author is the member whose device that was.
	Author crdt.ID
	HLC    crdt.HLC
}

func (m *memory) epochInfo(e *entry) EpochInfo {
	info := EpochInfo{Op: e.id, Epoch: *e.body.(*Epoch), By: e.key, HLC: e.hlc}
	if e.member != nobody {
		info.Author = m.members[e.member]
	}
	return info
}

// epochAt is a circle epoch with what a view works out about it.
type epochAt struct {
	EpochInfo
	e      *entry
	roster crdt.Bits // devices by number
	out    crdt.Bits // devices that its author knew to be out
	usable bool
}

// MintReason says why a new epoch of the circle is needed now.
type MintReason int

// The reasons.
const (
	MintNone    MintReason = iota
	MintFirst              // the circle has no epoch yet
	MintLeave              // somebody who left can read the newest
	MintRemoved            // somebody removed, or a device revoked, can
	MintJoined             // a member's device may not read it
)

func (b *builder) epochs() {
	v := b.v
	for _, e := range b.m.of[KindEpoch] {
		if !b.s.Has(e.n) {
			continue
		}
		info := b.m.epochInfo(e)
		if info.Epoch.Scope == ScopeNook {
			v.nooks = append(v.nooks, nookAt{info, e})
			continue
		}
		v.epochs = append(v.epochs, epochAt{EpochInfo: info, e: e, roster: b.m.rosterOf(e), out: b.m.outOf(e)})
	}
	slices.SortFunc(v.epochs, func(x, y epochAt) int { return compareEpochs(x.EpochInfo, y.EpochInfo) })
	slices.SortFunc(v.nooks, func(x, y nookAt) int { return compareEpochs(x.EpochInfo, y.EpochInfo) })
	out := grow{} // devices that must not read on
	for _, d := range v.device {
		if !d.in {
			out.add(d.n)
		}
	}
	v.small = make([]EpochInfo, 0, len(v.nooks))
	for _, n := range v.nooks {
		v.small = append(v.small, n.EpochInfo)
	}
	v.circle = make([]EpochInfo, 0, len(v.epochs))
	v.reason = MintFirst
	for i := range v.epochs {
		e := &v.epochs[i]
		v.circle = append(v.circle, e.EpochInfo)
		leaks := b.readers(e, out.bits)
		misses := leaks == nil && v.missesSomebody(e)
		e.usable = leaks == nil && !misses && !b.w.void.Has(e.e.n)
		switch {
		case misses || leaks == nil:
			v.reason = MintJoined
		default:
			v.reason = b.leak(leaks)
		}
	}
	if slices.ContainsFunc(v.epochs, func(e epochAt) bool { return e.usable }) {
		v.reason = MintNone
	}
}

// couldRead reports whether a device, whatever became of it since, may have been
// handed the secret of an epoch: whoever its author did not know to be out was
// entitled to it at some time, or may have been by somebody's view. Where history
// is all, that is also who came after it was made.
func (v *View) couldRead(d deviceAt, e *epochAt) bool {
	return !e.out.Has(d.n) && (v.charter.History == HistoryAll || e.roster.Has(d.n) ||
		slices.ContainsFunc(d.certs, func(c *entry) bool { return !c.past.Has(e.e.n) }))
}

// readers returns those of the devices that are out now who can read an epoch.
func (b *builder) readers(e *epochAt, out crdt.Bits) crdt.Bits {
	var leaks grow
	found := false
	for dev := range out.Each {
		if b.v.couldRead(b.v.device[b.m.devices[dev]], e) {
			leaks.add(dev)
			found = true
		}
	}
	if !found {
		return nil
	}
	return leaks.bits
}

// leak tells a leave from what is more urgent.
func (b *builder) leak(devices crdt.Bits) MintReason {
	reason := MintLeave
	for dev := range devices.Each {
		d := b.v.device[b.m.devices[dev]]
		if i, ok := b.v.member[d.Member]; d.Revoked || !ok || b.v.everyone[i].Standing != Left {
			reason = MintRemoved
		}
	}
	return reason
}

// rosterOf returns the devices an epoch is for: those, not revoked, of members
// whose voice does not sleep, as the epoch's author knew them.
func (m *memory) rosterOf(e *entry) crdt.Bits {
	if r, done := m.rosters[e.n]; done {
		return r
	}
	w := m.then(e, nil)
	var in, out grow
	for dev := range m.devices {
		member := m.author(e.past, dev)
		switch {
		case member < 0:
		case !w.members.Has(member) || m.revoked(w, e.past, member, dev):
			out.add(dev)
		case !w.lapsed.Has(member):
			in.add(dev)
		}
	}
	m.rosters[e.n], m.outs[e.n] = in.bits, out.bits
	return in.bits
}

// outOf returns the devices that an epoch's author knew to be out.
func (m *memory) outOf(e *entry) crdt.Bits {
	m.rosterOf(e)
	return m.outs[e.n]
}

func compareEpochs(x, y EpochInfo) int {
	return cmp.Or(cmp.Compare(x.Epoch.Gen, y.Epoch.Gen), bytes.Compare(x.Epoch.ID[:], y.Epoch.ID[:]), x.Op.Compare(y.Op))
}

// missesSomebody reports whether a device of a member whose voice does not sleep
// is not entitled to an epoch.
func (v *View) missesSomebody(e *epochAt) bool {
	if v.charter.History == HistoryAll && !slices.ContainsFunc(v.everyone, func(m Member) bool { return m.Standing == In && v.anyBarred(m) }) {
		return false
	}
	for _, d := range v.device {
		if i, ok := v.member[d.Member]; d.in && ok && !v.everyone[i].Lapsed && !d.barred && !v.entitled(d, e) {
			return true
		}
	}
	return false
}

func (v *View) anyBarred(m Member) bool {
	return slices.ContainsFunc(m.Devices, func(d Device) bool { return v.device[d.Dev].barred })
}

// entitled is the rule of SPEC.md §4.1 for handing an epoch's secret on.
func (v *View) entitled(d deviceAt, e *epochAt) bool {
	if !d.in || d.barred {
		return false
	}
	return v.charter.History == HistoryAll || e.roster.Has(d.n) ||
		slices.ContainsFunc(d.certs, func(c *entry) bool { return !c.past.Has(e.e.n) && !e.e.past.Has(c.n) })
}

// Epochs returns the epochs of the circle, ascending by generation and id. Void
// ones are among them: what was sealed with one must stay readable.
func (v *View) Epochs() []EpochInfo { return v.circle }

// Epoch returns the epoch of an id, the circle's or a nook's. Of several ops
// that claim one id, it is the circle's with the least generation; see
// [View.CircleEpoch].
func (v *View) Epoch(id EpochID) (EpochInfo, bool) {
	for _, list := range [][]EpochInfo{v.circle, v.small} {
		if i := slices.IndexFunc(list, func(e EpochInfo) bool { return e.Epoch.ID == id }); i >= 0 {
			return list[i], true
		}
	}
	return EpochInfo{}, false
}

func (v *View) epoch(id EpochID) *epochAt {
	if i := slices.IndexFunc(v.epochs, func(e epochAt) bool { return e.Epoch.ID == id }); i >= 0 {
		return &v.epochs[i]
	}
	return nil
}

// EpochRoster returns the devices that a circle epoch is for, ascending: those of
// the members whom its author knew. It is nil for an epoch that is not known.
func (v *View) EpochRoster(id EpochID) []crdt.Device {
	e := v.epoch(id)
	if e == nil {
		return nil
	}
	var out []crdt.Device
	for _, key := range v.roster {
		if e.roster.Has(v.device[key].n) {
			out = append(out, key)
		}
	}
	return out
}

// Entitled reports whether the secret of a circle epoch may be handed to a device.
func (v *View) Entitled(dev crdt.Device, id EpochID) bool {
	d, known := v.device[dev]
	e := v.epoch(id)
	return known && e != nil && v.entitled(d, e)
}

// ForMember reports whether a circle epoch was for a member: one of their devices,
// whatever became of it since, is in its roster.
func (v *View) ForMember(member crdt.ID, id EpochID) bool {
	e := v.epoch(id)
	if e == nil {
		return false
	}
	for _, d := range v.device {
		if d.Member == member && e.roster.Has(d.n) {
			return true
		}
	}
	return false
}

// CouldRead reports whether a device of a member, whatever became of it and of them
// since, may have been handed the secret of a circle epoch.
func (v *View) CouldRead(member crdt.ID, id EpochID) bool {
	e := v.epoch(id)
	i, known := v.member[member]
	return e != nil && known && slices.ContainsFunc(v.everyone[i].Devices, func(d Device) bool { return v.couldRead(v.device[d.Dev], e) })
}

// MayHold reports whether the secret of a circle epoch may be handed to a device:
// one that is entitled to it, or that is in the circle and belongs to somebody whom
// the epoch was for, so that who comes with another device reads what they could
// read (SPEC.md §4.1).
func (v *View) MayHold(dev crdt.Device, id EpochID) bool {
	d, known := v.device[dev]
	return v.Entitled(dev, id) || known && d.in && !d.barred && v.ForMember(d.Member, id)
}

// WriteEpoch returns the epoch to write with: of those held, without anyone in
// its roster who is out and with every member entitled to it, the greatest. ok
// is false if there is none: mint first.
func (v *View) WriteEpoch(have func(EpochID) bool) (info EpochInfo, ok bool) {
	for i := len(v.epochs) - 1; i >= 0; i-- {
		if e := &v.epochs[i]; e.usable && have(e.Epoch.ID) {
			return e.EpochInfo, true
		}
	}
	return EpochInfo{}, false
}

// NextGen returns the generation of an epoch by somebody who knows the whole view.
func (v *View) NextGen() uint64 {
	if len(v.epochs) == 0 {
		return 1
	}
	return v.epochs[len(v.epochs)-1].Epoch.Gen + 1
}

// MintReason says whether no epoch here is fit to write with, and why.
func (v *View) MintReason() MintReason { return v.reason }
