package protocol_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
)

func runHeader(in fields) (fields, error) {
	op, err := crdt.Parse(in.id("circle"), in.bytes("payload"))
	if err != nil {
		return nil, err
	}
	return fields{"id": op.ID.String(), "signed": hexOf(op.Signed(in.id("circle"))), "seq": number(op.Seq), "hlc": number(uint64(op.HLC))}, nil
}

// The elements of a header, by position.
const (
	atVersion = iota
	atDev
	atSeq
	atPrev
	atDeps
	atCtl
	atHLC
	atClass
	atBHash
	atBLen
)

// someIDs returns n ids, ascending.
func someIDs(label string, n int) [][]byte {
	ids := make([][]byte, n)
	for i := range ids {
		h := sha256.Sum256([]byte{label[0], byte(i)})
		ids[i] = h[:]
	}
	slices.SortFunc(ids, bytes.Compare)
	return ids
}

// header returns the elements of a content header at seq 2 that breaks no rule.
func header() []any {
	dev, hash := pubOf[crdt.Device]("dev"), fill[[32]byte]("body")
	prev := fill[[32]byte]("prev")
	return []any{1, dev[:], 2, prev[:], someIDs("d", 2), someIDs("c", 1), uint64(crdt.At(1_790_000_000_000)), 1, hash[:], 300}
}

func headerCases(*testing.T) []vector {
	circle := fixtureCircle.String()
	var cases []vector
	add := func(name, reject string, change func(h []any) []any) {
		cases = append(cases, vector{Name: name, Reject: reject,
			In: fields{"circle": circle, "payload": hexOf(canon.MustMarshal(change(header())))}})
	}
	set := func(pairs ...any) func([]any) []any {
		return func(h []any) []any {
			for i := 0; i < len(pairs); i += 2 {
				h[pairs[i].(int)] = pairs[i+1]
			}
			return h
		}
	}
	none := []byte{}
	zero := make([]byte, 32)
	prev := header()[atPrev].([]byte)
	reversed := someIDs("d", 2)
	slices.Reverse(reversed)

	add("content with two deps", "", set())
	add("first op of a device", "", set(atSeq, 1, atPrev, none))
	add("no deps", "", set(atDeps, [][]byte{}))
	add("control op with a body", "", set(atClass, 0))
	add("beat", "", set(atClass, 0, atBHash, none, atBLen, 0))
	add("beat with 64 control heads", "", set(atClass, 0, atBHash, none, atBLen, 0, atCtl, someIDs("c", 64)))
	add("8 deps and 16 control heads", "", set(atDeps, someIDs("d", 8), atCtl, someIDs("c", 16)))
	add("last seq and last clock in range", "", set(atSeq, uint64(crdt.MaxSeq-1), atHLC, uint64(crdt.MaxHLC-1)))
	add("content without a body", "", set(atBHash, none, atBLen, 0))
	add("longest body", "", set(atBLen, 65_536))

	add("version 0", "header", set(atVersion, 0))
	add("version 2", "header", set(atVersion, 2))
	add("device of 31 bytes", "header", set(atDev, zero[:31]))
	add("device of 33 bytes", "header", set(atDev, make([]byte, 33)))
	add("seq 0", "header", set(atSeq, 0, atPrev, none))
	add("seq 2^40", "header", set(atSeq, uint64(crdt.MaxSeq)))
	add("seq 1 with a prev", "header", set(atSeq, 1))
	add("seq 2 without a prev", "header", set(atPrev, none))
	add("prev of 32 zero bytes", "header", set(atPrev, zero))
	add("prev of 31 bytes", "header", set(atPrev, prev[:31]))
	add("null for prev", "header", set(atSeq, 1, atPrev, nil))
	add("9 deps", "header", set(atDeps, someIDs("d", 9)))
	add("deps not ascending", "header", set(atDeps, reversed))
	add("a dep twice", "header", set(atDeps, [][]byte{reversed[0], reversed[0]}))
	add("a dep of zeros", "header", set(atDeps, [][]byte{zero}))
	add("prev among the deps", "header", set(atDeps, [][]byte{prev}))
	add("17 control heads in content", "header", set(atCtl, someIDs("c", 17)))
	add("17 control heads in a control op with a body", "header", set(atClass, 0, atCtl, someIDs("c", 17)))
	add("65 control heads in a beat", "header", set(atClass, 0, atBHash, none, atBLen, 0, atCtl, someIDs("c", 65)))
	add("control heads not ascending", "header", set(atCtl, reversed))
	add("no control heads in content", "header", set(atCtl, [][]byte{}))
	add("no control heads at seq 2", "header", set(atClass, 0, atCtl, [][]byte{}))
	add("genesis with deps", "header", set(atSeq, 1, atPrev, none, atClass, 0, atCtl, [][]byte{}))
	add("genesis without a body", "header", set(atSeq, 1, atPrev, none, atClass, 0, atDeps, [][]byte{}, atCtl, [][]byte{}, atBHash, none, atBLen, 0))
	add("genesis of another circle", "header", set(atSeq, 1, atPrev, none, atClass, 0, atDeps, [][]byte{}, atCtl, [][]byte{}))
	add("clock 2^62", "header", set(atHLC, uint64(crdt.MaxHLC)))
	add("clock below zero", "header", set(atHLC, -1))
	add("class 2", "header", set(atClass, 2))
	add("body of 65,537 bytes", "header", set(atBLen, 65_537))
	add("body hash without a length", "header", set(atBLen, 0))
	add("body length without a hash", "header", set(atBHash, none))
	add("nine elements", "header", func(h []any) []any { return h[:9] })
	add("eleven elements", "header", func(h []any) []any { return append(h, 0) })

	genesis := canon.MustMarshal(set(atSeq, 1, atPrev, none, atClass, 0, atDeps, [][]byte{}, atCtl, [][]byte{})(header()))
	cases = append(cases, vector{Name: "genesis", In: fields{"circle": crdt.ID{}.String(), "payload": hexOf(genesis)}})
	good := canon.MustMarshal(header())
	cases = append(cases, vector{Name: "trailing byte", Reject: "header", In: fields{"circle": circle, "payload": hexOf(append(slices.Clone(good), 0))}})
	long := append([]byte{good[0], 0x18, 1}, good[2:]...)
	cases = append(cases, vector{Name: "version in two bytes", Reject: "header", In: fields{"circle": circle, "payload": hexOf(long)}})
	cases = append(cases, vector{Name: "empty", Reject: "header", In: fields{"circle": circle, "payload": ""}})
	return cases
}

func runEnvelope(in fields) (fields, error) {
	op, err := crdt.ParseEnvelope(in.id("circle"), in.bytes("envelope"))
	if err != nil {
		return nil, err
	}
	return fields{"id": op.ID.String(), "author": op.Dev.String(), "signature": hexOf(op.Sig)}, nil
}

func envelopeCases(t *testing.T) []vector {
	key, dev := keyOf("dev"), pubOf[crdt.Device]("dev")
	h := crdt.Header{Dev: dev, Seq: 1, Ctl: []crdt.ID{fixtureCircle}, HLC: crdt.At(1_790_000_000_000), Class: crdt.Content}
	op, err := crdt.Sign(fixtureCircle, h, []byte("a body"), func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil })
	if err != nil {
		t.Fatal(err)
	}
	e := func(parts ...any) string { return hexOf(canon.MustMarshal(parts)) }
	protected := []byte{0xa1, 0x01, 0x27}
	other := fill[crdt.ID]("another circle").String()
	circle := fixtureCircle.String()
	return []vector{
		{Name: "signed op", In: fields{"circle": circle, "envelope": hexOf(op.Envelope())}},
		{Name: "in another circle", In: fields{"circle": other, "envelope": hexOf(op.Envelope())}, Reject: "signature"},
		{Name: "altered signature", In: fields{"circle": circle, "envelope": hexOf(altered(op.Envelope(), -1))}, Reject: "signature"},
		{Name: "empty signature", In: fields{"circle": circle, "envelope": e(protected, map[uint64]uint64{}, op.Payload, []byte{})}, Reject: "signature"},
		{Name: "another algorithm", In: fields{"circle": circle, "envelope": e([]byte{0xa1, 0x01, 0x26}, map[uint64]uint64{}, op.Payload, op.Sig)}, Reject: "header"},
		{Name: "unprotected header", In: fields{"circle": circle, "envelope": e(protected, map[uint64]uint64{4: 1}, op.Payload, op.Sig)}, Reject: "header"},
		{Name: "three elements", In: fields{"circle": circle, "envelope": e(protected, map[uint64]uint64{}, op.Payload)}, Reject: "header"},
		{Name: "tagged 18", In: fields{"circle": circle, "envelope": "d2" + hexOf(op.Envelope())}, Reject: "header"},
	}
}

// sample is the shape that the inputs of cbor.json are read as: an array of a
// uint, a byte string, a text, an array of uints and a map of uints.
type sample struct {
	_     struct{} `cbor:",toarray"`
	N     uint64
	Bytes []byte
	Text  string
	List  []uint64
	Map   map[uint64]uint64
}

func runCBOR(in fields) (fields, error) {
	var s sample
	if err := canon.Unmarshal(in.bytes("item"), &s); err != nil {
		return nil, err
	}
	return fields{"item": hexOf(canon.MustMarshal(s))}, nil
}

// cborCases are spellings of [1, h'0102', "ab", [1, 2], {1: 1, 2: 2}] and of
// near relatives, each but the first few refused.
func cborCases(t *testing.T) []vector {
	const (
		canonical = ""
		malformed = "malformed"
		spelling  = "not-canonical"
	)
	rows := []struct{ name, item, reject string }{
		{"the sample", "85 01 420102 626162 820102 a201010202", canonical},
		{"everything empty", "85 00 40 60 80 a0", canonical},
		{"largest integer", "85 1bffffffffffffffff 40 60 80 a0", canonical},
		{"a longer byte string", "85 01 5818" + hex.EncodeToString(make([]byte, 24)) + "60 80 a0", canonical},

		{"nothing", "", malformed},
		{"a cut array", "85 01 420102 626162 820102", malformed},
		{"a trailing byte", "85 01 420102 626162 820102 a201010202 00", malformed},
		{"four elements", "84 01 420102 626162 820102", malformed},
		{"six elements", "86 01 420102 626162 820102 a201010202 00", malformed},
		{"a map in place of the array", "a101 01", malformed},
		{"an array of unknown length", "9f 01 420102 626162 820102 a201010202 ff", malformed},
		{"an inner array of unknown length", "85 01 420102 626162 9f0102ff a201010202", malformed},
		{"a byte string in pieces", "85 01 5f41014102ff 626162 820102 a201010202", malformed},
		{"a text in pieces", "85 01 420102 7f61616162ff 820102 a201010202", malformed},
		{"a map of unknown length", "85 01 420102 626162 820102 bf01010202ff", malformed},
		{"a tag around all", "c1 85 01 420102 626162 820102 a201010202", malformed},
		{"a tag around the integer", "85 c101 420102 626162 820102 a201010202", malformed},
		{"a self-describing tag", "d9d9f7 85 01 420102 626162 820102 a201010202", malformed},
		{"a bignum", "85 c24101 420102 626162 820102 a201010202", malformed},
		{"a negative integer", "85 20 420102 626162 820102 a201010202", malformed},
		{"a half float for the integer", "85 f93c00 420102 626162 820102 a201010202", malformed},
		{"a double with a fraction", "85 fb3ff8000000000000 420102 626162 820102 a201010202", malformed},
		{"not a number", "85 f97e00 420102 626162 820102 a201010202", malformed},
		{"infinity", "85 f97c00 420102 626162 820102 a201010202", malformed},
		{"true for the integer", "85 f5 420102 626162 820102 a201010202", malformed},
		{"a text for the byte string", "85 01 626162 626162 820102 a201010202", malformed},
		{"a byte string for the text", "85 01 420102 426162 820102 a201010202", malformed},
		{"text that is not UTF-8", "85 01 420102 62c328 820102 a201010202", malformed},
		{"text with a surrogate", "85 01 420102 63eda080 820102 a201010202", malformed},
		{"a key twice", "85 01 420102 626162 820102 a201010102", malformed},
		{"a text as key", "85 01 420102 626162 820102 a1616101", malformed},
		{"reserved additional information", "85 1c 420102 626162 820102 a201010202", malformed},
		{"a break out of place", "85 ff 420102 626162 820102 a201010202", malformed},
		{"an array said to be of 2^32", "85 01 420102 626162 9b0000000100000000 a0", malformed},
		{"a byte string said to be of 2^62", "85 01 5b4000000000000000", malformed},
		{"1,025 elements", "85 01 40 60 990401" + hex.EncodeToString(make([]byte, 1025)) + "a0", malformed},
		{"nested too deep", "85 01 40 60 818181818181818181818100 a0", malformed},

		{"the integer in two bytes", "85 1801 420102 626162 820102 a201010202", spelling},
		{"the integer in three bytes", "85 190001 420102 626162 820102 a201010202", spelling},
		{"the integer in nine bytes", "85 1b0000000000000001 420102 626162 820102 a201010202", spelling},
		{"a long head of the byte string", "85 01 58020102 626162 820102 a201010202", spelling},
		{"a long head of the text", "85 01 420102 78026162 820102 a201010202", spelling},
		{"a long head of the inner array", "85 01 420102 626162 98020102 a201010202", spelling},
		{"a long head of the map", "85 01 420102 626162 820102 b80201010202", spelling},
		{"a long head of the whole", "9805 01 420102 626162 820102 a201010202", spelling},
		{"unsorted keys", "85 01 420102 626162 820102 a202020101", spelling},
		{"a key in two bytes", "85 01 420102 626162 820102 a21801010202", spelling},
		{"null for the integer", "85 f6 420102 626162 820102 a201010202", spelling},
		{"null for the byte string", "85 01 f6 626162 820102 a201010202", spelling},
		{"undefined for the byte string", "85 01 f7 626162 820102 a201010202", spelling},
		{"null for the text", "85 01 420102 f6 820102 a201010202", spelling},
		{"null for the inner array", "85 01 420102 626162 f6 a201010202", spelling},
		{"null for the map", "85 01 420102 626162 820102 f6", spelling},
		{"an array of integers for the byte string", "85 01 820102 626162 820102 a201010202", spelling},
	}
	var cases []vector
	for _, r := range rows {
		b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(r.item), []byte(" "), nil)))
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		cases = append(cases, vector{Name: r.name, In: fields{"item": hexOf(b)}, Reject: r.reject})
	}
	return cases
}
