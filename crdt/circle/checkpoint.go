package circle

import (
	"crypto/sha256"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// partsPerChunk keeps each array of a checkpoint within what canon reads.
const partsPerChunk = 512

// storedPart is one change as a checkpoint keeps it.
type storedPart struct {
	_       struct{} `cbor:",toarray"`
	ID      crdt.ID
	Author  crdt.ID
	Dev     crdt.Device
	HLC     crdt.HLC
	Nook    membership.EpochID
	Members []crdt.ID
	Kind    uint64
	Payload []byte
}

// EncodeRecord returns the canonical form of one record, for [State.LoadRecord];
// nil if nothing is held under id, or stubs alone ([State.EncodeStub]). It may be
// long; see [State.EncodePieces].
func (s *State) EncodeRecord(id crdt.ID) []byte {
	r := s.record(id)
	chunks := [][]storedPart{}
	n := 0
	if voids := s.voidParts(id); len(voids) > 0 {
		chunks, n = append(chunks, voids), partsPerChunk
	}
	for i := range r.parts {
		if r.parts[i].faded {
			continue
		}
		if n%partsPerChunk == 0 {
			chunks = append(chunks, []storedPart{})
		}
		last := &chunks[len(chunks)-1]
		*last = append(*last, store(&r.parts[i].Change))
		n++
	}
	if n == 0 {
		return nil
	}
	return canon.MustMarshal(chunks)
}

// EncodePieces returns one record as pieces of at most limit bytes, each of which
// [State.LoadRecord] takes by itself, in any order. A piece is longer than limit
// only if a single change is ([MaxPayload] and some hundred bytes, or more with
// many readers). Nil if nothing is held under id.
func (s *State) EncodePieces(id crdt.ID, limit int) [][]byte {
	r := s.record(id)
	const frame = 8 // heads of the two arrays around
	var out [][]byte
	var piece []canon.Raw
	size := frame
	parts := s.voidParts(id)
	for i := range r.parts {
		if !r.parts[i].faded {
			parts = append(parts, store(&r.parts[i].Change))
		}
	}
	for _, p := range parts {
		one := canon.MustMarshal(p)
		if len(piece) > 0 && (size+len(one) > limit || len(piece) == partsPerChunk) {
			out = append(out, canon.MustMarshal([][]canon.Raw{piece}))
			piece, size = nil, frame
		}
		piece, size = append(piece, one), size+len(one)
	}
	if len(piece) == 0 {
		return nil
	}
	return append(out, canon.MustMarshal([][]canon.Raw{piece}))
}

func store(c *Change) storedPart {
	kind, payload := Encode(c.Body)
	return storedPart{ID: c.ID, Author: c.Author, Dev: c.Dev, HLC: c.HLC, Nook: c.Audience.Nook,
		Members: c.Audience.Members, Kind: kind, Payload: payload}
}

// LoadRecord applies what [State.EncodeRecord] or [State.EncodePieces] wrote. The error says that data is
// not its output, or that a change in it belongs elsewhere; s may then hold part of it.
func (s *State) LoadRecord(id crdt.ID, data []byte) error {
	var chunks [][]storedPart
	if err := canon.UnmarshalOwn(data, &chunks); err != nil {
		return fmt.Errorf("load record %s: %w", id.Short(), err)
	}
	for _, chunk := range chunks {
		for i := range chunk {
			p := &chunk[i]
			m := Meta{ID: p.ID, Author: p.Author, Dev: p.Dev, HLC: p.HLC, Audience: Audience{Nook: p.Nook, Members: p.Members}}
			if m.Audience.Whole() {
				m.Audience.Members = nil
			}
			c, err := decodeOwn(m, p.Kind&^voidMark, p.Payload)
			if err != nil {
				return fmt.Errorf("load record %s: %w", id.Short(), err)
			}
			if c.Record() != id {
				return fmt.Errorf("load record %s: a change of record %s", id.Short(), c.Record().Short())
			}
			if p.Kind&voidMark != 0 {
				s.Void(c)
			} else {
				s.Apply(c)
			}
		}
	}
	return nil
}

// joined is one change as the digest sees it. Devices and nooks are left out: the
// op id stands for them.
type joined struct {
	_       struct{} `cbor:",toarray"`
	ID      crdt.ID
	Author  crdt.ID
	HLC     crdt.HLC
	Kind    uint64
	Payload []byte
}

func hashOf(m *Meta, kind uint64, payload []byte) crdt.ID {
	return sha256.Sum256(canon.MustMarshal(joined{ID: m.ID, Author: m.Author, HLC: m.HLC, Kind: kind, Payload: payload}))
}

// digest returns SHA-256 over the record id and the hashes of the changes sealed
// to the circle, ascending by op id; zero if there are none.
func (r *record) digest() crdt.ID {
	h := sha256.New()
	h.Write(r.id[:])
	any := false
	for i := range r.parts {
		if r.parts[i].Audience.Whole() {
			h.Write(r.parts[i].hash[:])
			any = true
		}
	}
	if !any {
		return crdt.ID{}
	}
	return crdt.ID(h.Sum(nil))
}

// Digest returns the state digest: SHA-256 over the digests of the records with a
// part for the circle, ascending by record id. now is the greatest clock reading
// in the log; records that had time to fade before it are left out, as they are on
// every node. Equal sets of readable circle changes give equal digests.
func (s *State) Digest(now crdt.HLC) crdt.ID {
	h := sha256.New()
	s.records.all(func(_ crdt.ID, r *record) bool {
		sum := r.sum
		if !r.summed {
			sum = r.digest()
		}
		if !sum.IsZero() && !s.leftOut(r, now) {
			h.Write(sum[:])
		}
		return true
	})
	return crdt.ID(h.Sum(nil))
}
