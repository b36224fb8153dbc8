package protocol_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/protocol"
)

func TestFramesRoundTrip(t *testing.T) {
	for name, f := range someFrames(t) {
		b, err := protocol.EncodeFrame(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := protocol.DecodeFrame(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := protocol.EncodeFrame(got)
		if err != nil || !bytes.Equal(again, b) || reflect.TypeOf(got) != reflect.TypeOf(f) {
			t.Errorf("%s: DecodeFrame = %+v, want %+v (%v)", name, got, f, err)
		}
	}
}

func TestProbeIsSmall(t *testing.T) {
	b, err := protocol.EncodeFrame(someFrames(t)["PROBE"])
	if err != nil || len(b) > 45 {
		t.Errorf("PROBE has %d bytes (%v), want at most 45", len(b), err)
	}
}

// A HELLO of n lanes takes at most 11.2 n + 100 bytes where the roster is known.
func TestHelloIsSmall(t *testing.T) {
	for _, n := range []int{0, 46, 300, 500, protocol.MaxLanes} {
		h := &protocol.Hello{FrameLimit: protocol.MaxFrame, MaxVersion: 1}
		for range n {
			h.Lanes = append(h.Lanes, protocol.LaneTip{Seq: 60_000, Tag: protocol.Tag{1}})
		}
		b, err := protocol.EncodeFrame(h)
		if err != nil || len(b) > 112*n/10+100 {
			t.Errorf("HELLO of %d lanes has %d bytes (%v), want at most %d", n, len(b), err, 112*n/10+100)
		}
	}
}

func TestFramesOverTheWholeLimit(t *testing.T) {
	if _, err := protocol.DecodeFrame(make([]byte, protocol.MaxFrame+1)); !errors.Is(err, protocol.ErrFrameLimit) {
		t.Errorf("DecodeFrame of 1 MiB and a byte = %v, want %v", err, protocol.ErrFrameLimit)
	}
	records := &protocol.Addr{}
	for range 30 {
		records.Records = append(records.Records, make([]byte, 4096))
	}
	if _, err := protocol.EncodeFrame(records); err != nil {
		t.Errorf("ADDR with 120 KiB of records = %v", err)
	}
	records.Records = append(records.Records, []byte{1})
	if _, err := protocol.EncodeFrame(records); !errors.Is(err, protocol.ErrFrameLimit) {
		t.Errorf("ADDR with 120 KiB and a byte = %v, want %v", err, protocol.ErrFrameLimit)
	}
	big := &protocol.Ops{Lanes: []protocol.LaneRef{{Lane: protocol.Lane{Dev: crdt.Device{1}}, First: 1}}}
	for range 17 {
		big.Rows = append(big.Rows, protocol.Row{Class: crdt.Content, Body: protocol.BodyPart{Bytes: make([]byte, protocol.MaxBody)}})
	}
	if _, err := protocol.EncodeFrame(big); !errors.Is(err, protocol.ErrFrameLimit) {
		t.Errorf("OPS with a table over 1 MiB = %v, want %v", err, protocol.ErrFrameLimit)
	}
	full := &protocol.Ops{Lanes: big.Lanes}
	for range protocol.MaxOpsPerFrame {
		full.Rows = append(full.Rows, protocol.Row{Class: crdt.Content})
	}
	if _, err := protocol.EncodeFrame(full); err != nil {
		t.Errorf("OPS with %d rows = %v", protocol.MaxOpsPerFrame, err)
	}
}

// The two forms that a batch may come in at least: 256 ops with 512 KiB of bodies.
func TestABatchFitsAFrame(t *testing.T) {
	table := protocol.PackByID(chain(t, "dev", protocol.MaxBatchOps, 1800), func(*crdt.Op) bool { return true })
	b, err := protocol.EncodeFrame(table)
	if err != nil || len(b) > protocol.MinFrameLimit {
		t.Errorf("a batch takes %d bytes (%v), want at most %d", len(b), err, protocol.MinFrameLimit)
	}
}

func TestPackByIDRoundTrip(t *testing.T) {
	pool := append(chain(t, "dev", 8, 30), chain(t, "another dev", 8, 30)...)
	rapid.Check(t, func(t *rapid.T) {
		var ops []crdt.Op
		for _, op := range pool {
			if rapid.Bool().Draw(t, "take") {
				op.Gone = op.Seq%4 == 0
				if op.Gone {
					op.Body = nil
				}
				ops = append(ops, op)
			}
		}
		carry := func(op *crdt.Op) bool { return op.Seq%2 == 1 }
		frame, err := protocol.EncodeFrame(protocol.PackByID(ops, carry))
		if err != nil {
			t.Fatal(err)
		}
		f, err := protocol.DecodeFrame(frame)
		if err != nil {
			t.Fatal(err)
		}
		got, err := protocol.UnpackByID(fixtureCircle, f.(*protocol.Ops))
		if err != nil || len(got) != len(ops) {
			t.Fatalf("UnpackByID = %d ops, %v, want %d", len(got), err, len(ops))
		}
		for i, op := range ops {
			g := got[i]
			if g.ID != op.ID || !bytes.Equal(g.Payload, op.Payload) || !bytes.Equal(g.Sig, op.Sig) || g.Gone != op.Gone {
				t.Fatalf("op %d = %+v, want %+v", i, g, op)
			}
			if want := carry(&op); (g.Body != nil) != want || want && g.CheckBody(g.Body) != nil {
				t.Fatalf("op %d has a body: %v, want %v", i, g.Body != nil, want)
			}
		}
	})
}

func TestCarryWriterReportsItsWriter(t *testing.T) {
	w, err := protocol.NewCarryWriter(broken{}, fixtureCircle)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("Close on a full disk = %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }
