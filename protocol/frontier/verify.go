package frontier

import (
	"slices"

	"tend/crdt"
	"tend/crdt/sig"
	"tend/protocol"
)

// Batches cuts ops that came outside a session into batches, as a session would:
// in causal order, each with its signatures checked. What does not verify is left
// out, with what builds on it; so are covered signatures nobody checked.
func Batches(circle crdt.ID, ops []crdt.Op) []Batch {
	batches, _ := cut(circle, ops, false)
	return batches
}

// cut makes batches of the ops of one frame and checks them. A batch ends where no
// run is open, so that what covers its ops is in it. Bad are the ops left out.
func cut(circle crdt.ID, ops []crdt.Op, all bool) (batches []Batch, bad []crdt.ID) {
	gone := map[crdt.ID]bool{}
	for len(ops) > 0 {
		n := batchEnd(ops)
		part := slices.Clone(ops[:n])
		ops = ops[n:]
		unchecked := map[crdt.ID][]byte{}
		part = verify(circle, part, all, gone, unchecked)
		if len(part) > 0 {
			batches = append(batches, batchOf(part, unchecked))
		}
	}
	for id := range gone {
		bad = append(bad, id)
	}
	slices.SortFunc(bad, crdt.ID.Compare)
	return batches, bad
}

// batchEnd returns how many of ops the next batch takes: as many as fit, up to the
// last place where no run is open. If there is none, the sender was wrong, and
// those that nothing covers will not verify.
func batchEnd(ops []crdt.Op) int {
	runs := newRuns()
	size, end, n := 0, 0, 0
	for n < len(ops) && n < protocol.MaxBatchOps {
		if size += ops[n].Size(); size > protocol.MaxBatchBytes && n > 0 {
			break
		}
		runs.add(&ops[n])
		if n++; runs.closed() {
			end = n
		}
	}
	if end == 0 {
		return n
	}
	return end
}

// proof is what is known of an op's own signature.
type proof int8

const (
	untried proof = iota
	proven
	wrong
)

// verify returns the ops of a batch that are authentic (SPEC.md §3.2): control ops
// by their own signatures, content ops by their own or by that of an authentic op
// above them in the chain of prev. It checks as few signatures as will do, or all,
// and empties those that it did not check, or that are wrong but not needed: what
// is kept must not depend on how much was checked. gone holds the ops that were
// left out, of earlier batches too; it grows.
func verify(circle crdt.ID, ops []crdt.Op, all bool, gone map[crdt.ID]bool, unchecked map[crdt.ID][]byte) []crdt.Op {
	proofs := make([]proof, len(ops))
	for again := true; again; {
		ops, proofs = drop(ops, proofs, gone)
		above := make(map[crdt.ID]bool, len(ops)) // ops with an op of their chain above them here
		for i := range ops {
			above[ops[i].Prev] = true
		}
		covered := func(i int) bool { return ops[i].Class == crdt.Content && above[ops[i].ID] }
		var batch sig.Batch
		var which []int
		for i := range ops {
			if proofs[i] == untried && (!covered(i) || (all && len(ops[i].Sig) > 0)) {
				batch.Add(ops[i].Dev, ops[i].Signed(circle), ops[i].Sig)
				which = append(which, i)
				proofs[i] = proven
			}
		}
		for _, w := range batch.Verify() {
			proofs[which[w]] = wrong
		}
		again = false
		for i := range ops {
			if proofs[i] == wrong && !covered(i) {
				gone[ops[i].ID], again = true, true
			}
		}
	}
	for i := range ops {
		if proofs[i] == untried && len(ops[i].Sig) > 0 {
			unchecked[ops[i].ID] = ops[i].Sig
		}
		if proofs[i] != proven {
			ops[i].Sig = nil
		}
	}
	return ops
}

// drop leaves out the ops that are gone and those that build on them.
func drop(ops []crdt.Op, proofs []proof, gone map[crdt.ID]bool) ([]crdt.Op, []proof) {
	if len(gone) == 0 {
		return ops, proofs
	}
	kept := 0
	for i := range ops {
		lost := gone[ops[i].ID]
		for p := range ops[i].Parents {
			lost = lost || gone[p]
		}
		if lost {
			gone[ops[i].ID] = true
			continue
		}
		ops[kept], proofs[kept] = ops[i], proofs[i]
		kept++
	}
	return ops[:kept], proofs[:kept]
}

func batchOf(ops []crdt.Op, unchecked map[crdt.ID][]byte) Batch {
	b := Batch{Ops: ops, unchecked: unchecked}
	for i := range ops {
		switch op := &ops[i]; {
		case op.BodyLen == 0 || op.Body != nil:
		case op.Gone:
			b.Gone = append(b.Gone, op.ID)
		default:
			b.Missing = append(b.Missing, op.ID)
		}
	}
	return b
}

// Prove checks the signature that came with an op of the batch and was not needed
// so far, and puts it in. It reports whether op now has its own verified signature.
func (b *Batch) Prove(circle crdt.ID, op *crdt.Op) bool {
	if len(op.Sig) > 0 {
		return true
	}
	s := b.unchecked[op.ID]
	if !sig.Verify(op.Dev, op.Signed(circle), s) {
		return false
	}
	op.Sig = s
	return true
}
