package replica

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/protocol"
)

// MaxAhead is how far an op's clock may be ahead of ours before it is held:
// stored and relayed at once, while its effect and its use as a parent wait
// (SPEC.md §3.4). In milliseconds.
const MaxAhead = 10 * 60 * 1000

// Way is how an op came here.
type Way uint8

// The ways.
const (
	Session Way = iota // a sync session
	Gossip             // gossip: a body may follow
	File               // a carry file
	Backup             // a backup of this member's own: it is believed that bodies are gone
	Pool               // it waited here
	own                // written here
)

// Source is where an op came from.
type Source struct {
	Peer membership.PeerKey // zero: nobody in particular
	Way  Way
}

// Outcome is what became of an op.
type Outcome uint8

// The outcomes.
const (
	New     Outcome = iota // in the log now
	Known                  // was in the log already
	Parked                 // waits for parents, or for its body
	Refused                // every replica refuses it
	Dropped                // may be good, but there is no room to let it wait
)

// Verdict is what became of an op, and why.
type Verdict struct {
	Outcome Outcome
	Missing []crdt.ID // Parked, Dropped: what it waits for
	Reason  error     // Refused: wraps crdt.ErrForm, ErrBody, ErrCause, ErrBudget or membership.ErrRefused
}

// Receive takes an op from elsewhere into the batch. Its form and signature were
// checked (crdt.Parse, and the op's own or a covering signature). now is Unix
// milliseconds. The error is the store's, never the op's.
func (r *Replica) Receive(op crdt.Op, src Source, now int64) (Verdict, error) {
	v, err := r.accept(op, src, now)
	if err != nil {
		return v, err
	}
	if v.Outcome == New {
		if src.Way != Gossip {
			r.out.Spread = true
		}
		r.wake(op.ID)
		err = r.release(now)
	}
	return v, err
}

// accept judges one op and puts it into the log.
func (r *Replica) accept(op crdt.Op, src Source, now int64) (Verdict, error) {
	if op.Body != nil {
		if err := op.CheckBody(op.Body); err != nil {
			return Verdict{Outcome: Refused, Reason: err}, nil
		}
	}
	fact, known, err := r.log.FactOf(&op)
	if err != nil {
		return Verdict{}, err
	}
	gone := op.Gone && src.Way != Backup // no more than what one peer says
	op.Gone = op.Gone && src.Way == Backup
	if known {
		if gone {
			r.saidGone(op.ID, src.Peer)
		}
		return Verdict{Outcome: Known}, r.fillBody(&op, fact)
	}
	fact, err = r.log.Check(&op)
	var missing *crdt.MissingError
	switch {
	case errors.As(err, &missing):
		if len(op.Sig) == 0 {
			return Verdict{Outcome: Dropped, Missing: missing.IDs}, nil
		}
		return r.park(op, missing.IDs, src, now), nil
	case errors.Is(err, crdt.ErrCause), errors.Is(err, crdt.ErrBudget):
		return Verdict{Outcome: Refused, Reason: err}, nil
	case err != nil:
		return Verdict{}, err
	}
	if op.BodyMissing() && src.Way == Gossip {
		return r.park(op, []crdt.ID{op.ID}, src, now), nil
	}
	control, err := r.judge(&op, fact)
	if err != nil {
		return Verdict{Outcome: Refused, Reason: err}, nil
	}
	held := op.HLC.Millis() > now+MaxAhead || src.Way != own && r.onHeld(&op)
	if src.Way != own && (held && r.overheld(op.Dev) || r.surplus(&op, fact)) {
		return Verdict{Outcome: Dropped}, nil
	}
	if err := r.add(&op, fact, control, held); err != nil {
		return Verdict{}, err
	}
	r.unpark(op.ID)
	if gone {
		r.saidGone(op.ID, src.Peer)
	}
	return Verdict{Outcome: New}, nil
}

// judge is level 2. For a control op that is not in the set yet it returns the
// decoded body.
func (r *Replica) judge(op *crdt.Op, fact crdt.Fact) (membership.Body, error) {
	if op.Class == crdt.Content {
		return nil, r.set.JudgeContent(op.Dev, fact.Known)
	}
	if r.set.Has(op.ID) {
		return nil, nil
	}
	body, err := r.openControl(op)
	if err != nil {
		return nil, err
	}
	return body, r.set.Judge(op, body)
}

// openControl opens the body of a control op under the log key.
func (r *Replica) openControl(op *crdt.Op) (membership.Body, error) {
	return r.decodeControl(op, membership.Decode)
}

// decoder is membership.Decode, or DecodeTrusted for ops accepted before.
type decoder func(circle crdt.ID, op *crdt.Op, kind uint64, payload []byte) (membership.Body, error)

func (r *Replica) decodeControl(op *crdt.Op, decode decoder) (membership.Body, error) {
	if op.IsBeat() {
		return decode(r.circle, op, membership.KindBeat, nil)
	}
	if op.Body == nil {
		return nil, fmt.Errorf("%w: control op %s without its body", membership.ErrRefused, op.ID.Short())
	}
	key, ok := r.key(r.cfg.LogKey)
	if !ok {
		return nil, fmt.Errorf("%w: no log key", membership.ErrRefused)
	}
	opened, err := openWith(key, op.Context(r.circle), op)
	if err != nil {
		return nil, fmt.Errorf("%w: control op %s: %w", membership.ErrRefused, op.ID.Short(), err)
	}
	return decode(r.circle, op, opened.Kind, opened.Payload)
}

func openWith(key *protocol.Key, at crdt.ID, op *crdt.Op) (protocol.Opened, error) {
	body, err := protocol.ParseBody(op.Body)
	if err != nil {
		return protocol.Opened{}, err
	}
	return key.Open(at, op.Dev, op.Seq, body)
}

// add puts an accepted op into log, set and state, and into the batch.
func (r *Replica) add(op *crdt.Op, fact crdt.Fact, control membership.Body, held bool) error {
	added, err := r.log.Add(op, fact, held)
	if err != nil {
		return err
	}
	r.ops++
	r.out.Entries = append(r.out.Entries, Entry{Op: *op, Fact: added.Fact})
	if control != nil {
		r.set.Add(op, control)
		r.noteControl(op.ID, control)
	}
	r.seenTip(op)
	if r.joined[op.ID] {
		r.joined = maps.Clone(r.joined)
		delete(r.joined, op.ID)
		r.row(idKey(rowJoined, op.ID), nil)
	}
	if held {
		err = r.hold(op, added.Fact)
	} else {
		err = r.effect(op, added.Fact)
	}
	if err != nil {
		return err
	}
	return r.targetCame(op.ID)
}

// effect gives an op that is in the log its meaning.
func (r *Replica) effect(op *crdt.Op, fact crdt.Fact) error {
	r.out.Visible = true
	if op.Class == crdt.Control {
		r.out.People = true
		return r.seeEpoch(op.ID)
	}
	switch {
	case op.BodyLen == 0:
		return nil
	case op.Gone:
		r.lost(op.ID)
		return nil
	case op.Body == nil:
		r.setMissing(op.ID, fact.Arr)
		return nil
	}
	return r.read(op, fact)
}

// read opens a content op's body and applies it. A body that does not open or
// parse, or is of a control kind, has no effect.
func (r *Replica) read(op *crdt.Op, fact crdt.Fact) error {
	body, err := protocol.ParseBody(op.Body)
	if err != nil {
		return nil
	}
	if !r.canOpen(op.ID, body.Epoch()) {
		r.row(append(unreadPrefix(body.Epoch()), arrKey(0, fact.Arr)[1:]...), []byte{})
		return nil
	}
	change, ok := r.openParsed(op, body)
	if !ok {
		if r.isNewer(op) {
			r.setNewer(op.ID, fact.Arr)
		}
		return nil
	}
	if err := r.awaitTarget(change, fact.Arr); err != nil {
		return err
	}
	fits, err := r.fits(change)
	if err != nil || !fits {
		return err
	}
	r.inRecord(&change, fact.Arr)
	if fact.Arr <= r.marked {
		r.unmark()
	}
	if r.void(op, fact) {
		r.state.Void(change)
		return nil
	}
	copies := r.state.Copies(change)
	r.state.Apply(change)
	if err := r.dropCopies(copies); err != nil {
		return err
	}
	if gone, ok := change.Body.(circle.Retracted); ok {
		return r.retract(change, gone.Op)
	}
	return nil
}

// open turns a content op into a change; false if it has, or may have, no effect.
func (r *Replica) open(op *crdt.Op) (circle.Change, bool) {
	body, err := protocol.ParseBody(op.Body)
	if err != nil {
		return circle.Change{}, false
	}
	return r.openParsed(op, body)
}

func (r *Replica) openParsed(op *crdt.Op, body protocol.SealedBody) (circle.Change, bool) {
	if body.Epoch() == r.cfg.LogKey {
		return circle.Change{}, false
	}
	opened, ok := r.unseal(op, body)
	if !ok {
		return circle.Change{}, false
	}
	author, ok := r.People().Author(op.Dev)
	if !ok {
		return circle.Change{}, false
	}
	meta := circle.Meta{ID: op.ID, Author: author, HLC: op.HLC}
	if meta.Audience, ok = r.audience(body.Epoch()); !ok {
		return circle.Change{}, false
	}
	change, err := circle.Decode(meta, opened.Kind, opened.Payload)
	return change, err == nil
}

// fillBody takes the body of an op that is known without it.
func (r *Replica) fillBody(op *crdt.Op, fact crdt.Fact) error {
	if _, missing := r.missing[op.ID]; !missing || op.Body == nil {
		return nil
	}
	r.unsetMissing(op.ID)
	r.out.Bodies = append(r.out.Bodies, BodyChange{ID: op.ID, Body: op.Body})
	if r.isHeld(op.ID) {
		return nil
	}
	return r.effect(op, fact)
}

// enoughGone is how many other members must say that a body is gone before a home that
// never had it believes them; all the others in a smaller circle. What is gone
// stays gone, so one of them alone could keep from a newcomer whatever it likes; and
// one's own lost laptop from one's new one, so one's own devices do not count.
const enoughGone = 3

// saidGone notes that peer says the body of an op is gone for good. The usual
// cause is a retraction, which ends the asking when it comes; this is for the
// rest, and for a retraction that this device cannot read.
func (r *Replica) saidGone(id crdt.ID, peer membership.PeerKey) {
	if _, missing := r.missing[id]; !missing || slices.Contains(r.gone[id], peer) {
		return
	}
	said := append(slices.Clip(r.gone[id]), peer)
	r.gone = maps.Clone(r.gone)
	if r.othersOf(said) < min(enoughGone, r.People().Len()-1) {
		r.gone[id] = said
		return
	}
	r.unsetMissing(id)
	r.lost(id)
	r.out.Bodies = append(r.out.Bodies, BodyChange{ID: id})
}

// othersOf counts the other members behind transport keys; whoever is behind none, or
// nobody in particular (a file), counts for nothing.
func (r *Replica) othersOf(peers []membership.PeerKey) int {
	me, _ := r.Me()
	members := map[crdt.ID]bool{}
	for _, p := range peers {
		for _, d := range r.People().ByPeer(p) {
			if d.Member != me {
				members[d.Member] = true
			}
		}
	}
	return len(members)
}

// retract drops the body of target, if the retraction is its author's. What the
// state still held of it went with the change itself.
func (r *Replica) retract(by circle.Change, target crdt.ID) error {
	op, fact, ok, err := r.lookup(target)
	if err != nil || !ok || op.Class != crdt.Content {
		return err
	}
	if author, _ := r.People().Author(op.Dev); author != by.Author || op.Gone {
		return nil
	}
	if change, readable := r.open(&op); readable {
		if _, final := change.Body.(circle.Retracted); final || !reaches(&by, &change) {
			return nil // what takes back cannot be taken back
		}
		r.row(recordKey(change.Record(), fact.Arr), nil)
	}
	r.unsetMissing(target)
	r.unsetNewer(target, fact.Arr)
	r.out.Bodies = append(r.out.Bodies, BodyChange{ID: target})
	return nil
}

// lookup finds an op in the batch or in the store, with its body as the batch
// leaves it.
func (r *Replica) lookup(id crdt.ID) (crdt.Op, crdt.Fact, bool, error) {
	if r.out == nil { // settled
		return r.store.Op(id)
	}
	for i := len(r.out.Entries) - 1; i >= 0; i-- {
		if e := &r.out.Entries[i]; e.Op.ID == id {
			return r.bodyNow(e.Op), e.Fact, true, nil
		}
	}
	op, fact, ok, err := r.store.Op(id)
	return r.bodyNow(op), fact, ok, err
}

// bodyNow gives an op the body that the batch so far leaves it with.
func (r *Replica) bodyNow(op crdt.Op) crdt.Op {
	for i := range r.out.Bodies {
		if c := &r.out.Bodies[i]; c.ID == op.ID && !op.Gone {
			op.Body, op.Gone = c.Body, c.Body == nil
		}
	}
	return op
}

func (r *Replica) setMissing(id crdt.ID, arr uint64) {
	r.missing = maps.Clone(r.missing)
	r.missing[id] = arr
	r.row(arrKey(rowMissing, arr), id[:])
}

func (r *Replica) unsetMissing(id crdt.ID) {
	arr, ok := r.missing[id]
	if !ok {
		return
	}
	r.missing = maps.Clone(r.missing)
	delete(r.missing, id)
	if len(r.gone[id]) > 0 {
		r.gone = maps.Clone(r.gone)
		delete(r.gone, id)
	}
	r.row(arrKey(rowMissing, arr), nil)
}

// Missing returns the ops whose bodies are missing, in no order.
func (r *Replica) Missing() map[crdt.ID]uint64 { return r.missing }

func (r *Replica) loadMissing() error {
	for row, err := range r.store.Rows([]byte{rowMissing}) {
		if err != nil {
			return fmt.Errorf("load missing bodies: %w", err)
		}
		if len(row.Value) == 32 {
			r.missing[crdt.ID(row.Value)] = arrOf(row.Key)
		}
	}
	return nil
}
