package crdt

import (
	"cmp"
	"maps"
	"slices"
)

// forcedBeforeBeat is how many control heads an author's parents may force
// before it writes a beat to join them (SPEC.md §5.1, heads and beats).
const forcedBeforeBeat = 12

// Draft returns the header of dev's next op but for its body: prev, the newest
// heads as deps, the control heads, and the clock. clock is the author's own
// reading. A device that forked writes on none of its branches: ok is false, as
// it is when too many control heads would be forced and a beat
// ([Log.DraftBeat]) must come first.
func (l *Log) Draft(dev Device, class Class, clock HLC) (h Header, ok bool) {
	tips := l.tips[dev]
	if len(tips) > 1 {
		return Header{}, false
	}
	h = Header{Dev: dev, Seq: 1, Class: class}
	if len(tips) == 1 {
		h.Seq, h.Prev = tips[0].Seq+1, tips[0].ID
	}
	h.Deps = l.newestHeads(h.Prev)
	h.Ctl, ok = l.ctlFor(append([]ID{h.Prev}, h.Deps...))
	if !ok {
		return Header{}, false
	}
	h.Deps = slices.DeleteFunc(h.Deps, func(id ID) bool { return slices.Contains(h.Ctl, id) })
	h.HLC = Next(clock, l.latest(&h))
	return h, true
}

// DraftBeat returns the header of a beat of dev over at most [MaxBeatCtl] of the
// control heads, the oldest first.
func (l *Log) DraftBeat(dev Device, clock HLC) (h Header, ok bool) {
	tips := l.tips[dev]
	if len(tips) > 1 {
		return Header{}, false
	}
	h = Header{Dev: dev, Seq: 1, Class: Control}
	must := []ID{}
	if len(tips) == 1 {
		h.Seq, h.Prev = tips[0].Seq+1, tips[0].ID
		must = append(must, h.Prev)
	}
	forced := l.forced(must)
	heads := sortedByHLC(l.ctlHeads)
	h.Ctl = forced
	for _, id := range heads {
		if len(h.Ctl) == MaxBeatCtl {
			break
		}
		if !slices.Contains(h.Ctl, id) {
			h.Ctl = append(h.Ctl, id)
		}
	}
	h.Ctl = l.antichain(h.Ctl)
	if len(h.Ctl) > MaxBeatCtl {
		return Header{}, false
	}
	h.HLC = Next(clock, l.latest(&h))
	return h, true
}

// CtlHeads is the number of control heads that stand.
func (l *Log) CtlHeads() int { return len(l.ctlHeads) }

// ctlFor returns the control heads that an op with the given parents names: all
// of them if they fit, else those that the parents force and then the newest. A
// parent may force what is no head: the device's own last op, while it is held.
func (l *Log) ctlFor(parents []ID) ([]ID, bool) {
	ctl := l.forced(parents)
	if len(l.ctlHeads) <= MaxCtl {
		all := l.antichain(slices.AppendSeq(slices.Clone(ctl), maps.Keys(l.ctlHeads)))
		if len(all) <= MaxCtl {
			return all, true
		}
	}
	if len(ctl) > forcedBeforeBeat {
		return nil, false
	}
	newest := sortedByHLC(l.ctlHeads)
	slices.Reverse(newest)
	for _, id := range newest {
		next := ctl
		if !slices.Contains(ctl, id) {
			next = l.antichain(append(slices.Clip(ctl), id))
		}
		if len(next) > MaxCtl {
			break
		}
		ctl = next
	}
	slices.SortFunc(ctl, ID.Compare)
	return ctl, true
}

// forced returns the fewest control ops that know all that the authors of
// parents knew, ascending.
func (l *Log) forced(parents []ID) []ID {
	var known []Bits
	for _, id := range parents {
		f, ok, err := l.Fact(id)
		if err != nil || !ok {
			continue
		}
		if f.Class == Content {
			known = append(known, l.pasts.KnownBits(f.Known))
		} else if n, ok := l.pasts.Number(id); ok {
			known = append(known, l.pasts.Of(n))
		}
	}
	var ids []ID
	for _, n := range l.pasts.Maximal(Union(known...)) {
		ids = append(ids, l.pasts.ID(n))
	}
	slices.SortFunc(ids, ID.Compare)
	return ids
}

// antichain leaves out what another of ids knows; ascending.
func (l *Log) antichain(ids []ID) []ID {
	closure, err := l.pasts.Closure(ids)
	if err != nil {
		return ids
	}
	var out []ID
	for _, n := range l.pasts.Maximal(closure) {
		out = append(out, l.pasts.ID(n))
	}
	slices.SortFunc(out, ID.Compare)
	return out
}

// newestHeads returns up to [MaxDeps] heads but prev, the newest, ascending by id.
// Displaced tips are left out: to name one would oblige everybody to keep it.
func (l *Log) newestHeads(prev ID) []ID {
	ids := sortedByHLC(l.heads)
	ids = slices.DeleteFunc(ids, func(id ID) bool { return id == prev || l.isDisplaced(id) })
	if len(ids) > MaxDeps {
		ids = ids[len(ids)-MaxDeps:]
	}
	slices.SortFunc(ids, ID.Compare)
	return ids
}

// isDisplaced reports whether id is a tip that does not qualify.
func (l *Log) isDisplaced(id ID) bool {
	if len(l.forks) == 0 {
		return false
	}
	f, ok, err := l.Fact(id)
	return err == nil && ok && l.displaced(f.Dev, id)
}

func (l *Log) latest(h *Header) HLC {
	var latest HLC
	for id := range h.Parents {
		if f, ok, err := l.Fact(id); err == nil && ok {
			latest = max(latest, f.HLC)
		}
	}
	return latest
}

func sortedByHLC(heads map[ID]HLC) []ID {
	return slices.SortedFunc(maps.Keys(heads), func(a, b ID) int {
		return cmp.Or(cmp.Compare(heads[a], heads[b]), a.Compare(b))
	})
}
