package membership

import "tend/crdt"

// Bounds of what control ops hold (SPEC.md §5.1). Lengths of texts are in bytes.
const (
	BoxSize      = 1_216 // a device's public box key: MLKEM768X25519 (RFC 9180 KEM 0x647a)
	EncSize      = 1_120 // the encapsulated key of a lockbox
	LockboxSize  = 48    // the sealed secret of a lockbox
	MaxNookBoxes = 32    // lockboxes inside a nook's epoch op
	MaxRoster    = 16_384
	MaxSeen      = 16 // tips that a leave, an enact or a revocation names

	MaxCharterName     = 200
	MaxCharterPurpose  = 4_000
	MaxCharterBound    = 1_000 // each of the eight bounds
	MaxCategories      = 64
	MaxCategory        = 100
	MaxDivisor         = 100 // k_div and b_div
	MaxWindowDays      = 366
	MaxSponsorsFrom    = 1_000_000
	MaxTrustees        = 16
	MaxInviteUses      = 64
	MaxInviteHours     = 30 * 24 // an invite with one use
	MaxManyInviteHours = 72      // an invite with more
	// MaxUnvoiced is how many members without voice one member may have let in.
	MaxUnvoiced = 32
	// MaxUnknownPayload bounds the payload of a kind this version does not know.
	MaxUnknownPayload = 65_536
)

// Spans of the rule, in hybrid clock readings.
const (
	dayHLC      = crdt.HLC(crdt.DayMillis) << 16
	silenceHLC  = 90 * dayHLC // how long the one is silent whose voice lapses
	recoverHLC  = 3 * dayHLC  // how long a stand for a recovery ripens
	hourMillis  = 3_600_000
	controlCeil = 64 // first kind that is content
)
