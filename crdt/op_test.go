package crdt_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/veraison/go-cose"

	"tend/crdt"
	"tend/crdt/canon"
)

var circle = crdt.ID{0xc1}

func ids(n int) []crdt.ID {
	out := make([]crdt.ID, n)
	for i := range out {
		out[i] = crdt.ID{0xee, byte(i >> 8), byte(i)}
	}
	return out
}

func content() crdt.Header {
	return crdt.Header{Dev: dev(1), Seq: 2, Prev: crdt.ID{1}, Ctl: ids(1), HLC: crdt.At(5),
		Class: crdt.Content, BodyHash: crdt.ID{2}, BodyLen: 9}
}

func TestParseLimits(t *testing.T) {
	beat := func(h *crdt.Header) { h.Class, h.BodyHash, h.BodyLen = crdt.Control, crdt.ID{}, 0 }
	rows := []struct {
		name string
		edit func(h *crdt.Header)
		want string // part of the error; empty: it parses
	}{
		{"as it is", func(h *crdt.Header) {}, ""},
		{"seq 0", func(h *crdt.Header) { h.Seq, h.Prev = 0, crdt.ID{} }, "seq 0"},
		{"seq 1", func(h *crdt.Header) { h.Seq, h.Prev = 1, crdt.ID{} }, ""},
		{"seq 1 with prev", func(h *crdt.Header) { h.Seq = 1 }, "with prev"},
		{"seq 2 without prev", func(h *crdt.Header) { h.Prev = crdt.ID{} }, "with prev"},
		{"largest seq", func(h *crdt.Header) { h.Seq = crdt.MaxSeq - 1 }, ""},
		{"seq too large", func(h *crdt.Header) { h.Seq = crdt.MaxSeq }, "out of range"},
		{"8 deps", func(h *crdt.Header) { h.Deps = ids(crdt.MaxDeps) }, ""},
		{"9 deps", func(h *crdt.Header) { h.Deps = ids(crdt.MaxDeps + 1) }, "deps, limit"},
		{"deps not sorted", func(h *crdt.Header) { h.Deps = ids(2); slices.Reverse(h.Deps) }, "deps not strictly"},
		{"a dep twice", func(h *crdt.Header) { h.Deps = []crdt.ID{{7}, {7}} }, "deps not strictly"},
		{"zero dep", func(h *crdt.Header) { h.Deps = []crdt.ID{{}} }, "deps not strictly"},
		{"prev among deps", func(h *crdt.Header) { h.Deps = []crdt.ID{h.Prev} }, "prev among"},
		{"16 ctl", func(h *crdt.Header) { h.Ctl = ids(crdt.MaxCtl) }, ""},
		{"17 ctl", func(h *crdt.Header) { h.Ctl = ids(crdt.MaxCtl + 1) }, "control heads, limit"},
		{"ctl not sorted", func(h *crdt.Header) { h.Ctl = ids(2); slices.Reverse(h.Ctl) }, "control heads not"},
		{"no ctl", func(h *crdt.Header) { h.Ctl = nil }, "not a genesis"},
		{"no ctl, control, no body", func(h *crdt.Header) { beat(h); h.Ctl = nil; h.Seq, h.Prev = 1, crdt.ID{} }, "not a genesis"},
		{"beat of 64", func(h *crdt.Header) { beat(h); h.Ctl = ids(crdt.MaxBeatCtl) }, ""},
		{"beat of 65", func(h *crdt.Header) { beat(h); h.Ctl = ids(crdt.MaxBeatCtl + 1) }, "control heads, limit"},
		{"longest header", func(h *crdt.Header) {
			beat(h)
			h.Ctl, h.Deps, h.Seq, h.HLC = ids(crdt.MaxBeatCtl), ids(crdt.MaxDeps), crdt.MaxSeq-1, crdt.MaxHLC-1
		}, ""},
		{"17 ctl and a body, control", func(h *crdt.Header) { h.Class = crdt.Control; h.Ctl = ids(17) }, "control heads, limit"},
		{"latest clock", func(h *crdt.Header) { h.HLC = crdt.MaxHLC - 1 }, ""},
		{"clock too late", func(h *crdt.Header) { h.HLC = crdt.MaxHLC }, "clock"},
		{"class 2", func(h *crdt.Header) { h.Class = 2 }, "class 2"},
		{"largest body", func(h *crdt.Header) { h.BodyLen = crdt.MaxBodySize }, ""},
		{"body too large", func(h *crdt.Header) { h.BodyLen = crdt.MaxBodySize + 1 }, "body of"},
		{"length without hash", func(h *crdt.Header) { h.BodyHash = crdt.ID{} }, "disagree"},
		{"hash without length", func(h *crdt.Header) { h.BodyLen = 0 }, "disagree"},
		{"content without body", func(h *crdt.Header) { h.BodyHash, h.BodyLen = crdt.ID{}, 0 }, ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			h := content()
			r.edit(&h)
			payload := h.Encode()
			op, err := crdt.Parse(circle, payload)
			switch {
			case r.want == "" && err != nil:
				t.Errorf("Parse = %v, want none", err)
			case r.want == "" && !bytes.Equal(op.Encode(), payload):
				t.Errorf("encoded again: %x, want %x", op.Encode(), payload)
			case r.want != "" && (!errors.Is(err, crdt.ErrForm) || !strings.Contains(err.Error(), r.want)):
				t.Errorf("Parse = %v, want ErrForm with %q", err, r.want)
			}
		})
	}
}

// TestParseWire edits fields that a Header cannot hold.
func TestParseWire(t *testing.T) {
	type wire struct {
		_                                 struct{} `cbor:",toarray"`
		V, Dev, Seq, Prev, Deps, Ctl, HLC any
		Class, BHash, BLen                any
	}
	good := func() wire {
		return wire{V: 1, Dev: make([]byte, 32), Seq: 1, Prev: []byte{}, Deps: []any{}, Ctl: []crdt.ID{{1}},
			HLC: 5, Class: 1, BHash: []byte{}, BLen: 0}
	}
	rows := []struct {
		name string
		edit func(w *wire)
		ok   bool
	}{
		{"as it is", func(w *wire) {}, true},
		{"version 0", func(w *wire) { w.V = 0 }, false},
		{"version 2", func(w *wire) { w.V = 2 }, false},
		{"short device", func(w *wire) { w.Dev = make([]byte, 31) }, false},
		{"long device", func(w *wire) { w.Dev = make([]byte, 33) }, false},
		{"negative seq", func(w *wire) { w.Seq = -1 }, false},
		{"float seq", func(w *wire) { w.Seq = 1.5 }, false},
		{"zero prev in 32 bytes", func(w *wire) { w.Seq = 2; w.Prev = make([]byte, 32) }, false},
		{"short prev", func(w *wire) { w.Seq = 2; w.Prev = make([]byte, 31) }, false},
		{"null prev", func(w *wire) { w.Prev = nil }, false},
		{"null deps", func(w *wire) { w.Deps = nil }, false},
		{"text in ctl", func(w *wire) { w.Ctl = []any{"head"} }, false},
		{"class above a byte", func(w *wire) { w.Class = 257 }, false},
		{"body length above 32 bits", func(w *wire) { w.BHash = bytes.Repeat([]byte{1}, 32); w.BLen = 1 << 33 }, false},
		{"short body hash", func(w *wire) { w.BHash = []byte{1}; w.BLen = 1 }, false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := good()
			r.edit(&w)
			_, err := crdt.Parse(circle, canon.MustMarshal(w))
			if (err == nil) != r.ok || (err != nil && !errors.Is(err, crdt.ErrForm)) {
				t.Errorf("Parse = %v, want ok %v", err, r.ok)
			}
		})
	}
	long := append(canon.MustMarshal(good()), make([]byte, crdt.MaxHeaderSize)...)
	if _, err := crdt.Parse(circle, long); !errors.Is(err, crdt.ErrForm) {
		t.Errorf("Parse of %d bytes = %v, want ErrForm", len(long), err)
	}
}

func TestGenesisContext(t *testing.T) {
	g := genesis(t)
	if got := g.Context(circle); !got.IsZero() {
		t.Errorf("context of a genesis = %s, want zero", got)
	}
	if _, err := crdt.Parse(g.ID, g.Payload); err != nil {
		t.Errorf("genesis in its own circle: %v", err)
	}
	if _, err := crdt.Parse(circle, g.Payload); !errors.Is(err, crdt.ErrForm) {
		t.Errorf("genesis in another circle: %v, want ErrForm", err)
	}
}

// TestCircleIsSigned: an op of one circle is none of another.
func TestCircleIsSigned(t *testing.T) {
	op := signed(t, circle, 1, content(), []byte("body"))
	if err := op.Verify(circle); err != nil {
		t.Fatal(err)
	}
	other := crdt.ID{0xc2}
	moved, err := crdt.Parse(other, op.Payload)
	if err != nil {
		t.Fatal(err)
	}
	moved.Sig = op.Sig
	if err := moved.Verify(other); !errors.Is(err, crdt.ErrSignature) {
		t.Errorf("Verify in another circle = %v, want ErrSignature", err)
	}
	if moved.ID == op.ID {
		t.Error("one id in two circles")
	}
}

func TestCheckBody(t *testing.T) {
	op := signed(t, circle, 1, content(), []byte("body"))
	for _, body := range []string{"", "bod", "bodY", "body!"} {
		if err := op.CheckBody([]byte(body)); !errors.Is(err, crdt.ErrBody) {
			t.Errorf("CheckBody(%q) = %v, want ErrBody", body, err)
		}
	}
	if err := op.CheckBody([]byte("body")); err != nil {
		t.Error(err)
	}
}

// TestEnvelope holds our four-element array against go-cose's.
func TestEnvelope(t *testing.T) {
	op := signed(t, circle, 1, content(), []byte("body"))
	msg := cose.UntaggedSign1Message{
		Headers:   cose.Headers{Protected: cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmEdDSA}},
		Payload:   op.Payload,
		Signature: op.Sig,
	}
	want, err := msg.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	if got := op.Envelope(); !bytes.Equal(got, want) {
		t.Fatalf("Envelope = %x, want %x", got, want)
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, ed25519.PublicKey(op.Dev[:]))
	if err != nil {
		t.Fatal(err)
	}
	aad := append([]byte("\x82\x69tend/op/1\x58\x20"), circle[:]...)
	if err := msg.Verify(aad, verifier); err != nil {
		t.Errorf("go-cose: %v", err)
	}
	back, err := crdt.ParseEnvelope(circle, want)
	if err != nil || back.ID != op.ID {
		t.Errorf("ParseEnvelope = %s, %v, want %s", back.ID, err, op.ID)
	}
	for i := range want {
		bent := slices.Clone(want)
		bent[i] ^= 1
		if _, err := crdt.ParseEnvelope(circle, bent); err == nil {
			t.Fatalf("ParseEnvelope accepts byte %d changed", i)
		}
	}
}

// FuzzParse holds the law: what parses is the only encoding of its header, and
// obeys the rules that Sign enforces.
func FuzzParse(f *testing.F) {
	h := content()
	f.Add(h.Encode())
	g := crdt.Header{Dev: dev(0), Seq: 1, HLC: 9, BodyHash: crdt.ID{1}, BodyLen: 1}
	f.Add(g.Encode())
	f.Fuzz(func(t *testing.T, payload []byte) {
		op, err := crdt.Parse(crdt.ID{}, payload)
		if err != nil {
			return
		}
		if got := op.Encode(); !bytes.Equal(got, payload) {
			t.Errorf("%x parses, but is encoded as %x", payload, got)
		}
	})
}
