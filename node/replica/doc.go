// Package replica is one member's copy of one circle as a state machine.
//
// It takes wishes and foreign ops, judges them (crdt, crdt/membership), opens
// them (protocol), gives them their meaning (crdt/circle), and returns what to
// do about it as a value: a [Commit]. It touches no disk, no network and no
// clock: it reads the log through a [Reader], is told the time, and is handed
// chance as an io.Reader. So many replicas can run in one goroutine from one
// seed, and a rule can be read without a network in mind.
//
// One batch goes like this (ARCHITECTURE.md, the way of data). [Replica.Begin]
// makes a working copy; wishes and ops are given to the copy one after the
// other, each seeing what the one before it did; [Replica.Finish] returns the
// batch as a Commit. The owner first keeps Commit.Secrets, then writes the
// batch, and only then calls [Replica.Settle], after which the copy is the
// replica. If the write fails, the copy is dropped and nothing happened.
//
// An op may be here and have no effect yet: it waits for its parents or its body
// and is in no log; or it is in the log, and waits for its key, for its time, or
// for the header of the op it speaks of. Each has a row of its own, so that a
// start finds it again. And one may have no words any more: taken back, faded, or
// gone before it came. How much may wait, and of whom, is bounded (SPEC.md §7.8).
//
// A Replica belongs to one goroutine. A [circle.State] and a [membership.View]
// that a settled replica returned never change and may be read by anyone.
package replica
