package protocol

import "tend/crdt"

// Every bound on what comes from outside, in one place. SPEC.md §9.2 repeats
// them. Headers and chains: the limits of package crdt. Fields of control and
// content payloads: the limits of crdt/membership and crdt/circle.
const (
	// MaxBody is the longest stored body in bytes.
	MaxBody = crdt.MaxBodySize
	// MaxPayload is the longest payload of a body in bytes, after inflation.
	MaxPayload = 65_536
	// MaxKind is the first kind number that no body may have.
	MaxKind = 1 << 16

	// BoxPublicSize and BoxPrivateSize are the lengths of a prekey's two halves.
	BoxPublicSize  = 1_216
	BoxPrivateSize = 32
	// EncSize and BoxTextSize are the lengths of a lockbox's two parts.
	EncSize     = 1_120
	BoxTextSize = 32 + 16

	// MaxNookMembers is how many members a nook may have: what a sealed roster of
	// membership.MaxRoster bytes holds. For more there is the circle.
	MaxNookMembers = 480
	// MaxNookBoxes is the most lockboxes inside a nook's epoch op. A nook of
	// more devices has none inside.
	MaxNookBoxes = 32

	// MaxCodeText is the longest text in which a code is looked for, in bytes.
	MaxCodeText = 64 << 10
	// MaxCode is the longest code in bytes, before base32.
	MaxCode = 180
	// MaxContacts is how many doors an invite names, MaxContactAddrs how many
	// addresses each of them has.
	MaxContacts     = 4
	MaxContactAddrs = 4
	// MaxAddr is the longest binary multiaddr in bytes.
	MaxAddr = 128
	// MaxExpiry is the first expiry, in Unix hours, that is out of range.
	MaxExpiry = 1 << 32

	// MaxJoinMessage is the longest message of joining in bytes, and
	// MaxJoinBytes the most that all of one side's first three may have.
	MaxJoinMessage = 4 << 10
	MaxJoinBytes   = 8 << 10
	// MaxJoinName is the longest name in a recovery's first message, in bytes.
	MaxJoinName = 256

	// MaxFrame is the longest frame in bytes, and the most an OPS table may
	// inflate to. AimFrame is what a sender tries for.
	MaxFrame = 1 << 20
	AimFrame = 256 << 10
	// MinFrameLimit is the smallest frame limit a HELLO may ask for: a whole
	// batch must fit.
	MinFrameLimit = 768 << 10
	// MaxBatchOps and MaxBatchBytes bound a commit batch: one transaction.
	MaxBatchOps   = 256
	MaxBatchBytes = 512 << 10
	// MaxGossip is the longest gossip message in bytes.
	MaxGossip = 32 << 10
	// MaxOpsPerFrame is the most rows of an OPS or GOODBYE table.
	MaxOpsPerFrame = 1_024
	// MaxGoodbyes is the most GOODBYE frames of one stream.
	MaxGoodbyes = 64
	// MaxGoodbyeBytes is the most that all of them have.
	MaxGoodbyeBytes = 20 << 20
	// MaxLanes is the most lanes a frame names, and MaxTips the most tips or
	// locator entries of one lane.
	MaxLanes = 8_192
	MaxTips  = 64
	// MaxPullWants is the most entries of a PULL.
	MaxPullWants = 256
	// MaxErrDetail is the longest detail of an ERR in bytes.
	MaxErrDetail = 64
	// MaxWant is the most epochs of a WANT, and the most lockboxes of a KEYS.
	MaxWant = 64
	// MaxAddrSeqs is the most entries of an ADDR's table, MaxAddrRecords the
	// most records, MaxAddrRecord the longest record in bytes, and
	// MaxAddrBytes the most all of them may have.
	MaxAddrSeqs    = 4_096
	MaxAddrRecords = 1_024
	MaxAddrRecord  = 4 << 10
	MaxAddrBytes   = 120 << 10
	// MaxBackupRecord is the longest record of a backup in bytes, MaxBackupCircles
	// how many circles it holds, MaxBackupSeeds how many recovery seeds, and
	// MaxBackupText the longest text in a record that is no op, in bytes.
	MaxBackupRecord  = 16 << 20
	MaxBackupCircles = 1_024
	MaxBackupSeeds   = 64
	MaxBackupText    = 1_024
	// MaxPack is the most body keys of a PACK.
	MaxPack = 1_024

	// MaxCarry is the longest carry file in bytes.
	MaxCarry = 8 << 30
)
