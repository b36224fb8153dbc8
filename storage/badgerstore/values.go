package badgerstore

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"tend/crdt"
	"tend/crdt/sig"
	"tend/storage"
)

// flags of an o| row.
const (
	hasBody = 1 << iota
	bodyGone
	hasSig
	onlyHead
)

const sigSize = 64

// idCheck is how much of an op's id its o| row holds: enough to see that the
// header is still the one that was put there.
const idCheck = 4

// encodeOp returns the value of an o| row. flags may have onlyHead.
func encodeOp(s *crdt.Stored, flags byte) []byte {
	op := &s.Op
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
	if r.bad || flags > hasBody|bodyGone|hasSig|onlyHead {
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

// opID returns the id of the op in an o| row, and reads no more of it. The error wraps
// [storage.ErrDamaged].
func opID(circle crdt.ID, arr uint64, data []byte) (crdt.ID, error) {
	r := reader{data: data}
	r.byte()
	check := r.bytes(idCheck)
	r.num()
	r.num()
	r.num()
	payload := r.bytes(r.num())
	if r.bad {
		return crdt.ID{}, fmt.Errorf("%w: op number %d is cut short", storage.ErrDamaged, arr)
	}
	if id := crdt.ID(sig.OpID(circle, payload)); bytes.Equal(id[:idCheck], check) {
		return id, nil
	}
	if id := crdt.ID(sig.OpID(crdt.ID{}, payload)); id == circle { // the genesis
		return id, nil
	}
	return crdt.ID{}, fmt.Errorf("%w: the header of op number %d changed", storage.ErrDamaged, arr)
}

// encodeArrival returns the value of an i| row.
func encodeArrival(arr uint64) []byte { return binary.AppendUvarint(nil, arr) }

// decodeArrival reads the value of an i| row.
func decodeArrival(data []byte) (uint64, error) {
	r := reader{data: data}
	arr := r.num()
	return arr, r.end("index row")
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

// laneKeySize is the length of an l| key with its prefix, but for the arrival number
// at its end.
const laneKeySize = 4 + 1 + 4 + 5

// decodeLane reads an l| key; the entry's id is in the o| row that it names.
func decodeLane(key []byte) (crdt.LaneEntry, error) {
	r := reader{data: key}
	r.bytes(laneKeySize)
	arr := r.num()
	if err := r.end("key of a lane row"); err != nil {
		return crdt.LaneEntry{}, err
	}
	return crdt.LaneEntry{Seq: binary.BigEndian.Uint64(append([]byte{0, 0, 0}, key[9:laneKeySize]...)), Arr: arr}, nil
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
