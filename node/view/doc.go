// Package view is the JSON of Tend's interfaces as Go types, and how a circle's
// state becomes them: one home for the local API, its client, the command line
// and the page, so that none of them can show a thing differently.
//
// The shapes are promises to scripts: fields are added freely, a name or a
// meaning changes only with the interface's own document. What is absent is a
// missing key, never null. Ids are 64 lower-case hex digits; times are RFC 3339
// with offset, in whole seconds; dates and slots are local times as they were
// written ("2026-12-01", "2026-12-01T17:00"). Lists are in a fixed order, so
// that equal states give equal bytes.
//
// Nothing here asks a node, reads a clock or keeps a thing: the functions take a
// [Source] and return values that share nothing with it.
package view
