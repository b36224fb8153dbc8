package protocol

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"tend/crdt"
	"tend/crdt/canon"
)

// Ops is a table of ops: what a session ships, what gossip announces, what a
// newcomer is handed and what a carry file holds. Version, author, seq and prev
// of a row are implied by its lane: the first row of a lane has the lane's First
// as seq and its Prev, every later one follows the row before it. On the wire the
// table is compressed with zstd (RFC 8878), each frame on its own (SPEC.md §7.4).
type Ops struct {
	Lanes []LaneRef
	Rows  []Row
}

// LaneRef is a lane of a table.
type LaneRef struct {
	Lane Lane
	// First is the seq of the lane's first row; 0 for a lane that is only referred to.
	First uint64
	// Prev is the prev of that row, where it must be said: of a forked lane, and
	// always in a table by id. Zero: the op before First in that lane, if any.
	Prev crdt.ID
}

// Row is an op of a table.
type Row struct {
	_         struct{} `cbor:",toarray"`
	Lane      uint64   // position in the table's lanes
	Deps, Ctl []Ref    // in any order
	// HLCDelta is the row's clock minus that of the row before; the first row's
	// minus 0.
	HLCDelta int64
	Class    crdt.Class
	Body     BodyPart
	Sig      []byte // 64 bytes, or empty where a later op's covers it
}

type wireLaneRef struct {
	_     struct{} `cbor:",toarray"`
	Lane  Lane
	First uint64
	Prev  []byte
}

type wireTable struct {
	_     struct{} `cbor:",toarray"`
	Lanes []LaneRef
	Rows  []Row
}

// MarshalCBOR writes [lane, first, prev or empty].
func (l LaneRef) MarshalCBOR() ([]byte, error) {
	return canon.Marshal(wireLaneRef{Lane: l.Lane, First: l.First, Prev: optional(l.Prev)})
}

// UnmarshalCBOR reads the same.
func (l *LaneRef) UnmarshalCBOR(data []byte) error {
	var w wireLaneRef
	if err := canon.Unmarshal(data, &w); err != nil {
		return err
	}
	prev, err := fromOptional(w.Prev)
	*l = LaneRef{Lane: w.Lane, First: w.First, Prev: prev}
	return err
}

// wireOps is OPS as sent: one compressed field.
type wireOps struct {
	_     struct{} `cbor:",toarray"`
	Table []byte
}

// wireGoodbye is GOODBYE as sent: one plain field.
type wireGoodbye struct {
	_     struct{} `cbor:",toarray"`
	Table wireTable
}

// encodeFields writes the compressed table as the only element of an array. It is
// no MarshalCBOR: of a compressed table there are many encodings, and a reader
// must compare what is inside.
func (o *Ops) encodeFields() ([]byte, error) {
	table, err := canon.Marshal(wireTable{Lanes: o.Lanes, Rows: o.Rows})
	if err != nil {
		return nil, err
	}
	if len(table) > MaxFrame {
		return nil, fmt.Errorf("%w: table of %d bytes", ErrFrameLimit, len(table))
	}
	return canon.Marshal(wireOps{Table: zstdWriter.EncodeAll(table, nil)})
}

// decodeFields reads the same. The table may inflate to [MaxFrame] bytes.
func (o *Ops) decodeFields(data []byte) error {
	var w wireOps
	if err := canon.UnmarshalFrame(data, &w); err != nil {
		return err
	}
	table, err := zstdReader.DecodeAll(w.Table, nil)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) || len(table) > MaxFrame {
		return fmt.Errorf("%w: inflates to more than %d bytes", ErrFrameLimit, MaxFrame)
	}
	if err != nil {
		return fmt.Errorf("inflate: %w", err)
	}
	var t wireTable
	if err := canon.UnmarshalFrame(table, &t); err != nil {
		return err
	}
	*o = Ops{Lanes: t.Lanes, Rows: t.Rows}
	return nil
}

// MarshalCBOR writes the table as the only element of an array.
func (g *Goodbye) MarshalCBOR() ([]byte, error) {
	return canon.Marshal(wireGoodbye{Table: wireTable{Lanes: g.Table.Lanes, Rows: g.Table.Rows}})
}

// UnmarshalCBOR reads the same.
func (g *Goodbye) UnmarshalCBOR(data []byte) error {
	var w wireGoodbye
	if err := canon.UnmarshalFrame(data, &w); err != nil {
		return err
	}
	g.Table = Ops{Lanes: w.Table.Lanes, Rows: w.Table.Rows}
	return nil
}

// The one compressor and the one decompressor. Both are safe for concurrent use
// and start no goroutine when used on whole blocks. A reader makes the same
// table of any compression of it, so the level is the writer's own affair.
var (
	zstdWriter = mustZstd(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(MaxFrame)))
	zstdReader = mustZstd(zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(MaxFrame), zstd.WithDecoderMaxWindow(MaxFrame)))
)

// Both make their channels at first use. Using them here keeps those channels out
// of whatever bubble of testing/synctest would be the first.
func init() {
	if b, err := zstdReader.DecodeAll(zstdWriter.EncodeAll([]byte(carryMagic), nil), nil); err != nil || string(b) != carryMagic {
		panic("protocol: zstd does not take back what it wrote")
	}
}

func mustZstd[T any](v T, err error) T {
	if err != nil {
		panic(err) // only for options that contradict each other
	}
	return v
}
