// Package p2p moves frames between people who trust each other, and decides whom
// to dial.
//
// It is the only package that knows libp2p. What it moves it does not
// understand: a [Home], the node, says who may connect, what to tell a peer and
// what became of what the peer told; package frontier decides what a session
// says next. Here are the host with its limits, the gate, streams with their
// deadlines and budgets, gossip, the dialler, mDNS, address records, relaying and
// joining.
//
// Gossip is a hint and never counted on: with [Config.NoGossip] everything still
// arrives, by sessions (SPEC.md §7.7).
package p2p
