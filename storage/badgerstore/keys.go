package badgerstore

import (
	"encoding/binary"

	"tend/crdt"
)

// prefix is the number of a circle, with which all its keys begin.
type prefix [4]byte

func prefixOf(number uint32) prefix {
	return prefix(binary.BigEndian.AppendUint32(nil, number))
}

// key returns prefix, letter and the parts.
func (p prefix) key(letter byte, parts ...[]byte) []byte {
	n := 5
	for _, part := range parts {
		n += len(part)
	}
	k := make([]byte, 0, n)
	k = append(append(k, p[:]...), letter)
	for _, part := range parts {
		k = append(k, part...)
	}
	return k
}

// row returns the key of an opaque row.
func (p prefix) row(key []byte) []byte {
	k := make([]byte, 0, 4+len(key))
	return append(append(k, p[:]...), key...)
}

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// u40 is a seq: below crdt.MaxSeq, so five bytes hold it.
func u40(n uint64) []byte { return u64(n)[3:] }

// indexSize is how much of an op's id is in the key of its i| row: so much that nobody
// finds two ops that share it, which would take some 2^80 attempts.
const indexSize = 20

func (p prefix) op(arr uint64) []byte      { return p.key('o', u64(arr)) }
func (p prefix) index(id crdt.ID) []byte   { return p.key('i', id[:indexSize]) }
func (p prefix) control(arr uint64) []byte { return p.key('g', u64(arr)) }
func (p prefix) tip(dev, slot uint32) []byte {
	return p.key('t', u32(dev), u32(slot))
}
func (p prefix) lane(dev uint32, seq, arr uint64) []byte {
	return p.key('l', u32(dev), u40(seq), binary.AppendUvarint(nil, arr))
}
