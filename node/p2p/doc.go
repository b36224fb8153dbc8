// Package p2p moves frames between people who trust each other, and decides whom
// to dial.
//
// It is the only package that knows libp2p. What it moves it does not
// understand: a [Home], the node, says who may connect, what to tell a peer and
// what became of what the peer told; package frontier decides what a session
// says next. Here are the host with its limits, the gate, streams with their
// deadlines and budgets, gossip, the dialler, mDNS, address records, relaying and
// joining. A member's further devices, and a member who comes back, use a join
// stream too; what is said on it then is led by the home ([Kin]).
//
// Who comes in speaks what its standing allows: a stranger at an open door the
// join protocol, a departed member its GOODBYE, a member all of it. A member who
// relays does so for members alone; each of them may send 1 MiB/s over it, 16 MiB
// at once, and what one sends is not taken from another. A member whose home says
// what no sound home says, again and again, is left alone for ten minutes at a time.
//
// Gossip is a hint and never counted on: with [Config.NoGossip] everything still
// arrives, by sessions (SPEC.md §7.7).
package p2p
