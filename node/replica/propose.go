package replica

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/protocol"
)

// Errors of writing. The node turns them into a sentence and a hint.
var (
	// ErrReadOnly: this home is out of the circle.
	ErrReadOnly = errors.New("this home may not write in the circle")
	// ErrUnmet: this home came back from a backup, and no other has met it yet.
	ErrUnmet = errors.New("this home came back from a backup and has not met the circle yet")
	// ErrDeviceOut: this device was ended, by another one of its member's or when they
	// came back without it.
	ErrDeviceOut = errors.New("this device was ended")
	// ErrArriving: its own admission has not reached this home yet.
	ErrArriving = errors.New("this home's copy of the circle is still arriving")
	// ErrForked: this device's own chain has two ends, so it writes on neither.
	ErrForked = errors.New("this device's chain has forked")
)

// Do carries out a wish. now is the member's local time, in the node's zone;
// clock is the reading new ops take (SPEC.md §3.4), usually that of now. The
// error is a [*circle.Problem] where the wish cannot be met, else one of this
// package's, or the store's.
func (r *Replica) Do(cmd circle.Command, env circle.Env, clock crdt.HLC) (circle.Result, error) {
	if err := r.MayWrite(); err != nil {
		return circle.Result{}, err
	}
	if bulk, is := cmd.(circle.InBulk); is {
		if err := r.roomForBulk(clock, bulk.Ops()); err != nil {
			return circle.Result{}, err
		}
	}
	drafts, result, err := circle.Decide(r.state, env, cmd)
	if err != nil {
		return circle.Result{}, err
	}
	var made []crdt.ID
	for _, d := range drafts {
		id, err := r.writeDraft(d, made, clock)
		if err != nil {
			return circle.Result{}, err
		}
		made = append(made, id)
	}
	return result(made), nil
}

// roomForBulk says why an import may not write so many ops today, or nil.
func (r *Replica) roomForBulk(clock crdt.HLC, ops int) error {
	for _, t := range r.log.Tips(r.cfg.Dev) {
		f, ok, err := r.log.Fact(t.ID)
		if err != nil {
			return fmt.Errorf("see how much was written today: %w", err)
		}
		if ok && f.HLC.Day() >= clock.Day() && ops > 1 && (f.NearBudget() || f.After(ops).NearBudget()) {
			return circle.Refuse(circle.Kept, "no.day_import")
		}
		if ok && f.HLC.Day() >= clock.Day() && f.NearBudget() {
			return circle.Refuse(circle.Kept, "no.day_almost")
		}
	}
	return nil
}

// Env is what the domain is told of its surroundings at now.
func (r *Replica) Env(now time.Time, zone string) circle.Env {
	env := circle.Env{Me: r.cfg.Member, Dev: r.cfg.Dev, Now: now, Zone: zone, People: r.People(), Opened: r.Opened()}
	for _, m := range r.People().Members() {
		env.Members = append(env.Members, m.ID)
	}
	return env
}

// MayWrite says why this home may not write, or nil.
func (r *Replica) MayWrite() error {
	arrived, err := r.hasArrived()
	switch {
	case r.Standing() != membership.In:
		return ErrReadOnly
	case r.cfg.Dev.IsZero():
		return ErrUnmet
	case r.DeviceOut():
		return ErrDeviceOut
	case err != nil:
		return err
	case !arrived:
		return ErrArriving
	case len(r.log.Tips(r.cfg.Dev)) > 1:
		return ErrForked
	}
	return nil
}

// Propose writes a control op, and with it a new epoch if it shuts somebody out.
func (r *Replica) Propose(b membership.Body, clock crdt.HLC) (crdt.ID, error) {
	if err := r.MayWrite(); err != nil {
		return crdt.ID{}, err
	}
	id, err := r.writeControl(b, clock.Millis())
	if err != nil {
		return crdt.ID{}, err
	}
	return id, r.shut(b, clock)
}

// Mint makes a new epoch of the circle. It returns its id.
func (r *Replica) Mint(clock crdt.HLC) (membership.EpochID, error) {
	if err := r.MayWrite(); err != nil {
		return membership.EpochID{}, err
	}
	s, err := protocol.NewSecret(r.cfg.Rand)
	if err != nil {
		return membership.EpochID{}, err
	}
	if err := r.joinHeads(clock); err != nil {
		return membership.EpochID{}, err
	}
	r.keep(s)
	h, err := r.draft(crdt.Control, clock)
	if err != nil {
		return membership.EpochID{}, err
	}
	body := &membership.Epoch{Scope: membership.ScopeCircle, Gen: r.set.NextGen(h.Ctl), ID: s.EpochID(), Commit: s.Commit()}
	if _, err := r.write(h, r.logKey(), body, nil); err != nil {
		return membership.EpochID{}, err
	}
	r.out.Minted = append(r.out.Minted, body.ID)
	r.out.Epoch = true
	return body.ID, nil
}

// writeContent seals and writes a body for the circle, or for the members in to.
func (r *Replica) writeContent(body circle.Body, to []crdt.ID, clock crdt.HLC) (crdt.ID, error) {
	if err := r.joinHeads(clock); err != nil {
		return crdt.ID{}, err
	}
	key, err := r.keyFor(to, clock)
	if err != nil {
		return crdt.ID{}, err
	}
	h, err := r.draft(crdt.Content, clock)
	if err != nil {
		return crdt.ID{}, err
	}
	return r.write(h, key, nil, body)
}

// keyFor returns what a body for an audience is sealed under. Nobody who has
// left is in it.
func (r *Replica) keyFor(to []crdt.ID, clock crdt.HLC) (*protocol.Key, error) {
	if to != nil {
		here := slices.DeleteFunc(slices.Clone(to), func(m crdt.ID) bool { return !r.current(m) })
		if !slices.Contains(here, r.cfg.Member) {
			here = append(here, r.cfg.Member)
		}
		return r.nookFor(here, clock.Millis())
	}
	if e, ok := r.writeEpoch(); ok {
		k, _ := r.key(e.Epoch.ID)
		return k, nil
	}
	id, err := r.Mint(clock)
	if err != nil {
		return nil, err
	}
	k, _ := r.key(id)
	return k, nil
}

func (r *Replica) logKey() *protocol.Key { k, _ := r.key(r.cfg.LogKey); return k }

func (r *Replica) writeControl(b membership.Body, now int64) (crdt.ID, error) {
	clock := crdt.At(now)
	if err := r.joinHeads(clock); err != nil {
		return crdt.ID{}, err
	}
	h, err := r.draft(crdt.Control, clock)
	if err != nil {
		return crdt.ID{}, err
	}
	return r.write(h, r.logKey(), b, nil)
}

// joinHeads writes beats while more control heads would be forced on the next op
// than it can name.
func (r *Replica) joinHeads(clock crdt.HLC) error {
	for {
		if _, ok := r.log.Draft(r.cfg.Dev, crdt.Content, clock); ok {
			return nil
		}
		before := r.log.CtlHeads()
		if _, err := r.Beat(clock); err != nil {
			return err
		}
		if r.log.CtlHeads() >= before {
			return ErrForked
		}
	}
}

// Beat writes a beat over the control heads that stand.
func (r *Replica) Beat(clock crdt.HLC) (crdt.ID, error) {
	h, ok := r.log.DraftBeat(r.cfg.Dev, clock)
	if !ok {
		return crdt.ID{}, ErrForked
	}
	op, err := crdt.Sign(r.circle, h, nil, r.cfg.Keys.Sign)
	if err != nil {
		return crdt.ID{}, err
	}
	return r.accepted(op)
}

func (r *Replica) draft(class crdt.Class, clock crdt.HLC) (crdt.Header, error) {
	h, ok := r.log.Draft(r.cfg.Dev, class, clock)
	if !ok {
		return crdt.Header{}, ErrForked
	}
	return h, nil
}

// write seals and signs one op and takes it in by the door that foreign ops use.
func (r *Replica) write(h crdt.Header, key *protocol.Key, control membership.Body, content circle.Body) (crdt.ID, error) {
	var kind uint64
	var payload []byte
	if control != nil {
		kind, payload = membership.Encode(control)
	} else {
		kind, payload = circle.Encode(content)
	}
	body, err := key.Seal(r.cfg.Rand, r.circle, h.Dev, h.Seq, kind, payload)
	if err != nil {
		return crdt.ID{}, fmt.Errorf("seal: %w", err)
	}
	op, err := crdt.Sign(r.circle, h, body, r.cfg.Keys.Sign)
	if err != nil {
		return crdt.ID{}, err
	}
	if control == nil {
		r.wrote = written{op.ID, protocol.Opened{Kind: kind, Payload: payload}}
	}
	return r.accepted(op)
}

// written is what this home sealed last: it need not open its own seal.
type written struct {
	op   crdt.ID
	body protocol.Opened
}

// accepted takes an own op into the batch. It is judged like any other; a refusal
// is final for this wish.
func (r *Replica) accepted(op crdt.Op) (crdt.ID, error) {
	v, err := r.accept(op, Source{Way: own}, op.HLC.Millis())
	if err != nil {
		return crdt.ID{}, err
	}
	if v.Outcome != New {
		if v.Reason == nil {
			return crdt.ID{}, fmt.Errorf("own op %s was not taken in", op.ID.Short())
		}
		return crdt.ID{}, v.Reason
	}
	r.out.Announce = append(r.out.Announce, op)
	r.out.Sync = true
	return op.ID, nil
}
