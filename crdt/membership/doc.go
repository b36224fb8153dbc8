// Package membership turns a set of control ops into members, voice, void and
// rosters (SPEC.md §5).
//
// Control ops say who belongs and who decides; nobody administers. What one of
// them means is a function of the set of control ops held, and of nothing else:
// no clock, no order of arrival. It is worked out in four strata, each using
// only those below it and strictly smaller sets:
//
//	S0  who forked, and which lapses are refuted by a sign of life
//	S1  which decisions are certified: enough stood up, a majority has
//	    demonstrably had time to see it, hardly anyone objected
//	S2  which ops are void, because their author had already gone
//	S3  who is in, who is away, whose voice sleeps, who has voice
//
// [Decode] reads a control op's body, [Set.Judge] and [Set.JudgeContent] are
// level 2 of acceptance (whether an op is right, seen from what its author
// knew), and [Set.View] is the meaning of the whole set.
//
// A [Set] belongs to one goroutine. Its clones share a memory of facts about
// single ops, which are functions of the op's id alone; so a working copy is
// cheap to make and to drop. A [View] is immutable and may be read by anyone.
//
// Where this package had to choose: an op's member is the one whose certificate
// of the device its author knew, of several the one with the least op id. What
// is left out when a decision is judged again (stands of a proven fork, refuted
// lapses) is left out of every smaller judgement below it, so that nothing a
// refuted silence decided lives on.
package membership
