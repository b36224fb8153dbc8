package canon_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt/canon"
)

// sample has every shape that signed data uses.
type sample struct {
	_ struct{} `cbor:",toarray"`
	N uint64
	B []byte
	S string
	K [2]byte
	A []uint64
}

func (s sample) equal(o sample) bool {
	return s.N == o.N && bytes.Equal(s.B, o.B) && s.S == o.S && s.K == o.K && len(s.A) == len(o.A)
}

// good is [1, h'ff', "a", h'0102', [7]].
const good = "85 01 41ff 6161 420102 8107"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGood(t *testing.T) {
	var got sample
	if err := canon.Unmarshal(unhex(t, good), &got); err != nil {
		t.Fatalf("Unmarshal(%s) = %v", good, err)
	}
	want := sample{N: 1, B: []byte{0xff}, S: "a", K: [2]byte{1, 2}, A: []uint64{7}}
	if !got.equal(want) {
		t.Errorf("Unmarshal(%s) = %+v, want %+v", good, got, want)
	}
	if got := canon.MustMarshal(want); !bytes.Equal(got, unhex(t, good)) {
		t.Errorf("Marshal = %x, want %s", got, good)
	}
}

// TestHostile holds the spellings that a reader must refuse (SPEC.md §1.2). Those marked reencode get
// past the decoder's options and are caught by encoding again.
func TestHostile(t *testing.T) {
	const reencode = true
	rows := []struct {
		name, hex string
		reencode  bool
	}{
		{"empty", "", false},
		{"cut", "85 01 41ff 6161 420102", false},
		{"trailing byte", good + "00", false},
		{"two items", good + good, false},
		{"too few fields", "84 01 41ff 6161 420102", false},
		{"too many fields", "86 01 41ff 6161 420102 8107 00", false},
		{"map for array", "a1 01 02", false},
		{"indefinite array", "9f 01 41ff 6161 420102 8107 ff", false},
		{"indefinite inner array", "85 01 41ff 6161 420102 9f07ff", false},
		{"indefinite bytes", "85 01 5f41ffff 6161 420102 8107", false},
		{"indefinite text", "85 01 41ff 7f6161ff 420102 8107", false},
		{"tag on the whole", "d8 2a " + good, false},
		{"tag on an int", "85 c1 01 41ff 6161 420102 8107", false},
		{"self-described CBOR", "d9d9f7 " + good, false},
		{"bignum", "85 c24101 41ff 6161 420102 8107", false},
		{"negative", "85 20 41ff 6161 420102 8107", false},
		{"half float for int", "85 f93c00 41ff 6161 420102 8107", false},
		{"double for int", "85 fb3ff0000000000000 41ff 6161 420102 8107", false},
		{"NaN for int", "85 f97e00 41ff 6161 420102 8107", false},
		{"text for int", "85 6131 41ff 6161 420102 8107", false},
		{"text for bytes", "85 01 61ff 6161 420102 8107", false},
		{"bytes for text", "85 01 41ff 4161 420102 8107", false},
		{"invalid UTF-8", "85 01 41ff 61ff 420102 8107", false},
		{"overlong UTF-8", "85 01 41ff 62c080 420102 8107", false},
		{"array of ints over 255 for bytes", "85 01 81190100 6161 420102 8107", false},
		{"reserved head", "85 1c 41ff 6161 420102 8107", false},
		{"break alone", "ff", false},
		{"length beyond the end", "85 01 5bffffffffffffffff", false},
		{"array length beyond the end", "9bffffffffffffffff", false},
		{"int in 1 byte form", "85 1801 41ff 6161 420102 8107", reencode},
		{"int in 2 byte form", "85 190001 41ff 6161 420102 8107", reencode},
		{"int in 4 byte form", "85 1a00000001 41ff 6161 420102 8107", reencode},
		{"int in 8 byte form", "85 1b0000000000000001 41ff 6161 420102 8107", reencode},
		{"long head of bytes", "85 01 5801ff 6161 420102 8107", reencode},
		{"long head of text", "85 01 41ff 780161 420102 8107", reencode},
		{"long head of array", "9805 01 41ff 6161 420102 8107", reencode},
		{"null for int", "85 f6 41ff 6161 420102 8107", reencode},
		{"null for bytes", "85 01 f6 6161 420102 8107", reencode},
		{"undefined for bytes", "85 01 f7 6161 420102 8107", reencode},
		{"null for array", "85 01 41ff 6161 420102 f6", reencode},
		{"ints for bytes", "85 01 8118ff 6161 420102 8107", reencode},
		{"short array for a fixed one", "85 01 41ff 6161 4101 8107", reencode},
		{"long bytes for a fixed array", "85 01 41ff 6161 43010203 8107", reencode},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var v sample
			err := canon.Unmarshal(unhex(t, r.hex), &v)
			if err == nil {
				t.Fatalf("Unmarshal(%s) = %+v, want an error", r.hex, v)
			}
			if got := errors.Is(err, canon.ErrNotCanonical); got != r.reencode {
				t.Errorf("Unmarshal(%s): %v; is ErrNotCanonical %v, want %v", r.hex, err, got, r.reencode)
			}
		})
	}
}

func TestHostileMaps(t *testing.T) {
	rows := []struct {
		name, hex string
		ok        bool
	}{
		{"sorted", "a2 0102 0203", true},
		{"unsorted", "a2 0203 0102", false},
		{"twice the same key", "a2 0102 0103", false},
		{"key in long form", "a1 180102", false},
		{"indefinite", "bf0102ff", false},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var v map[uint64]uint64
			if err := canon.Unmarshal(unhex(t, r.hex), &v); (err == nil) != r.ok {
				t.Errorf("Unmarshal(%s) = %v, want ok %v", r.hex, err, r.ok)
			}
		})
	}
}

// TestBounds goes one below, to and one above each limit on size.
func TestBounds(t *testing.T) {
	for _, r := range []struct {
		name  string
		read  func([]byte, any) error
		limit int
	}{
		{"signed", canon.Unmarshal, canon.MaxArrayElements},
		{"frame", canon.UnmarshalFrame, canon.MaxFrameElements},
	} {
		for n := r.limit - 1; n <= r.limit+1; n++ {
			var got []uint64
			err := r.read(canon.MustMarshal(make([]uint64, n)), &got)
			if want := n <= r.limit; (err == nil) != want {
				t.Errorf("%s: array of %d elements: %v, want ok %v", r.name, n, err, want)
			}
		}
	}
	for n := canon.MaxMapPairs - 1; n <= canon.MaxMapPairs+1; n++ {
		m := map[uint64]uint64{}
		for i := range n {
			m[uint64(i)] = 0
		}
		var got map[uint64]uint64
		if err := canon.Unmarshal(canon.MustMarshal(m), &got); (err == nil) != (n <= canon.MaxMapPairs) {
			t.Errorf("map of %d pairs: %v", n, err)
		}
	}
	for n := canon.MaxNestedLevels - 1; n <= canon.MaxNestedLevels+1; n++ {
		data := append(bytes.Repeat([]byte{0x81}, n), 0x00)
		var got any
		if err := canon.Unmarshal(data, &got); (err == nil) != (n <= canon.MaxNestedLevels) {
			t.Errorf("%d nested arrays: %v", n, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := sample{
			N: rapid.Uint64().Draw(t, "n"),
			B: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "b"),
			S: rapid.String().Draw(t, "s"),
			A: rapid.SliceOfN(rapid.Uint64(), 0, 40).Draw(t, "a"),
		}
		data := canon.MustMarshal(want)
		var got sample
		if err := canon.Unmarshal(data, &got); err != nil {
			t.Fatalf("Unmarshal(%x) = %v", data, err)
		}
		if !got.equal(want) {
			t.Fatalf("Unmarshal(%x) = %+v, want %+v", data, got, want)
		}
	})
}

// FuzzUnmarshal holds the law: if it parses, it is the only encoding of that value.
func FuzzUnmarshal(f *testing.F) {
	f.Add(unhex(f, good))
	f.Add(unhex(f, "85 1801 41ff 6161 420102 8107"))
	f.Add(unhex(f, "9f 01 41ff 6161 420102 8107 ff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var v sample
		if canon.Unmarshal(data, &v) != nil {
			return
		}
		if got := canon.MustMarshal(v); !bytes.Equal(got, data) {
			t.Errorf("%x parses, but is encoded as %x", data, got)
		}
	})
}
