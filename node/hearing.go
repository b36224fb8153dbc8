package node

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/protocol/frontier"
	"tend/storage"
)

// rowHeard is where the newest known frontier of each device lies: h|device.
const rowHeard = 'h'

// hearing remembers what each other device is known to hold, and when it was
// last heard.
type hearing struct {
	mu     sync.Mutex // guards what follows
	known  map[crdt.Device]heardOf
	unsent map[crdt.Device]bool // changed since save
}

// heardOf is what is known of one device.
type heardOf struct {
	_     struct{} `cbor:",toarray"`
	At    int64    // Unix milliseconds of the last contact
	Seqs  []laneAt // the newest op it is known to hold of each device, ascending
	Equal crdt.ID  // digest at which it was equal to us; zero if not known
}

type laneAt struct {
	_   struct{} `cbor:",toarray"`
	Dev crdt.Device
	Seq uint64
}

func loadHearing(store storage.Circle) (*hearing, error) {
	h := &hearing{known: map[crdt.Device]heardOf{}, unsent: map[crdt.Device]bool{}}
	for row, err := range store.Scan([]byte{rowHeard}) {
		if err != nil {
			return nil, fmt.Errorf("load what others hold: %w", err)
		}
		var of heardOf
		if len(row.Key) == 33 && canon.UnmarshalFrame(row.Value, &of) == nil {
			h.known[crdt.Device(row.Key[1:])] = of
		}
	}
	return h, nil
}

// save keeps what changed; losing it costs nothing but a less exact status.
func (h *hearing) save(store storage.Circle) {
	h.mu.Lock()
	var rows []storage.Row
	for dev := range h.unsent {
		rows = append(rows, row(append([]byte{rowHeard}, dev[:]...), canon.MustMarshal(h.known[dev])))
	}
	clear(h.unsent)
	h.mu.Unlock()
	for part := range slices.Chunk(rows, 16) {
		if store.Put(part...) != nil {
			return
		}
	}
}

// Heard notes what a session showed of a peer's log.
func (n *Node) Heard(id crdt.ID, peer membership.PeerKey, s frontier.Step) {
	x, err := n.runner(id)
	if err != nil {
		return
	}
	d, ok := x.device(peer)
	if !ok {
		return
	}
	mine := x.snap.Load().Frontier()
	h := x.heard
	h.mu.Lock()
	defer h.mu.Unlock()
	of := h.known[d.Dev]
	of.At = n.now().UnixMilli()
	switch {
	case s.Equal:
		of.Equal, of.Seqs = mine.Digest, seqsOf(mine.Tips)
	case len(s.PeerTips) > 0:
		of.Seqs = raise(of.Seqs, seqsOf(s.PeerTips))
	}
	h.known[d.Dev], h.unsent[d.Dev] = of, true
}

func seqsOf(tips map[crdt.Device][]crdt.Tip) []laneAt {
	out := make([]laneAt, 0, len(tips))
	for dev, ts := range tips {
		highest := uint64(0)
		for _, t := range ts {
			highest = max(highest, t.Seq)
		}
		out = append(out, laneAt{Dev: dev, Seq: highest})
	}
	slices.SortFunc(out, func(a, b laneAt) int { return a.Dev.Compare(b.Dev) })
	return out
}

// raise merges two sorted lists; a device's log never shrinks.
func raise(a, b []laneAt) []laneAt {
	out := slices.Clone(a)
	for _, l := range b {
		at, found := slices.BinarySearchFunc(out, l.Dev, func(x laneAt, d crdt.Device) int { return x.Dev.Compare(d) })
		if found {
			out[at].Seq = max(out[at].Seq, l.Seq)
		} else {
			out = slices.Insert(out, at, l)
		}
	}
	return out
}

// Heard is when a member's homes were last heard from, and how many ops at least
// one of them is known to lack.
type Heard struct {
	At     time.Time
	Behind int
}

// of says what is known of a member, by their best informed device.
func (h *hearing) of(s *Snapshot, m membership.Member) (Heard, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine := s.Frontier()
	var best Heard
	found := false
	for _, d := range m.Devices {
		of, ok := h.known[d.Dev]
		if !ok || d.Revoked {
			continue
		}
		behind := 0
		if of.Equal != mine.Digest {
			behind = missingOf(mine.Tips, raise(of.Seqs, ownSeqs(mine.Tips, m)))
		}
		at := time.UnixMilli(of.At)
		if !found || behind < best.Behind {
			best.Behind = behind
		}
		if !found || at.After(best.At) {
			best.At = at
		}
		found = true
	}
	return best, found
}

// ownSeqs is what a member wrote, which their homes hold for certain.
func ownSeqs(tips map[crdt.Device][]crdt.Tip, m membership.Member) []laneAt {
	own := map[crdt.Device][]crdt.Tip{}
	for _, d := range m.Devices {
		if ts := tips[d.Dev]; len(ts) > 0 {
			own[d.Dev] = ts
		}
	}
	return seqsOf(own)
}

// missingOf counts the ops that somebody with seqs is known to lack.
func missingOf(tips map[crdt.Device][]crdt.Tip, seqs []laneAt) int {
	n := 0
	for dev, ts := range tips {
		highest := uint64(0)
		for _, t := range ts {
			highest = max(highest, t.Seq)
		}
		has := uint64(0)
		if at, found := slices.BinarySearchFunc(seqs, dev, func(x laneAt, d crdt.Device) int { return x.Dev.Compare(d) }); found {
			has = seqs[at].Seq
		}
		if highest > has {
			n += int(highest - has)
		}
	}
	return n
}
