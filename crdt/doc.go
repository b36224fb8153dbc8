// Package crdt gives ops their bytes, an identity, parents and a causal order
// that every replica of a circle shares.
//
// An [Op] is a signed header and, beside it, a body that the header names only
// by hash: the header is for ever, the body can be sealed, missing, retracted or
// faded, and the DAG still verifies. An op's [ID] is the SHA-256 of exactly the
// bytes that were signed, so an op is kept and relayed as it came and never
// encoded again.
//
// Acceptance has three levels (SPEC.md §3). This package judges the first two:
// form, from the bytes alone ([Parse], [Op.Verify], [Op.CheckBody]), and cause,
// from the op and its ancestors ([Log.Check]). Neither looks at a clock or at
// the order of arrival. The third, right, is crdt/membership's.
//
// The package does not know what a body means, holds no secret, and writes
// nothing: a [Log] keeps tips, heads and the pasts of control ops in memory and
// asks an [Index] for the rest.
package crdt
