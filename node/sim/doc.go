// Package sim runs a whole circle in one goroutine: many homes, a network that
// loses, repeats and cuts, disks that fail, clocks that lie, people who do as they
// please and a few who cheat, all from one seed, in virtual time.
//
// What runs is the product: [node.ByHand] is a node with everything in it but the
// goroutine, on storage.Mem, with real seals and signatures; sessions are those of
// protocol/frontier. Only what lies below a node is made up here: wires, disks and
// time. When sessions are begun follows node/p2p (SPEC.md §7.7), which speaks to
// libp2p and cannot be run in one goroutine.
//
// A [Scenario] is a text: who does what and when, and what should hold in the end.
// [Draw] makes one from a seed, [Run] plays it, and then heals everything, waits
// until all is quiet, and holds what the homes have against the invariants
// (check.go; ARCHITECTURE.md). The same scenario gives the same trace, so a failure
// can be played again, and [Shrink] makes it smaller until nothing can be left out.
//
// Chance comes from the scenario's seed alone. Sealing lockboxes (crypto/hpke) takes
// no reader, and lockboxes are inside ops, whose ids order what homes do. Go's only
// way to make it repeat is testing/cryptotest, which works in test binaries alone,
// for the whole process. Hence [Run] takes a *testing.T; cmd/soak builds this
// package's test binary and runs one process of it for each worker.
package sim
