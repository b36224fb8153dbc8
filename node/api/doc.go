// Package api serves a home to programs of the same person: the verbs of the
// command line as HTTP over a unix socket, JSON in and out, and a stream of
// events that says that something changed, never what.
//
// Every route is a row of one table (routes.go, verbs.go); openapi.yaml is that
// table written out, and a test holds it to it. A handler reads its words and
// flags, asks a [Service] or an [Upkeep], and prints what node/view makes of it:
// it holds no state, knows no storage and no network. A refusal is a problem
// document (RFC 9457) with the sentence and hint a person reads and the exit
// code of the command line.
//
// Who may connect is decided by the file system alone: the socket is 0600 in a
// folder that is 0700. What comes through it is bounded all the same.
package api
