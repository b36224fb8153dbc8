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
// The package knows neither libp2p nor HTTP nor how secrets are kept. The
// network (node/p2p), the local API and the page stand on it; the wiring hands
// it a [storage.Store] and a [Keyring].
package node
