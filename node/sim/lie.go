package sim

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"time"

	"tend/crdt"
	"tend/protocol"
)

// The ways to cheat. Those of frames change what a home says in sessions; the
// others are things it does. "thief" says only that the keys are stolen.
//
//	digest   says it holds something else
//	claims   says it has ops that it has not
//	garbage  sends bytes that are no frame
//	invalid  sends ops that were changed on the way
//	replay   sends frames of before
//	drop     leaves frames out
//	shuffle  sends frames in another order
//	gone     says that bodies are gone
//	keys     hands over keys that open nothing
//	flood    gossips ops whose parents do not exist
//	forge    gossips ops of devices that nobody let in
//	fork     writes two different ops at one place, one for each half of its peers
var lies = []string{"digest", "claims", "garbage", "invalid", "replay", "drop", "shuffle", "gone", "keys", "flood", "forge", "fork"}

// lieShare is the share of frames that a cheat changes, for each way it knows.
const lieShare = 0.2

// tells draws whether the home lies like this now.
func (h *home) tells(lie string) bool { return h.cheats[lie] && h.w.chance(lieShare) }

// lie returns what a cheat says instead of a frame.
func (h *home) lie(f protocol.Frame, data []byte) [][]byte {
	r := h.w.rand
	switch f := f.(type) {
	case *protocol.Probe:
		if h.tells("digest") {
			f.Digest[r.IntN(16)]++
		}
	case *protocol.Hello:
		if h.tells("digest") {
			f.Digest[r.IntN(32)]++
		}
		if h.tells("claims") {
			f.Lanes = slices.Clone(f.Lanes)
			for i := range f.Lanes {
				if f.Lanes[i].Seq > 0 && r.IntN(2) == 0 {
					f.Lanes[i].Seq += uint64(r.IntN(5))
					f.Lanes[i].Tag[0]++
				}
			}
		}
	case *protocol.Edge:
		if h.tells("digest") {
			f.Digest[r.IntN(32)]++
		}
	case *protocol.Ack:
		if h.tells("digest") && !f.Digest.IsZero() {
			f.Digest[r.IntN(32)]++
		}
	case *protocol.Ops:
		h.spoil(f)
	case *protocol.Keys:
		if h.tells("keys") && len(f.Boxes) > 0 {
			f.Boxes = slices.Clone(f.Boxes)
			box := &f.Boxes[r.IntN(len(f.Boxes))]
			box.CT = bytes.Clone(box.CT)
			box.CT[r.IntN(len(box.CT))]++
		}
	}
	if again, err := protocol.EncodeFrame(f); err == nil {
		data = again
	}
	out := [][]byte{data}
	switch {
	case h.tells("garbage"):
		out[0] = bytes.Clone(data)
		for range 1 + r.IntN(4) {
			out[0][r.IntN(len(data))] = byte(r.Uint32())
		}
	case h.tells("drop"):
		return nil
	case h.tells("replay") && len(h.past) > 0:
		out = append(out, h.past[r.IntN(len(h.past))])
	case h.tells("shuffle") && h.kept != nil:
		out = append(out, h.kept)
		h.kept = nil
	case h.cheats["shuffle"] && h.kept == nil && r.IntN(4) == 0:
		h.kept = data
		return nil
	}
	if len(h.past) < 64 {
		h.past = append(h.past, data)
	} else {
		h.past[r.IntN(64)] = data
	}
	return out
}

// spoil changes a table of ops.
func (h *home) spoil(f *protocol.Ops) {
	r := h.w.rand
	if len(f.Rows) == 0 {
		return
	}
	f.Rows = slices.Clone(f.Rows)
	row := &f.Rows[r.IntN(len(f.Rows))]
	if h.tells("invalid") {
		switch r.IntN(4) {
		case 0:
			if len(row.Sig) > 0 {
				row.Sig = bytes.Clone(row.Sig)
				row.Sig[r.IntN(len(row.Sig))]++
			}
		case 1:
			if len(row.Body.Bytes) > 0 {
				row.Body.Bytes = bytes.Clone(row.Body.Bytes)
				row.Body.Bytes[r.IntN(len(row.Body.Bytes))]++
			}
		case 2:
			row.HLCDelta++
		case 3:
			row.Sig = nil
		}
	}
	if h.tells("gone") && len(row.Body.Bytes) > 0 && row.Class == crdt.Content {
		sum := crdt.ID(sha256.Sum256(row.Body.Bytes))
		row.Body = protocol.BodyPart{Hash: sum, Len: uint32(len(row.Body.Bytes)), Gone: true}
	}
}

// cheat begins to do what is not about frames.
func (h *home) cheat() {
	if h.cheating || !(h.cheats["flood"] || h.cheats["forge"] || h.cheats["fork"]) {
		return
	}
	h.cheating = true
	h.w.in(h.w.between(time.Second, time.Minute), h.cheatOnce)
}

func (h *home) cheatOnce() {
	if h.gone {
		return
	}
	h.invented++
	h.w.in(h.w.between(time.Minute, 10*time.Minute)<<min(h.invented, 12), h.cheatOnce) // at first often
	if !h.on() || h.view() == nil || h.wire.named().write == "" {
		return
	}
	for _, lie := range []string{"flood", "forge", "fork"} {
		if h.cheats[lie] {
			h.invent(lie)
		}
	}
}

// invent makes ops that break a rule and gossips them.
func (h *home) invent(lie string) {
	k, _ := h.keys.Circle(h.w.circle)
	s := h.view()
	tips := s.Frontier().Tips[k.Device()]
	if len(tips) == 0 {
		return
	}
	tip, _, ok, err := h.store().Op(tips[len(tips)-1].ID)
	if err != nil || !ok {
		return
	}
	next := func(seed [32]byte, seq uint64, prev crdt.ID) crdt.Op {
		key := ed25519.NewKeyFromSeed(seed[:])
		head := crdt.Header{Dev: crdt.Device(key.Public().(ed25519.PublicKey)), Seq: seq, Prev: prev, Ctl: slices.Clone(tip.Ctl), Class: crdt.Content,
			HLC: crdt.Next(crdt.At(h.now().UnixMilli()), tip.HLC)}
		if tip.Class == crdt.Control {
			head.Ctl = []crdt.ID{tip.ID}
		}
		body := make([]byte, 40+h.w.rand.IntN(100))
		for i := range body {
			body[i] = byte(h.w.rand.Uint32())
		}
		op, err := crdt.Sign(h.w.circle, head, body, func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil })
		if err != nil {
			h.w.fail("own frame", "a cheat cannot sign: %v", err)
		}
		return op
	}
	switch lie {
	case "flood":
		var ops []crdt.Op
		for range 20 {
			op := next(k.DevSeed, tip.Seq+2+uint64(h.w.rand.IntN(1000)), crdt.ID(h.bytes32()))
			h.w.forged[op.ID] = "an op without parents"
			ops = append(ops, op)
		}
		h.scatter(ops, nil)
	case "forge":
		op := next(h.bytes32(), 1, crdt.ID{})
		h.w.forged[op.ID] = "an op of nobody"
		h.scatter([]crdt.Op{op}, nil)
	case "fork":
		// Two bodies at one place, and each half of the peers hears of one.
		h.scatter([]crdt.Op{next(k.DevSeed, tip.Seq+1, tip.ID)}, func(i int) bool { return i%2 == 0 })
		h.scatter([]crdt.Op{next(k.DevSeed, tip.Seq+1, tip.ID)}, func(i int) bool { return i%2 == 1 })
	}
}

func (h *home) bytes32() (b [32]byte) {
	for i := range b {
		b[i] = byte(h.w.rand.Uint32())
	}
	return b
}

// scatter gossips ops to some of the peers.
func (h *home) scatter(ops []crdt.Op, to func(int) bool) {
	data, err := protocol.EncodeFrame(protocol.PackByID(ops, func(*crdt.Op) bool { return true }))
	if err != nil {
		return
	}
	topic := h.wire.named().write
	for i, o := range h.wire.links {
		if to == nil || to(i) {
			h.w.net.datagram(h, o, func() { o.wire.gossip(h, topic, data) })
		}
	}
}
