package protocol

import (
	"errors"
	"fmt"

	"github.com/dchest/siphash"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Why a frame is not taken.
var (
	// ErrFrame: the bytes are no frame. The stream is closed.
	ErrFrame = errors.New("malformed frame")
	// ErrUnknownFrame: a frame of a later version; answer ERR 2 and go on.
	ErrUnknownFrame = errors.New("unknown frame")
	// ErrFrameLimit: more in a frame than is allowed; answer ERR 5 and close.
	ErrFrameLimit = errors.New("frame over a limit")
)

// Frame is one message of a session: a pointer to one of the types below. The
// numbers are never used again for anything else (SPEC.md §7.1).
type Frame interface {
	// Number is the frame's number, the first element of its array.
	Number() uint64
	// check holds the limits and the rules that the encoding alone does not.
	check() error
}

// The numbers of the frames; 10 is reserved.
const (
	numProbe   = 0
	numSame    = 1
	numHello   = 2
	numReply   = 3
	numLoc     = 4
	numOps     = 5
	numEdge    = 6
	numAck     = 7
	numPull    = 8
	numErr     = 9
	numWant    = 11
	numKeys    = 12
	numGoodbye = 13
	numAddr    = 14
	numPack    = 15
)

// Tag names an op in one session: SipHash-2-4 of its id under the initiator's
// nonce, so that nobody can prepare two ops with one tag.
type Tag [8]byte

// TagOf returns the tag of id in the session of nonce.
func TagOf(nonce [16]byte, id crdt.ID) Tag {
	h := siphash.New(nonce[:])
	h.Write(id[:])
	return Tag(h.Sum(nil))
}

// TipRef is an op of a lane that the frame names: a tip, or a locator's step.
type TipRef struct {
	_   struct{} `cbor:",toarray"`
	Seq uint64
	Tag Tag
}

// Lane names a device in a session: by its position in the roster of HELLO, or
// by its key where it is outside it.
type Lane struct {
	Index uint64
	Dev   crdt.Device // not zero: the lane goes by key, and Index is 0
}

// Probe asks only whether both hold the same.
type Probe struct {
	_      struct{} `cbor:",toarray"`
	Epoch  membership.EpochID
	Digest [16]byte // the first half of digest32
	Ops    uint64   // how many ops are held here
}

// Same answers: equal, we are done.
type Same struct {
	_ struct{} `cbor:",toarray"`
}

// LaneTip is one lane of a HELLO. Seq 0 says that there is no op, or several
// tips, which then stand in Tips; its Tag is zero.
type LaneTip struct {
	Seq uint64
	Tag Tag
}

// DevTip is a tip that no lane of a HELLO can say.
type DevTip struct {
	_   struct{} `cbor:",toarray"`
	Dev crdt.Device
	Seq uint64
	Tag Tag
}

// Hello opens a session: what the initiator holds.
type Hello struct {
	Roster RosterHash
	Nonce  [16]byte
	Digest crdt.ID
	// Keys is the roster itself, or empty where the other side should know it.
	Keys []crdt.Device
	// Lanes are the roster's, in its order.
	Lanes []LaneTip
	// Tips are those of devices with several, and of devices outside the roster.
	Tips []DevTip
	// NoPull: do not send ops, another peer is doing so.
	NoPull bool
	// Bulk: a scan of the whole log is welcome.
	Bulk bool
	// FrameLimit is the longest frame that the sender takes, ≥ [MinFrameLimit].
	FrameLimit uint64
	// MaxVersion is the newest version of this protocol that the sender knows.
	MaxVersion uint64
}

// RosterHash names a roster.
type RosterHash [8]byte

// Reply answers a HELLO: what will come, and the lanes in which the initiator has
// something that the responder lacks.
type Reply struct {
	_        struct{} `cbor:",toarray"`
	Digest   crdt.ID
	Ops      uint64 // how many will be sent
	Bytes    uint64 // about how many bytes that is
	Unequals []ReplyLane
}

// ReplyLane is a lane of a [Reply].
type ReplyLane struct {
	_    struct{} `cbor:",toarray"`
	Lane Lane
	// Known has one bit for each tip that the initiator named, the low bit first:
	// set if the responder holds it.
	Known   []byte
	Tips    []TipRef // the responder's own
	Locator []TipRef // may be empty
}

// Loc sends locators of lanes in which each side has tips that the other lacks.
type Loc struct {
	_     struct{} `cbor:",toarray"`
	Lanes []LocLane
}

// LocLane is a lane of a [Loc].
type LocLane struct {
	_       struct{} `cbor:",toarray"`
	Lane    Lane
	Locator []TipRef
}

// Edge says: I have sent all that you lacked of what I held at this digest.
type Edge struct {
	_      struct{} `cbor:",toarray"`
	Digest crdt.ID
	Sent   uint64
}

// Ack says how far the other's ops are committed; the last one of a session has
// a digest.
type Ack struct {
	Applied uint64
	Digest  crdt.ID // zero: none
}

// Pull asks for the ops of a lane after one that is held, up to one that is
// wanted, or for the body of an op that is held.
type Pull struct {
	_     struct{} `cbor:",toarray"`
	Nonce [16]byte // of the tags
	Wants []PullWant
}

// PullWant is an entry of a [Pull]. HaveSeq 0: nothing is held, and HaveTag is zero.
type PullWant struct {
	_       struct{} `cbor:",toarray"`
	Author  crdt.Device
	HaveSeq uint64
	HaveTag Tag
	Want    crdt.ID
}

// ErrCode says what was wrong.
type ErrCode uint64

// The codes of an ERR.
const (
	ErrNotHere    ErrCode = 1 // this circle, or you in it
	ErrFrameType  ErrCode = 2 // unknown frame
	ErrRoster     ErrCode = 3 // roster not known: repeat HELLO with its keys
	ErrReferences ErrCode = 4 // a reference to a lane that forked here; the detail is its device
	ErrOverLimit  ErrCode = 5
	ErrBusy       ErrCode = 6
)

// Err says that something cannot be done.
type Err struct {
	_      struct{} `cbor:",toarray"`
	Code   ErrCode
	Detail []byte // ≤ MaxErrDetail
}

// Want asks for lockboxes.
type Want struct {
	_      struct{} `cbor:",toarray"`
	Epochs []membership.EpochID
}

// Keys brings lockboxes for the device at the other end.
type Keys struct {
	_     struct{} `cbor:",toarray"`
	Boxes []Lockbox
}

// Goodbye is shown once to somebody whose removal or leave is accepted: the
// control ops up to it, by id. It is never appended to a log.
type Goodbye struct {
	Table Ops
}

// AddrSeq says which address record of a peer is held.
type AddrSeq struct {
	_    struct{} `cbor:",toarray"`
	Peer membership.PeerKey
	Seq  uint64
}

// Addr opens the first stream of a connection for a circle, both ways: the wall
// clock, and the address book.
type Addr struct {
	_       struct{} `cbor:",toarray"`
	WallMS  uint64   // Unix milliseconds
	Seqs    []AddrSeq
	Records [][]byte // signed envelopes, opaque here
}

// PackedKey opens one body.
type PackedKey struct {
	_      struct{} `cbor:",toarray"`
	Op     crdt.ID
	Key    [32]byte
	Commit [32]byte
}

// Pack brings a newcomer the keys of single bodies, where history is from joining.
type Pack struct {
	_    struct{} `cbor:",toarray"`
	Keys []PackedKey
}

// Number returns 0.
func (*Probe) Number() uint64 { return numProbe }

// Number returns 1.
func (*Same) Number() uint64 { return numSame }

// Number returns 2.
func (*Hello) Number() uint64 { return numHello }

// Number returns 3.
func (*Reply) Number() uint64 { return numReply }

// Number returns 4.
func (*Loc) Number() uint64 { return numLoc }

// Number returns 5.
func (*Ops) Number() uint64 { return numOps }

// Number returns 6.
func (*Edge) Number() uint64 { return numEdge }

// Number returns 7.
func (*Ack) Number() uint64 { return numAck }

// Number returns 8.
func (*Pull) Number() uint64 { return numPull }

// Number returns 9.
func (*Err) Number() uint64 { return numErr }

// Number returns 11.
func (*Want) Number() uint64 { return numWant }

// Number returns 12.
func (*Keys) Number() uint64 { return numKeys }

// Number returns 13.
func (*Goodbye) Number() uint64 { return numGoodbye }

// Number returns 14.
func (*Addr) Number() uint64 { return numAddr }

// Number returns 15.
func (*Pack) Number() uint64 { return numPack }

func newFrame(number byte) (Frame, bool) {
	switch number {
	case numProbe:
		return &Probe{}, true
	case numSame:
		return &Same{}, true
	case numHello:
		return &Hello{}, true
	case numReply:
		return &Reply{}, true
	case numLoc:
		return &Loc{}, true
	case numOps:
		return &Ops{}, true
	case numEdge:
		return &Edge{}, true
	case numAck:
		return &Ack{}, true
	case numPull:
		return &Pull{}, true
	case numErr:
		return &Err{}, true
	case numWant:
		return &Want{}, true
	case numKeys:
		return &Keys{}, true
	case numGoodbye:
		return &Goodbye{}, true
	case numAddr:
		return &Addr{}, true
	case numPack:
		return &Pack{}, true
	}
	return nil, false
}

// A frame is an array that begins with the frame's number. Each type encodes its
// fields alone as an array; the number is put in, and taken out, here. Every
// frame has fewer than 23 fields and its number is below 24, so head and number
// are one byte each.
const arrayHead = 0x80

// EncodeFrame returns the bytes of a frame, without the length before it. The
// error wraps [ErrFrameLimit] if f is more than a peer would take.
func EncodeFrame(f Frame) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("encode frame %d: %w", f.Number(), err)
	}
	fields, err := encodeFields(f)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, 1+len(fields)), fields[0]+1, byte(f.Number()))
	out = append(out, fields[1:]...)
	if len(out) > MaxFrame {
		return nil, fmt.Errorf("encode frame %d: %w: %d bytes", f.Number(), ErrFrameLimit, len(out))
	}
	return out, nil
}

// DecodeFrame reads the bytes of a frame. The error wraps [ErrFrame],
// [ErrUnknownFrame] or [ErrFrameLimit]. The frame keeps nothing of data.
func DecodeFrame(data []byte) (Frame, error) {
	if len(data) > MaxFrame {
		return nil, fmt.Errorf("%w: %d bytes", ErrFrameLimit, len(data))
	}
	if len(data) < 2 || data[0] <= arrayHead || data[0] > arrayHead+23 || data[1] > 23 {
		return nil, fmt.Errorf("%w: no array with a number", ErrFrame)
	}
	f, ok := newFrame(data[1])
	if !ok {
		return nil, fmt.Errorf("%w: number %d", ErrUnknownFrame, data[1])
	}
	fields := append(make([]byte, 0, len(data)-1), data[0]-1)
	if err := decodeFields(append(fields, data[2:]...), f); err != nil {
		if errors.Is(err, ErrFrameLimit) {
			return nil, fmt.Errorf("frame %d: %w", f.Number(), err)
		}
		return nil, fmt.Errorf("%w: number %d: %w", ErrFrame, f.Number(), err)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("frame %d: %w", f.Number(), err)
	}
	return f, nil
}

func encodeFields(f Frame) ([]byte, error) {
	if o, ok := f.(*Ops); ok {
		return o.encodeFields()
	}
	return canon.Marshal(f)
}

func decodeFields(data []byte, f Frame) error {
	if o, ok := f.(*Ops); ok {
		return o.decodeFields(data)
	}
	return canon.UnmarshalFrame(data, f)
}
