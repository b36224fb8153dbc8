// Package protocol is what nodes say to each other and keep, byte for byte:
// sealed bodies, epochs and lockboxes, the text of an invitation, the messages
// of joining, the frames of a session, the carry file, and a bound on each.
//
// SPEC.md beside this file is the normative text, and testdata/vectors holds
// its examples; both are the product, and this code follows them. Everything
// here turns bytes into values or values into bytes. Nothing reads a clock,
// touches a network or keeps state, and chance comes in as an [io.Reader]; the
// one exception is sealing a lockbox, since crypto/hpke takes no reader.
//
// The package does not know a need or any other payload: control payloads are
// crdt/membership's, content payloads crdt/circle's.
package protocol
