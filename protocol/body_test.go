package protocol_test

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/protocol"
)

func TestBodyRoundTrip(t *testing.T) {
	s, dev := secret(t, "epoch"), pubOf[crdt.Device]("dev")
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.Uint64Max(protocol.MaxKind-1).Draw(t, "kind")
		payload := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "payload")
		if rapid.Bool().Draw(t, "text") {
			payload = bytes.Repeat(payload, 3)
		}
		body, err := protocol.SealBody(stream("salt"), s, fixtureCircle, dev, 3, kind, payload)
		if err != nil {
			t.Fatal(err)
		}
		if epoch, err := protocol.BodyEpoch(body); err != nil || epoch != s.EpochID() {
			t.Fatalf("BodyEpoch = %x, %v, want %x", epoch, err, s.EpochID())
		}
		got, err := protocol.OpenBody(s, fixtureCircle, dev, 3, body)
		if err != nil || got.Kind != kind || !bytes.Equal(got.Payload, payload) || got.Epoch != s.EpochID() {
			t.Fatalf("OpenBody = %d, %x, %v, want %d, %x", got.Kind, got.Payload, err, kind, payload)
		}
	})
}

// One text under two secrets: the attack that the commitment is there for. The
// forger knows both secrets and makes a body that carries the id of the second
// and is sealed, and committed to, by the first.
func TestBodyOpensUnderOneSecretOnly(t *testing.T) {
	anna, bo, dev := secret(t, "anna"), secret(t, "bo"), pubOf[crdt.Device]("dev")
	body, err := protocol.SealBody(stream("salt"), anna, fixtureCircle, dev, 1, 64, []byte("soup"))
	if err != nil {
		t.Fatal(err)
	}
	var b sealedBody
	if err := canon.Unmarshal(body, &b); err != nil {
		t.Fatal(err)
	}
	b.Epoch = bo.EpochID()
	for name, s := range map[string]protocol.Secret{"anna": anna, "bo": bo} {
		if _, err := protocol.OpenBody(s, fixtureCircle, dev, 1, canon.MustMarshal(b)); !errors.Is(err, protocol.ErrBodyEpoch) && !errors.Is(err, protocol.ErrCommit) {
			t.Errorf("a body of two secrets opens with %s's: %v", name, err)
		}
	}
}

func TestBodySizes(t *testing.T) {
	s, dev := secret(t, "epoch"), pubOf[crdt.Device]("dev")
	noise := make([]byte, protocol.MaxPayload+1)
	for i := 0; i < len(noise); i += 2048 {
		io.ReadFull(stream(string(rune(i))), noise[i:min(i+2048, len(noise))])
	}
	for _, row := range []struct {
		name string
		size int
		ok   bool
	}{
		{"empty", 0, true},
		{"largest that fits uncompressed", 63_488 - 1 - 7, true},
		{"one more", 63_488 - 1 - 6, false},
		{"over the payload limit", protocol.MaxPayload + 1, false},
	} {
		body, err := protocol.SealBody(stream("salt"), s, fixtureCircle, dev, 1, 64, noise[:row.size])
		if (err == nil) != row.ok || err != nil && !errors.Is(err, protocol.ErrTooLong) {
			t.Errorf("SealBody(%s) = %v, want success: %v", row.name, err, row.ok)
		}
		if len(body) > protocol.MaxBody {
			t.Errorf("SealBody(%s) = %d bytes, limit %d", row.name, len(body), protocol.MaxBody)
		}
	}
	if _, err := protocol.SealBody(stream("salt"), s, fixtureCircle, dev, 1, 64, []byte(strings.Repeat("a", protocol.MaxPayload))); err != nil {
		t.Errorf("a long payload that compresses: %v", err)
	}
	if _, err := protocol.SealBody(stream("salt"), s, fixtureCircle, dev, 1, protocol.MaxKind, nil); !errors.Is(err, protocol.ErrTooLong) {
		t.Errorf("SealBody of kind %d = %v, want %v", protocol.MaxKind, err, protocol.ErrTooLong)
	}
	if _, err := protocol.SealBody(strings.NewReader("short"), s, fixtureCircle, dev, 1, 64, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("SealBody without chance = %v", err)
	}
}

// TestPadme holds the two promises of padding: little overhead, few lengths.
func TestPadme(t *testing.T) {
	lengths := map[int]bool{}
	for n := 2; n <= protocol.MaxBody; n++ {
		p := protocol.Padme(n)
		lengths[p] = true
		if p < n || p > n+n/8 || protocol.Padme(p) != p {
			t.Fatalf("Padme(%d) = %d", n, p)
		}
	}
	if most := 17 * 2 * bits.Len(17) * 2; len(lengths) > most {
		t.Errorf("%d lengths up to %d, want at most %d", len(lengths), protocol.MaxBody, most)
	}
}

func TestPackedKeyOpensOneBody(t *testing.T) {
	s, dev := secret(t, "epoch"), pubOf[crdt.Device]("dev")
	one, err := protocol.SealBody(stream("salt 1"), s, fixtureCircle, dev, 1, 64, []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := protocol.SealBody(stream("salt 2"), s, fixtureCircle, dev, 2, 64, []byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	key, commit, err := protocol.BodyKey(s, one)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := protocol.OpenPacked(key, commit, fixtureCircle, dev, 1, one); err != nil || string(got.Payload) != "one" {
		t.Errorf("OpenPacked = %q, %v, want %q", got.Payload, err, "one")
	}
	if _, err := protocol.OpenPacked(key, commit, fixtureCircle, dev, 2, two); !errors.Is(err, protocol.ErrCommit) {
		t.Errorf("OpenPacked of another body = %v, want %v", err, protocol.ErrCommit)
	}
	if _, _, err := protocol.BodyKey(secret(t, "another epoch"), one); !errors.Is(err, protocol.ErrBodyEpoch) {
		t.Errorf("BodyKey of another epoch = %v, want %v", err, protocol.ErrBodyEpoch)
	}
}
