package replica

import (
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// Voided is something of this home's own that has no effect: it was written before
// its author had heard that they were out, and nobody who decided that had seen it.
type Voided struct {
	Op   crdt.ID
	Gist circle.Said // its title or text, or what it is called
}

// maxVoided bounds how many are named.
const maxVoided = 256

// Voided returns this device's own ops that have no effect, oldest first. It reads
// the lane only when what is void has changed. It is for a settled replica.
func (r *Replica) Voided() []Voided {
	v := r.People()
	if !slices.Contains(v.Ended(), r.cfg.Dev) {
		return nil
	}
	if digest := v.VoidDigest(); digest != r.voidedAt {
		r.voided, r.voidedAt = r.readVoided(), digest
	}
	return r.voided
}

func (r *Replica) readVoided() []Voided {
	var out []Voided
	for e, err := range r.store.Lane(r.cfg.Dev, 1, crdt.MaxSeq) {
		if err != nil || len(out) == maxVoided {
			return out
		}
		op, fact, ok, err := r.lookup(e.ID)
		if err != nil || !ok || op.Body == nil {
			continue
		}
		if gist, void := r.voidGist(&op, fact); void {
			out = append(out, Voided{Op: op.ID, Gist: gist})
		}
	}
	return out
}

// voidGist is what an op without effect was, in a few words; false if it has effect,
// or if it is nothing that its person did.
func (r *Replica) voidGist(op *crdt.Op, fact crdt.Fact) (circle.Said, bool) {
	if op.Class == crdt.Control {
		b, err := r.decodeControl(op, membership.DecodeTrusted)
		if err != nil || !r.People().VoidControl(op.ID) {
			return circle.Said{}, false
		}
		return circle.ControlGist(b)
	}
	if !r.void(op, fact) {
		return circle.Said{}, false
	}
	change, readable := r.open(op)
	return circle.Gist(change.Body), readable
}

// reasons returns the notes that say why the parting of a device was proposed, as
// far as they are here.
func (r *Replica) reasons(d membership.Device) []crdt.Op {
	var out []crdt.Op
	ends := r.People().EndsOf(d.Dev)
	for _, p := range r.People().Proposals() {
		if p.Reason.IsZero() || !slices.ContainsFunc(p.Enacts, func(e crdt.ID) bool { return slices.Contains(ends, e) }) {
			continue
		}
		if op, _, ok, err := r.lookup(p.Reason); err == nil && ok && op.Class == crdt.Content && op.Body != nil {
			out = append(out, op)
		}
	}
	return out
}

// ReasonIn finds, among ops that a peer handed over, the note that a proposal named
// as its reason, and reads it. The id is the hash of what was signed, and the
// proposal's author named it, so nothing more needs to be checked.
func (r *Replica) ReasonIn(ops []crdt.Op) string {
	for _, p := range r.People().Proposals() {
		for i := range ops {
			op := &ops[i]
			if op.ID != p.Reason || p.Target != r.cfg.Member || op.Class != crdt.Content || op.CheckBody(op.Body) != nil {
				continue
			}
			if change, readable := r.open(op); readable {
				if note, is := change.Body.(circle.NoteWritten); is {
					return note.Text
				}
			}
		}
	}
	return ""
}
