// Package ical writes the entries of a calendar as iCalendar (RFC 5545), for the
// programs in which people keep their days.
//
// An entry has the same UID for ever, a SEQUENCE that grows with its terms, and
// STATUS:CANCELLED once it was given back, so that a calendar that knows it already
// shows it as cancelled. Its times are readings of a wall clock in a named zone; the
// VTIMEZONE beside them lists each change of that clock in the years concerned, so
// that they stay right over it also where the reader's program knows no zones. A zone
// that this machine does not know leaves a time floating.
//
// What may stand in an entry at all is decided by [tend/node/view.Source.Calendar].
package ical
