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
		part = verify(circle, part, all, gone)
		if len(part) > 0 {
			batches = append(batches, batchOf(part))
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

// verify returns the ops of a batch that are authentic (SPEC.md §3.2): control ops
// by their own signatures, content ops by their own or by that of an authentic op
// above them in the chain of prev. It checks as few signatures as will do, or all,
// and empties those it did not check. gone holds the ops that were left out, of
// earlier batches too; it grows.
func verify(circle crdt.ID, ops []crdt.Op, all bool, gone map[crdt.ID]bool) []crdt.Op {
	good := make([]bool, len(ops))
	for {
		ops, good = drop(ops, good, gone)
		above := map[crdt.ID]bool{} // ops with an op of their chain above them here
		for i := range ops {
			above[ops[i].Prev] = true
		}
		var batch sig.Batch
		var which []int
		for i := range ops {
			op := &ops[i]
			if good[i] || (above[op.ID] && op.Class == crdt.Content && (!all || len(op.Sig) == 0)) {
				continue
			}
			batch.Add(op.Dev, op.Signed(circle), op.Sig)
			which = append(which, i)
		}
		wrong := batch.Verify()
		for _, i := range which {
			good[i] = true
		}
		for _, w := range wrong {
			good[which[w]] = false
			gone[ops[which[w]].ID] = true
		}
		if len(wrong) == 0 {
			break
		}
	}
	for i := range ops {
		if !good[i] {
			ops[i].Sig = nil
		}
	}
	return ops
}

// drop leaves out the ops that are gone and those that build on them.
func drop(ops []crdt.Op, good []bool, gone map[crdt.ID]bool) ([]crdt.Op, []bool) {
	if len(gone) == 0 {
		return ops, good
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
		ops[kept], good[kept] = ops[i], good[i]
		kept++
	}
	return ops[:kept], good[:kept]
}

func batchOf(ops []crdt.Op) Batch {
	b := Batch{Ops: ops}
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
