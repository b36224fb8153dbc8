package node

import (
	"context"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
)

// NameTrustees names those who may help this member back, k of whom must stand: the
// circle gets a commitment, they get the list.
func (n *Node) NameTrustees(ctx context.Context, id crdt.ID, list []crdt.ID, k int) (crdt.ID, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.ID{}, unknownCircle(id)
	}
	list = slices.Clone(list)
	slices.SortFunc(list, crdt.ID.Compare)
	list = slices.Compact(list)
	if k == 0 {
		k = len(list)/2 + 1
	}
	switch {
	case slices.Contains(list, x.me()):
		return crdt.ID{}, circle.Refuse(circle.Usage, "no.trustee_self")
	case len(list) > membership.MaxTrustees || k < 1 || k > len(list):
		return crdt.ID{}, circle.Refuse(circle.Usage, "no.trustees_many", membership.MaxTrustees, len(list))
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(n.cfg.Rand, salt); err != nil {
		return crdt.ID{}, err
	}
	values := []string{hex.EncodeToString(salt)}
	for _, t := range list {
		values = append(values, t.String())
	}
	root := x.ring.held().RootSeed
	made, err := heardFrom(ctx, x, job{ops: wishOps, bytes: wishBytes}, func(w *replica.Replica, now time.Time) (crdt.ID, error) {
		b := &membership.Trustees{Hash: membership.TrusteesHash(salt, list), K: uint64(k)}
		b.SigRoot = sign(root, b.Signed(id, x.me()))
		made, err := w.Propose(b, n.clock())
		if err != nil {
			return crdt.ID{}, err
		}
		_, err = w.Do(circle.SetSection{Section: circle.SectionTrustees, Values: values, To: list}, w.Env(now, n.cfg.Zone), n.clock())
		return made, err
	})
	return made, problem(err)
}

// trusteesOf opens the list of a member's trustees, as far as this home was given
// it: ok is false if they named some and this home is none of them.
func trusteesOf(s *Snapshot, member crdt.ID) (list []crdt.ID, salt []byte, ok bool) {
	named, some := s.People.TrusteesOf(member)
	if !some {
		return nil, nil, true
	}
	kept, found := s.State.Section(member, circle.SectionTrustees)
	if !found || len(kept.Values) < 2 {
		return nil, nil, false
	}
	salt, err := hex.DecodeString(kept.Values[0])
	if err != nil {
		return nil, nil, false
	}
	for _, word := range kept.Values[1:] {
		t, err := crdt.ParseID(word)
		if err != nil {
			return nil, nil, false
		}
		list = append(list, t)
	}
	return list, salt, membership.TrusteesHash(salt, list) == named.Hash
}

// StandFor says that the one who showed a code is that member: the person compared
// six words with them by voice. It returns the proposal.
func (n *Node) StandFor(ctx context.Context, member crdt.ID, code *protocol.RecoverCode) (crdt.ID, error) {
	x, err := n.runner(code.Circle)
	if err != nil {
		return crdt.ID{}, unknownCircle(code.Circle)
	}
	s := x.snap.Load()
	list, salt, ok := trusteesOf(s, member)
	if !ok || len(list) > 0 && !slices.Contains(list, s.Me) {
		return crdt.ID{}, circle.Refuse(circle.Kept, "no.trustees_others")
	}
	if member == s.Me {
		return crdt.ID{}, circle.Refuse(circle.Usage, "no.yourself_back.else")
	}
	var made crdt.ID
	err = n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		if !w.People().HasVoice(s.Me) {
			return noVoice("typed.stand")
		}
		for _, r := range w.People().Recoveries() {
			if r.Target == member && r.Enact.IsZero() && r.Recovery.NewRoot == code.NewRoot && r.Recovery.NextRootHash == code.NextRootHash {
				made = r.Proposal
				if slices.Contains(r.Stood, s.Me) {
					return nil
				}
				_, err := w.Propose(&membership.Stand{Proposal: r.Proposal}, clock)
				return err
			}
		}
		payload := membership.EncodeRecovery(membership.Recovery{NewRoot: code.NewRoot, NextRootHash: code.NextRootHash, List: list, Salt: salt})
		var err error
		made, err = w.Propose(&membership.Propose{What: membership.Recover, Target: member, Payload: payload}, clock)
		return err
	})
	return made, err
}

// Return carries out the decision to let a member back: their old devices are out
// in the same batch, and a new epoch is made. The error is a [*circle.Problem] with
// code NotYet while too few stand, or have not stood long enough.
func (n *Node) Return(ctx context.Context, id, member crdt.ID) (crdt.ID, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.ID{}, unknownCircle(id)
	}
	var made crdt.ID
	err = n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		if !w.People().HasVoice(x.me()) {
			return noVoice("typed.carry_this_out")
		}
		if _, err := w.Beat(clock); err != nil { // a sign of one's own: one's own stand may be among those that ripen
			return err
		}
		r, ok := openRecovery(w.People(), member)
		switch {
		case !ok:
			return circle.Refuse(circle.NotFound, "no.stands_nobody")
		case !r.Enact.IsZero():
			made = r.Enact
			return circle.Refuse(circle.Kept, "no.done_already")
		case !r.Ready:
			return notYetBack(r, n.now())
		}
		var err error
		made, err = w.Propose(&membership.Enact{Proposal: r.Proposal, Seen: w.Seen(member)}, clock)
		return err
	})
	return made, err
}

// openRecovery returns the recovery of a member that is furthest, an enacted one
// last.
func openRecovery(v *membership.View, member crdt.ID) (membership.RecoveryInfo, bool) {
	var best membership.RecoveryInfo
	found := false
	for _, r := range v.Recoveries() {
		if r.Target != member {
			continue
		}
		open, was := r.Enact.IsZero() && !r.Over, best.Enact.IsZero() && !best.Over
		if !found || open && !was || open == was && len(r.Stood) > len(best.Stood) {
			best, found = r, true
		}
	}
	return best, found
}

func notYetBack(r membership.RecoveryInfo, now time.Time) error {
	if len(r.Stood) < r.Needs {
		return circle.Refuse(circle.NotYet, "no.stand_more", len(r.Stood), r.Needs)
	}
	return circle.Refuse(circle.NotYet, "no.stand_wait", circle.Until{Time: time.UnixMilli(r.Ripe.Millis()).In(now.Location())}, time.UnixMilli(r.Ripe.Millis()).In(now.Location()).Format("Mon 2 Jan 15:04"))
}

// ObjectReturn says, on a device that this member still has, that whoever comes
// back in their name is somebody else: one more must stand for them then.
func (n *Node) ObjectReturn(ctx context.Context, id crdt.ID) (crdt.ID, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.ID{}, unknownCircle(id)
	}
	var made crdt.ID
	err = n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		r, ok := openRecovery(w.People(), x.me())
		if !ok || !r.Enact.IsZero() {
			return circle.Refuse(circle.NotFound, "no.back_nobody")
		}
		var err error
		made, err = w.Propose(&membership.Object{Target: r.Proposal}, clock)
		return err
	})
	return made, err
}
