// Package frontier finds out what two replicas of a circle lack of each other's
// logs, and ships it. It decides what to say; it never sends.
//
// Every device's ops form a chain, and a replica applies an op only when its
// whole past is applied; so one tip per device says exactly what a replica
// holds, and one round trip of tips says what it lacks. Devices that forked have
// several tips and cost a little more (SPEC.md §7.6).
//
// A [Session] is one side of one stream, as a machine without time, goroutines
// or a socket. The owner does, for each frame that arrives, in this order:
//
//  1. [Session.Receive]; an error closes the stream,
//  2. sends Step.Send,
//  3. commits each of Step.Batches, in order, and tells [Session.Applied] what
//     became of it, and sends what that returns, all BEFORE the next Receive,
//  4. while the stream has room, sends what [Session.Next] returns.
//
// After [Session.Start] an initiator begins with 4. What the machine holds is
// bounded by the number of lanes, not by the length of the log, but for the
// branches of devices that forked.
package frontier
