// Package node runs replicas: one goroutine owns each circle's replica, and
// everyone else asks.
//
// A wish of the person and an op from elsewhere go the same way and meet in one
// place, the circle's loop: what waits in its inbox becomes one batch, judged
// and applied on a working copy, kept (secrets first, then the ops in one
// transaction, synced when they are our own), and only then visible, answered
// and announced. What arrives meanwhile is the next batch, so a hundred writers
// share one write, and an idle node writes at once.
//
// Some things a home does by itself, in the same loop: it mints epochs, renews its
// prekey and destroys old ones, writes beats and fork proofs (SPEC.md §5.5), seals
// what is for its member's pod to the pod as it is now, and lets go of what was
// taken back or has faded, in the end also from the store's files.
//
// The package knows neither libp2p nor HTTP nor how secrets are kept. The
// network (node/p2p), the local API and the page stand on it; the wiring hands
// it a [storage.Store] and a [Keyring].
package node
