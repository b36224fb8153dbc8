// Package qr draws Tend's codes and finds them again in pictures.
//
// A code is written black on white for ever, also in a dark terminal or page,
// with a quiet zone of four modules, since that is what cameras are good at. It
// is read by a ladder of sizes and binarisers: no single pass finds a dense code
// in every photo, but each photo is found by some pass. Paper that is turned away
// from the camera gets a second try at each rung, which reckons with perspective.
//
// A picture may come from anyone. [Read] bounds its bytes, its pixels and the
// time spent on it, looks at one picture at a time, and hands out nothing but a
// text that begins like a Tend code; whether it is one, protocol.ParseCode says.
package qr
