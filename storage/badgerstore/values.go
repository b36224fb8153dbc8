package badgerstore

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"tend/crdt"
	"tend/storage"
)

// flags of an o| row.
const (
	hasBody = 1 << iota
	bodyGone
	hasSig
)

const sigSize = 64

// idCheck is how much of an op's id its o| row holds: enough to see that the
// header is still the one that was put there.
const idCheck = 4

// encodeOp returns the value of an o| row.
func encodeOp(s *crdt.Stored) []byte {
	op := &s.Op
	var flags byte
	if len(op.Body) > 0 {
		flags |= hasBody
	}
	if op.Gone {
		flags |= bodyGone
	}
	if len(op.Sig) > 0 {
		flags |= hasSig
	}
	b := make([]byte, 0, 1+idCheck+4*5+op.Size())
	b = append(b, flags)
	b = append(b, op.ID[:idCheck]...)
	b = binary.AppendUvarint(b, uint64(s.Fact.Known))
	b = binary.AppendUvarint(b, uint64(s.Fact.DayOps))
	b = binary.AppendUvarint(b, uint64(s.Fact.DayBytes))
	b = binary.AppendUvarint(b, uint64(len(op.Payload)))
	b = append(b, op.Payload...)
	b = append(b, op.Sig...)
	return append(b, op.Body...)
}

// decodeOp reads the value of an o| row; the op keeps data. The id is hashed
// from the header, so it is the op's own whatever the index says. The error
// wraps [storage.ErrDamaged].
func decodeOp(circle crdt.ID, arr uint64, data []byte) (crdt.Stored, error) {
	r := reader{data: data}
	flags, check := r.byte(), r.bytes(idCheck)
	known, dayOps, dayBytes := r.num(), r.num(), r.num()
	payload := r.bytes(r.num())
	var signature []byte
	if flags&hasSig != 0 {
		signature = r.bytes(sigSize)
	}
	if r.bad || flags > hasBody|bodyGone|hasSig {
		return crdt.Stored{}, fmt.Errorf("%w: op number %d is cut short", storage.ErrDamaged, arr)
	}
	op, err := crdt.Parse(circle, payload)
	if err != nil {
		return crdt.Stored{}, fmt.Errorf("%w: op number %d: %w", storage.ErrDamaged, arr, err)
	}
	if !bytes.Equal(op.ID[:idCheck], check) {
		return crdt.Stored{}, fmt.Errorf("%w: the header of op number %d changed", storage.ErrDamaged, arr)
	}
	op.Sig, op.Gone = signature, flags&bodyGone != 0
	if flags&hasBody != 0 {
		op.Body = r.data
	}
	if len(op.Body) != 0 && len(op.Body) != int(op.BodyLen) {
		return crdt.Stored{}, fmt.Errorf("%w: body of op number %d is cut short", storage.ErrDamaged, arr)
	}
	return crdt.Stored{Op: op, Fact: crdt.Fact{Dev: op.Dev, Seq: op.Seq, HLC: op.HLC, Class: op.Class, Arr: arr,
		Known: uint32(known), DayOps: uint32(dayOps), DayBytes: uint32(dayBytes)}}, nil
}

// encodeFact returns the value of an i| row.
func encodeFact(f crdt.Fact, dev uint32) []byte {
	b := make([]byte, 0, 40)
	b = append(b, byte(f.Class))
	b = binary.BigEndian.AppendUint64(b, uint64(f.HLC))
	for _, n := range []uint64{uint64(dev), f.Arr, f.Seq, uint64(f.Known), uint64(f.DayOps), uint64(f.DayBytes)} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// decodeFact reads the value of an i| row; the device is still its number.
func decodeFact(data []byte) (f crdt.Fact, dev uint32, err error) {
	r := reader{data: data}
	f.Class = crdt.Class(r.byte())
	f.HLC = crdt.HLC(r.fixed64())
	dev = uint32(r.num())
	f.Arr, f.Seq = r.num(), r.num()
	f.Known, f.DayOps, f.DayBytes = uint32(r.num()), uint32(r.num()), uint32(r.num())
	return f, dev, r.end("index row")
}

func encodeTip(t crdt.Tip) []byte {
	b := append(make([]byte, 0, 56), t.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.HLC))
	b = binary.AppendUvarint(b, t.Seq)
	return binary.AppendUvarint(b, t.Arr)
}

func decodeTip(data []byte) (t crdt.Tip, err error) {
	r := reader{data: data}
	t.ID, t.HLC = r.id(), crdt.HLC(r.fixed64())
	t.Seq, t.Arr = r.num(), r.num()
	return t, r.end("tip")
}

func encodeFork(f crdt.Fork) []byte {
	b := binary.AppendUvarint(nil, f.Seq)
	return append(append(b, f.IDs[0][:]...), f.IDs[1][:]...)
}

func decodeFork(data []byte) (f crdt.Fork, err error) {
	r := reader{data: data}
	f.Seq, f.IDs[0], f.IDs[1] = r.num(), r.id(), r.id()
	return f, r.end("fork")
}

func encodeIDs(ids []crdt.ID) []byte {
	b := make([]byte, 0, 32*len(ids))
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return b
}

func decodeIDs(data []byte) ([]crdt.ID, error) {
	r := reader{data: data}
	ids := make([]crdt.ID, 0, len(data)/32)
	for len(r.data) > 0 && !r.bad {
		ids = append(ids, r.id())
	}
	return ids, r.end("list of ids")
}

// encodeLane returns the value of an l| row.
func encodeLane(id crdt.ID, arr uint64) []byte {
	return binary.AppendUvarint(append(make([]byte, 0, 24), id[16:]...), arr)
}

// laneKeySize is the length of an l| key with its prefix.
const laneKeySize = 4 + 1 + 4 + 5 + 16

// decodeLane reads a whole l| row.
func decodeLane(key, value []byte) (crdt.LaneEntry, error) {
	if len(key) != laneKeySize {
		return crdt.LaneEntry{}, fmt.Errorf("%w: lane row with a key of %d bytes", storage.ErrDamaged, len(key))
	}
	var e crdt.LaneEntry
	e.Seq = binary.BigEndian.Uint64(append([]byte{0, 0, 0}, key[9:14]...))
	copy(e.ID[:16], key[14:])
	r := reader{data: value}
	copy(e.ID[16:], r.bytes(16))
	e.Arr = r.num()
	return e, r.end("lane row")
}

// reader takes values off the front of data; bad is set once data was too short.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.bad, r.data = true, nil
		return nil
	}
	out := r.data[:n:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) num() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) fixed64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) id() (id crdt.ID) {
	copy(id[:], r.bytes(32))
	return id
}

// end says whether data was exactly as long as its values.
func (r *reader) end(what string) error {
	if r.bad || len(r.data) > 0 {
		return fmt.Errorf("%w: %s of the wrong length", storage.ErrDamaged, what)
	}
	return nil
}
