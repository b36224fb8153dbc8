package membership_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/membership"
)

// floors are the least shares, in percent, of histories that hold what the rule is
// about. A generator that seldom aims well lets every law pass.
var floors = []struct {
	what    string
	percent int
}{
	{"removal", 50},
	{"removals apart", 15},
	{"mutual removals", 12},
	{"removal by consent", 3},
	{"return", 10},
	{"fork", 20},
	{"removal weakened by a fork", 2},
	{"dated back", 20},
	{"lapse", 11},
	{"lapse ended by back", 4},
	{"lapse refuted", 15},
	{"recovery", 12},
	{"recovered and writing", 9},
	{"trustees", 10},
	{"invite used too often", 4},
	{"invite revoked meanwhile", 7},
	{"away", 20},
	{"back", 7},
	{"leave", 12},
	{"device revoked", 25},
	{"charter", 9},
	{"concern about a newcomer", 7},
	{"sponsor", 35},
	{"puppets without voice", 25},
	{"void", 45},
	{"void leaf", 30},
}

// tally counts histories, and those that hold a thing.
type tally struct {
	histories, ops int
	with           map[string]int
}

func (n *tally) add(m *model, w *meaning) {
	if n.with == nil {
		n.with = map[string]int{}
	}
	n.histories++
	n.ops += len(m.order)
	for what := range m.holds(w) {
		n.with[what]++
	}
}

func (n *tally) percent(what string) float64 {
	return 100 * float64(n.with[what]) / float64(n.histories)
}

func (n *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d histories of %d control ops on average", n.histories, n.ops/n.histories)
	for _, f := range floors {
		fmt.Fprintf(&b, "\n%6.1f %%  %s", n.percent(f.what), f.what)
	}
	return b.String()
}

// TestHistoriesHoldWhatTheRuleIsAbout draws the same histories each time, says how
// large a share of them holds what, and fails when a share is below its floor.
func TestHistoriesHoldWhatTheRuleIsAbout(t *testing.T) {
	draw := rapid.Custom(drawHistory)
	var shares tally
	for seed := range 300 {
		m := newModel(draw.Example(seed).c.Ops)
		shares.add(m, m.meaning(m.everything(), nil))
	}
	t.Log(shares.String())
	for _, f := range floors {
		if got := shares.percent(f.what); got < float64(f.percent) {
			t.Errorf("%.1f %% of the histories hold: %s; want at least %d %%", got, f.what, f.percent)
		}
	}
}

// holds names what a history holds, by its meaning and not by what was aimed at.
func (m *model) holds(w *meaning) set[string] {
	out := set[string]{}
	m.decisionsIn(w, out)
	for _, o := range m.order {
		known := slices.ContainsFunc(m.order, func(x *modelOp) bool { return x.past[o.ID] })
		if w.void[o.ID] {
			out["void"] = true
			if !known {
				out["void leaf"] = true
			}
		}
		if slices.ContainsFunc(m.order, func(x *modelOp) bool {
			return !o.past[x.ID] && !x.past[o.ID] && x.HLC > o.HLC && x.HLC-o.HLC > crdt.At(20*24*3_600_000) && evidence(x)
		}) {
			out["dated back"] = true
		}
		switch b := o.says.(type) {
		case *membership.Away:
			if !w.void[o.ID] {
				out["away"] = true
			}
		case *membership.Back:
			out["back"] = out["back"] || slices.ContainsFunc(m.order, func(a *modelOp) bool {
				return a.says.Kind() == membership.KindAway && a.member == o.member && o.past[a.ID] && !w.void[o.ID] && !w.void[a.ID]
			})
		case *membership.Leave:
			out["leave"] = true
		case *membership.DeviceRevoke:
			out["device revoked"] = true
		case *membership.Trustees:
			out["trustees"] = true
		case *membership.Sponsor:
			out["sponsor"] = out["sponsor"] || !w.void[o.ID]
		case *membership.Rotate:
			out["recovered and writing"] = out["recovered and writing"] || slices.ContainsFunc(m.order, func(x *modelOp) bool {
				return x.Dev == b.Cert.Dev && x.past[o.ID] && !w.void[x.ID] && w.members[x.member]
			})
		case *membership.Object:
			a := m.ops[b.Target]
			if a.says.Kind() == membership.KindAdmit && !m.meaning(o.past, w.left).voice[m.admits(a.ID)] {
				out["concern about a newcomer"] = true
			}
		case *membership.Admit:
			if w.standing[o.ID] && w.overUse[o.ID] {
				out["invite used too often"] = true
			}
			if !b.Invite.IsZero() && slices.ContainsFunc(m.order, func(r *modelOp) bool {
				rb, ok := r.says.(*membership.InviteRevoke)
				return ok && rb.Invite == b.Invite && !r.past[o.ID] && !o.past[r.ID]
			}) {
				out["invite revoked meanwhile"] = true
			}
			if w.members[b.Member] && !w.voice[b.Member] && !w.lapsed[b.Member] {
				out["puppets without voice"] = true
			}
			if m.answers(w, o, b.Member) {
				out["return"] = true
			}
		}
	}
	out["fork"] = len(w.forks) > 0
	for what := range out {
		if !out[what] {
			delete(out, what)
		}
	}
	return out
}

// answers reports whether a stands and knows a removal of its target that counts.
func (m *model) answers(w *meaning, a *modelOp, target crdt.ID) bool {
	for e := range w.counted {
		if _, p := m.proposal(m.ops[e]); p.What == membership.Remove && p.Target == target && a.past[e] && w.members[target] && w.standing[a.ID] {
			return true
		}
	}
	return false
}

func (m *model) decisionsIn(w *meaning, out set[string]) {
	var removals []*modelOp
	for _, e := range m.order {
		if e.says.Kind() != membership.KindEnact {
			continue
		}
		p, b := m.proposal(e)
		if b.What == membership.Lapse && w.left[e.ID] && m.cert(e, nil) {
			out["lapse refuted"] = true
		}
		if b.What == membership.Remove && !w.counted[e.ID] && m.cert(e, nil) {
			out["removal weakened by a fork"] = out["removal weakened by a fork"] || len(w.forks) > 0
		}
		if !w.counted[e.ID] {
			continue
		}
		switch b.What {
		case membership.Remove:
			out["removal"] = true
			removals = append(removals, e)
			if !m.majority(e, p, b) {
				out["removal by consent"] = true
			}
		case membership.Lapse:
			out["lapse"] = true
			if !w.lapsed[b.Target] && w.members[b.Target] {
				out["lapse ended by back"] = true
			}
		case membership.ChangeTo:
			out["charter"] = true
		case membership.Recover:
			out["recovery"] = true
		}
	}
	for _, e := range removals {
		for _, f := range removals {
			if e == f || e.past[f.ID] || f.past[e.ID] {
				continue
			}
			out["removals apart"] = true
			_, be := m.proposal(e)
			_, bf := m.proposal(f)
			if be.Target == f.member && bf.Target == e.member {
				out["mutual removals"] = true
			}
		}
	}
}

// majority reports whether most of those who could decide stand for the removal e:
// else it counts by the window.
func (m *model) majority(e, p *modelOp, b *membership.Propose) bool {
	then := m.meaning(e.past, nil)
	n, stand := 0, 0
	for member := range then.voice {
		if member == b.Target || then.away[member] {
			continue
		}
		n++
		if slices.ContainsFunc(m.in(e.past), func(o *modelOp) bool {
			s, ok := o.says.(*membership.Stand)
			return o.member == member && (o == p || ok && s.Proposal == p.ID)
		}) {
			stand++
		}
	}
	return 2*stand > n
}
