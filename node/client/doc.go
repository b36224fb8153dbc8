// Package client is Tend's local API in Go: ask, offer, say yes and look, over
// the unix socket of a running node, or over any other [http.RoundTripper].
//
// Most callers want [Open] with a home folder, [Client.In] to name the circle
// where there are several, and then one method per verb. What comes back are the
// types of node/view, which this package re-exports, so that a program needs no
// other import. A refusal is an [*Error], with the sentence and the hint a
// person should read and the exit code of the command line.
//
// [Client.Events] tells that something changed, never what: look again then.
package client
