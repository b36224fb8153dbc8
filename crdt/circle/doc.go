// Package circle says what the members of a circle need, offer and agree, and
// how each op changes that. It is the care domain, pure and without a clock.
//
// A body (NeedPosted, WordGiven…) is what travels: frozen fields in order, past
// tense. A [Change] is a body that could be opened, with the member who wrote it
// and the audience it was sealed to. A [State] is a join of changes: per record
// the set of changes that name it, whatever order they came in and however
// often. Nothing else is stored. What a person sees (covered, agreed, look at
// this together) is worked out when it is read, from that set and the time given.
//
// So three rules hold everywhere. A change on a record that is not known yet
// waits under that record's id and is part of the join. A change whose author has
// no right to it stays in the set and is passed over when the record is read;
// rights follow from the set alone. And no two people ever write the same field:
// a person's own newer word takes the place of their older one, and nobody else's.
//
// Two things take away from a set, and both are in the log for all: a retraction,
// by its author, of one change and its copies; and time, by the greatest clock
// reading in the log, when a closed post asked to fade. What faded stays as a stub
// without words, with the hash it had, so that digests stay equal.
//
// Who reads a change is fixed when it is sealed. Whom a new one is sealed to, the
// circle, the few of a record, one's pod, is decided here (SPEC.md §8.2).
//
// A wish goes the other way: [ParseCommand] reads it, [Decide] answers with the
// bodies to write and whom to seal them to, or with a [Problem] in plain words.
package circle
