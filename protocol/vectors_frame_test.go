package protocol_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/protocol"
)

func runFrame(in fields) (fields, error) {
	data := in.bytes("frame")
	f, err := protocol.DecodeFrame(data)
	if err != nil {
		return nil, err
	}
	again, err := protocol.EncodeFrame(f)
	if err != nil {
		return nil, err
	}
	out := fields{"number": number(f.Number())}
	if f.Number() == 5 { // compression is the writer's own affair; what is inside is not
		o := f.(*protocol.Ops)
		out["lanes"], out["rows"] = number(uint64(len(o.Lanes))), number(uint64(len(o.Rows)))
	} else if !bytes.Equal(again, data) {
		return nil, fmt.Errorf("encodes again as %x", again)
	}
	return out, nil
}

// someFrames returns one frame of each number, none of whose fields is zero.
func someFrames(t testing.TB) map[string]protocol.Frame {
	epoch, tag := secret(t, "epoch").EpochID(), protocol.TagOf(fill16[[16]byte]("nonce"), fixtureCircle)
	dev := pubOf[crdt.Device]("dev")
	roster := []crdt.Device{{1}, {2}, {3}}
	hash, digest, nonce := protocol.RosterHash{1, 2, 3, 4, 5, 6, 7, 8}, fill[crdt.ID]("digest"), fill16[[16]byte]("nonce")
	tip := protocol.TipRef{Seq: 1000, Tag: tag}
	ops := chain(t, "dev", 3, 20)
	lb, err := protocol.SealLockbox(boxKey(t, "box").Public(), fixtureCircle, secret(t, "epoch"), dev)
	if err != nil {
		t.Fatal(err)
	}
	table := protocol.PackByID(ops, func(op *crdt.Op) bool { return op.Seq != 2 })
	table.Rows[2].Deps = []protocol.Ref{{Lane: 0, Seq: 1}}
	return map[string]protocol.Frame{
		"PROBE": &protocol.Probe{Epoch: epoch, Digest: [16]byte(digest[:16]), Ops: 100_000},
		"SAME":  &protocol.Same{},
		"HELLO": &protocol.Hello{Roster: hash, Nonce: nonce, Digest: digest, Keys: roster,
			Lanes: []protocol.LaneTip{{Seq: 7, Tag: tag}, {}, {Seq: 300, Tag: tag}},
			Tips:  []protocol.DevTip{{Dev: roster[1], Seq: 4, Tag: tag}, {Dev: dev, Seq: 9, Tag: tag}}, NoPull: true, FrameLimit: protocol.MaxFrame, MaxVersion: 1},
		"HELLO without keys": &protocol.Hello{Roster: hash, Nonce: nonce, Digest: digest, Lanes: []protocol.LaneTip{{Seq: 7, Tag: tag}},
			Bulk: true, FrameLimit: protocol.MinFrameLimit, MaxVersion: 2},
		"HELLO without lanes": &protocol.Hello{FrameLimit: protocol.MaxFrame, MaxVersion: 1},
		"REPLY": &protocol.Reply{Digest: digest, Ops: 3, Bytes: 900, Unequals: []protocol.ReplyLane{
			{Lane: protocol.Lane{Index: 2}, Known: []byte{0x01}, Tips: []protocol.TipRef{tip}, Locator: []protocol.TipRef{tip, {Seq: 1, Tag: tag}}},
			{Lane: protocol.Lane{Dev: dev}, Known: []byte{0}}}},
		"LOC":     &protocol.Loc{Lanes: []protocol.LocLane{{Lane: protocol.Lane{Index: 1}, Locator: []protocol.TipRef{tip}}}},
		"OPS":     table,
		"EDGE":    &protocol.Edge{Digest: digest, Sent: 12},
		"ACK":     &protocol.Ack{Applied: 256},
		"ACK end": &protocol.Ack{Applied: 300, Digest: digest},
		"PULL":    &protocol.Pull{Nonce: nonce, Wants: []protocol.PullWant{{Author: dev, HaveSeq: 4, HaveTag: tag, Want: digest}, {Author: dev, Want: digest}}},
		"ERR":     &protocol.Err{Code: protocol.ErrReferences, Detail: dev[:]},
		"WANT":    &protocol.Want{Epochs: []membership.EpochID{epoch}},
		"KEYS":    &protocol.Keys{Boxes: []protocol.Lockbox{lb}},
		"GOODBYE": &protocol.Goodbye{Table: *protocol.PackByID(ops[:1], func(*crdt.Op) bool { return true })},
		"ADDR":    &protocol.Addr{WallMS: 1_790_000_000_000, Seqs: []protocol.AddrSeq{{Peer: membership.PeerKey{9}, Seq: 1 << 60}}, Records: [][]byte{{1, 2, 3}}},
		"PACK":    &protocol.Pack{Keys: []protocol.PackedKey{{Op: digest, Key: fill[[32]byte]("key"), Commit: fill[[32]byte]("commit")}}},
	}
}

func frameCases(t *testing.T) []vector {
	var cases []vector
	add := func(name string, frame []byte, reject string) {
		cases = append(cases, vector{Name: name, In: fields{"frame": hexOf(frame)}, Reject: reject})
	}
	good := someFrames(t)
	names := make([]string, 0, len(good))
	for name := range good {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b, err := protocol.EncodeFrame(good[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		add(name, b, "")
		if name != "OPS" {
			add(name+" with a trailing byte", append(slices.Clone(b), 0), "frame")
		}
		longer := slices.Clone(b)
		longer[0]++
		add(name+" with an element more", append(longer, 0), "frame")
		if len(b) > 2 {
			add(name+" cut", b[:len(b)-1], "frame")
		}
	}
	raw := func(name, reject string, parts ...any) { add(name, canon.MustMarshal(parts), reject) }
	id, tag, n16, h8 := fill[crdt.ID]("digest"), [8]byte{1}, [16]byte{1}, [8]byte{1}
	many := func(n int, v any) []any { return slices.Repeat([]any{v}, n) }
	flags := []any{0, protocol.MaxFrame, 1}
	hello := func(lanes, tips, flags any) []any { return []any{2, h8, n16, id, lanes, tips, flags} }
	table := func(lanes, rows []any) []byte { return protocol.Compress(canon.MustMarshal([]any{lanes, rows})) }
	lane := []any{id, 1, []byte{}}
	row := func(at int, v any) []any {
		r := []any{0, []any{}, []any{id}, 5, 1, nil, make([]byte, 64)}
		r[at] = v
		return r
	}
	sig := make([]byte, 64)

	add("nothing", nil, "frame")
	add("an empty array", []byte{0x80}, "frame")
	add("a map", []byte{0xa1, 0, 0}, "frame")
	add("number in two bytes", []byte{0x81, 0x18, 1}, "frame")
	add("the reserved number 10", []byte{0x82, 10, 0}, "unknown-frame")
	add("number 16", []byte{0x81, 16}, "unknown-frame")
	raw("PROBE with a short digest", "frame", 0, n16, make([]byte, 15), 1)
	raw("PROBE with ops below zero", "frame", 0, n16, n16, -1)
	raw("HELLO with keys for another number of lanes", "frame", hello([]any{make([]byte, 32), []any{1, 1}, make([]byte, 16)}, []any{}, flags)...)
	raw("HELLO with half a key", "frame", hello([]any{make([]byte, 16), []any{1}, make([]byte, 8)}, []any{}, flags)...)
	raw("HELLO with a tag too few", "frame", hello([]any{[]byte{}, []any{1, 1}, make([]byte, 8)}, []any{}, flags)...)
	raw("HELLO with a tag for seq 0", "frame", hello([]any{[]byte{}, []any{0}, make([]byte, 8)}, []any{}, flags)...)
	raw("HELLO with keys not ascending", "frame", hello([]any{make([]byte, 64), []any{0, 0}, []byte{}}, []any{}, flags)...)
	raw("HELLO with seq 2^40", "frame", hello([]any{[]byte{}, []any{uint64(crdt.MaxSeq)}, make([]byte, 8)}, []any{}, flags)...)
	raw("HELLO with a tip at seq 0", "frame", hello([]any{[]byte{}, []any{}, []byte{}}, []any{[]any{id, 0, tag}}, flags)...)
	raw("HELLO with 65 tips of one device", "frame-limit", hello([]any{[]byte{}, []any{}, []byte{}}, many(65, []any{id, 1, tag}), flags)...)
	raw("HELLO with 8,193 lanes", "frame", hello([]any{[]byte{}, many(8193, 0), []byte{}}, []any{}, flags)...)
	raw("HELLO with 8,192 lanes", "", hello([]any{[]byte{}, many(8192, 0), []byte{}}, []any{}, flags)...)
	raw("HELLO with a small frame limit", "frame", hello([]any{[]byte{}, []any{}, []byte{}}, []any{}, []any{0, protocol.MinFrameLimit - 1, 1})...)
	raw("HELLO with an unknown flag", "frame", hello([]any{[]byte{}, []any{}, []byte{}}, []any{}, []any{4, protocol.MaxFrame, 1})...)
	raw("HELLO of version 0", "frame", hello([]any{[]byte{}, []any{}, []byte{}}, []any{}, []any{0, protocol.MaxFrame, 0})...)
	raw("REPLY with 72 bits", "frame-limit", 3, id, 0, 0, []any{[]any{0, make([]byte, 9), []any{}, []any{}}})
	raw("REPLY with a tip at seq 0", "frame", 3, id, 0, 0, []any{[]any{0, []byte{}, []any{[]any{0, tag}}, []any{}}})
	raw("REPLY with a lane by a key of zeros", "frame", 3, id, 0, 0, []any{[]any{make([]byte, 32), []byte{}, []any{}, []any{}}})
	raw("LOC with a lane by a key of 31 bytes", "frame", 4, []any{[]any{make([]byte, 31), []any{}}})
	raw("LOC with 2,689 entries", "frame-limit", 4, []any{[]any{0, many(64*42+1, []any{1, tag})}})
	raw("ACK with 31 bytes", "frame", 7, 1, make([]byte, 31))
	raw("ACK with a digest of zeros", "frame", 7, 1, make([]byte, 32))
	raw("PULL with 257 wants", "frame-limit", 8, n16, many(257, []any{id, 0, [8]byte{}, id}))
	raw("PULL with a tag of nothing", "frame", 8, n16, []any{[]any{id, 0, tag, id}})
	raw("PULL of nothing", "frame", 8, n16, []any{[]any{id, 1, tag, make([]byte, 32)}})
	raw("ERR with 65 bytes", "frame-limit", 9, 1, make([]byte, 65))
	raw("WANT of 65 epochs", "frame-limit", 11, many(65, n16))
	raw("WANT of a short id", "frame", 11, []any{make([]byte, 15)})
	raw("KEYS with a short lockbox", "frame", 12, []any{[]any{n16, make([]byte, 1119), make([]byte, 48)}})
	raw("KEYS with 65 lockboxes", "frame-limit", 12, many(65, []any{n16, make([]byte, 1120), make([]byte, 48)}))
	raw("ADDR with a peer twice", "frame", 14, 1, []any{[]any{id, 1}, []any{id, 2}}, []any{})
	raw("ADDR with an empty record", "frame", 14, 1, []any{}, []any{[]byte{}})
	raw("ADDR with a record of 4,097 bytes", "frame-limit", 14, 1, []any{}, []any{make([]byte, 4097)})
	raw("PACK with 1,025 keys", "frame-limit", 15, many(1025, []any{id, id, id}))
	raw("OPS that is not zstd", "frame", 5, []byte{1, 2, 3})
	raw("OPS inflating to 1 MiB and a byte", "frame-limit", 5, protocol.Compress(make([]byte, protocol.MaxFrame+1)))
	raw("OPS inflating to 100 MiB", "frame-limit", 5, protocol.Compress(make([]byte, 100<<20)))
	raw("OPS with a spelled-out table", "frame", 5, protocol.Compress([]byte{0x82, 0x98, 0, 0x80}))
	raw("OPS with a trailing byte in the table", "frame", 5, protocol.Compress([]byte{0x82, 0x80, 0x80, 0}))
	raw("OPS of nothing", "", 5, table([]any{}, []any{}))
	raw("OPS of one row", "", 5, table([]any{lane}, []any{row(4, 1)}))
	raw("OPS with 1,025 rows", "frame-limit", 5, table([]any{lane}, many(1025, row(4, 1))))
	raw("OPS with a row of no lane", "frame", 5, table([]any{lane}, []any{row(0, 1)}))
	raw("OPS with a row in a lane only referred to", "frame", 5, table([]any{[]any{id, 0, []byte{}}}, []any{row(4, 1)}))
	raw("OPS with a lane from seq 1 with a prev", "frame", 5, table([]any{[]any{id, 1, id}}, []any{}))
	raw("OPS with 9 deps", "frame-limit", 5, table([]any{lane}, []any{row(1, many(9, id))}))
	raw("OPS with 65 control heads", "frame-limit", 5, table([]any{lane}, []any{row(2, many(65, id))}))
	raw("OPS with a reference to no lane", "frame", 5, table([]any{lane}, []any{row(1, []any{[]any{1, 1}})}))
	raw("OPS with a reference to seq 0", "frame", 5, table([]any{lane}, []any{row(1, []any{[]any{0, 0}})}))
	raw("OPS with a reference of three", "frame", 5, table([]any{lane}, []any{row(1, []any{[]any{0, 1, 1}})}))
	raw("OPS with a reference of zeros", "frame", 5, table([]any{lane}, []any{row(1, []any{make([]byte, 32)})}))
	raw("OPS with class 2", "frame", 5, table([]any{lane}, []any{row(4, 2)}))
	raw("OPS with a signature of 63 bytes", "frame", 5, table([]any{lane}, []any{row(6, sig[:63])}))
	raw("OPS with content that is not signed", "", 5, table([]any{lane}, []any{row(6, []byte{})}))
	raw("OPS with a control op that is not signed", "frame", 5, table([]any{lane}, []any{[]any{0, []any{}, []any{id}, 5, 0, nil, []byte{}}}))
	raw("OPS with an empty body", "frame", 5, table([]any{lane}, []any{row(5, []byte{})}))
	raw("OPS with a body of 65,537 bytes", "frame", 5, table([]any{lane}, []any{row(5, make([]byte, 65_537))}))
	raw("OPS with a body by its hash", "", 5, table([]any{lane}, []any{row(5, []any{id, 9})}))
	raw("OPS with a body that is gone", "", 5, table([]any{lane}, []any{row(5, []any{id, 9, 1})}))
	raw("OPS with a body gone in way 2", "frame", 5, table([]any{lane}, []any{row(5, []any{id, 9, 2})}))
	raw("OPS with an absent body of no bytes", "frame", 5, table([]any{lane}, []any{row(5, []any{id, 0})}))
	raw("GOODBYE with a row of no lane", "frame", 13, []any{[]any{lane}, []any{row(0, 1)}})
	return cases
}

func runTable(in fields) (fields, error) {
	f, err := protocol.DecodeFrame(in.bytes("frame"))
	if err != nil {
		return nil, err
	}
	ops, err := protocol.UnpackByID(in.id("circle"), f.(*protocol.Ops))
	if err != nil {
		return nil, err
	}
	out := fields{}
	for i, op := range ops {
		out["op "+number(uint64(i))] = op.ID.String()
		if err := op.Verify(in.id("circle")); err != nil {
			return nil, err
		}
		if err := op.CheckBody(op.Body); err == nil {
			out["body "+number(uint64(i))] = number(uint64(len(op.Body)))
		}
	}
	return out, nil
}

func tableCases(t *testing.T) []vector {
	ops := append(chain(t, "dev", 3, 20), chain(t, "another dev", 2, 100)...)
	all := func(*crdt.Op) bool { return true }
	var cases []vector
	add := func(name, reject string, change func(o *protocol.Ops)) {
		o := protocol.PackByID(ops, all)
		change(o)
		b, err := protocol.EncodeFrame(o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cases = append(cases, vector{Name: name, In: fields{"circle": fixtureCircle.String(), "frame": hexOf(b)}, Reject: reject})
	}
	add("two lanes", "", func(*protocol.Ops) {})
	add("bodies by hash", "", func(o *protocol.Ops) { *o = *protocol.PackByID(ops, func(*crdt.Op) bool { return false }) })
	add("a gap in a lane", "", func(o *protocol.Ops) { *o = *protocol.PackByID([]crdt.Op{ops[0], ops[2], ops[3]}, all) })
	add("control heads unsorted", "signature", func(o *protocol.Ops) { o.Rows[0].Ctl = append(o.Rows[0].Ctl, protocol.Ref{ID: crdt.ID{1}}) })
	add("another clock", "signature", func(o *protocol.Ops) { o.Rows[0].HLCDelta++ })
	add("another body", "signature", func(o *protocol.Ops) { o.Rows[0].Body.Bytes = []byte("another") })
	add("lane by its number", "frame", func(o *protocol.Ops) { o.Lanes[0].Lane = protocol.Lane{Index: 3} })
	add("reference by lane", "frame", func(o *protocol.Ops) { o.Rows[1].Ctl = []protocol.Ref{{Lane: 0, Seq: 1}} })
	add("clock below zero", "frame", func(o *protocol.Ops) { o.Rows[0].HLCDelta = -1 })
	add("clock beyond its range", "frame", func(o *protocol.Ops) { o.Rows[0].HLCDelta = 1<<62 - 1; o.Rows[1].HLCDelta = 1 })
	add("a dep twice", "header", func(o *protocol.Ops) { o.Rows[0].Deps = []protocol.Ref{{ID: crdt.ID{1}}, {ID: crdt.ID{1}}} })
	add("content without control heads", "header", func(o *protocol.Ops) { o.Rows[0].Ctl = nil })
	add("seq 5 without a prev", "header", func(o *protocol.Ops) { o.Lanes[0].First = 5 })
	return cases
}

func runCarry(in fields) (fields, error) {
	data := in.bytes("file")
	c, err := protocol.OpenCarry(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	out := fields{"circle": c.Circle.String(), "frames": ""}
	for f, err := range c.Frames() {
		if err != nil {
			return nil, err
		}
		out["frames"] += number(f.Number()) + " "
	}
	return out, nil
}

func carryCases(t *testing.T) []vector {
	file := func(frames ...protocol.Frame) []byte {
		var b bytes.Buffer
		w, err := protocol.NewCarryWriter(&b, fixtureCircle)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range frames {
			if err := w.Frame(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	all := someFrames(t)
	good := file(all["ADDR"], all["OPS"], all["KEYS"])
	with := func(tail ...byte) []byte { return protocol.Trailed(append(good[:len(good)-32:len(good)-32], tail...)) }
	rows := []struct {
		name   string
		file   []byte
		reject string
	}{
		{"three frames", good, ""},
		{"no frames", file(), ""},
		{"a frame of a later version", with(0, 0, 0, 2, 0x81, 16), ""},
		{"empty", nil, "no-carry"},
		{"another file", []byte("PK\x03\x04 and so on, for longer than the head of a carry file is"), "no-carry"},
		{"another version", append([]byte("tend-carry-2\n"), good[13:]...), "no-carry"},
		{"head only", good[:45], "carry-damaged"},
		{"cut", good[:len(good)-1], "carry-damaged"},
		{"an altered byte", altered(good, 60), "carry-damaged"},
		{"an altered circle", altered(good, 20), "carry-damaged"},
		{"an altered digest", altered(good, -1), "carry-damaged"},
		{"bytes after the digest", append(slices.Clone(good), 0), "carry-damaged"},
		{"a frame of a wrong form", with(0, 0, 0, 2, 0x81, 0), "carry-damaged"},
		{"a frame longer than the file", with(0, 0, 1, 0, 0x81, 1), "carry-damaged"},
		{"a frame over the limit", with(0xff, 0xff, 0xff, 0xff), "carry-damaged"},
		{"half a length", with(0, 0), "carry-damaged"},
	}
	var cases []vector
	for _, r := range rows {
		cases = append(cases, vector{Name: r.name, In: fields{"file": hexOf(r.file)}, Reject: r.reject})
	}
	return cases
}
