package protocol_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// fuzzBox is the prekey that the fuzz targets open lockboxes with.
func fuzzBox(f *testing.F) protocol.BoxKey {
	key, err := protocol.NewBoxKey(stream("fuzz box"))
	if err != nil {
		f.Fatal(err)
	}
	return key
}

// FuzzLockbox opens what a peer says is a lockbox, as itself and as a nook's.
func FuzzLockbox(f *testing.F) {
	key, dev, s := fuzzBox(f), pubOf[crdt.Device]("dev"), protocol.Secret(fill[[32]byte]("epoch"))
	lb, err := protocol.SealLockbox(key.Public(), fixtureCircle, s, dev)
	if err != nil {
		f.Fatal(err)
	}
	id := s.EpochID()
	f.Add(id[:], lb.Enc, lb.CT)
	f.Add(id[:15], lb.Enc[1:], append(lb.CT, 0))
	f.Fuzz(func(t *testing.T, epoch, enc, ct []byte) {
		var id membership.EpochID
		copy(id[:], epoch)
		got, err := protocol.OpenLockbox(key, fixtureCircle, dev, protocol.Lockbox{Epoch: id, Enc: enc, CT: ct})
		if err == nil && got.EpochID() != id {
			t.Fatalf("a lockbox for %x holds the secret of %x", id, got.EpochID())
		}
		if err != nil && !errors.Is(err, protocol.ErrLockbox) {
			t.Fatalf("OpenLockbox = %v, want ErrLockbox", err)
		}
		protocol.TryNook(key, fixtureCircle, dev, membership.Epoch{ID: id, Boxes: []membership.Box{{Enc: enc, CT: ct}}})
	})
}

// FuzzLink reads what two devices say that are being linked: with a true seal and
// MAC around it, and as it came.
func FuzzLink(f *testing.F) {
	seeds(f, "links", "hello")
	seeds(f, "links", "keys")
	seeds(f, "links", "sealed")
	l := protocol.Link{Secret: fill16[[16]byte]("secret"), PeerN: pubOf[membership.PeerKey]("peer new"), PeerO: pubOf[membership.PeerKey]("peer old"),
		NonceO: fill16[[16]byte]("nonceO"), Circles: []crdt.ID{fixtureCircle}}
	keys := l.Keys(fill16[[16]byte]("nonceN"), nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := l.DecodeKeys(data); err == nil && !bytes.Equal(k.Encode(), data) {
			t.Fatalf("keys %x encode again as %x", data, k.Encode())
		}
		if _, err := l.Open(keys, data); err != nil && !errors.Is(err, protocol.ErrLink) {
			t.Fatalf("Open = %v, want ErrLink", err)
		}
		sealed, err := l.SealGrant(stream("nonce"), keys, data)
		if err != nil {
			t.Fatal(err)
		}
		if g, err := l.Open(keys, sealed); err == nil {
			if again, err := l.Seal(stream("nonce"), keys, g); err != nil || !bytes.Equal(again, sealed) {
				t.Fatalf("grant %x encodes again as something else: %v", data, err)
			}
		}
	})
}

// FuzzParsePhrase reads what a person types of their 24 words.
func FuzzParsePhrase(f *testing.F) {
	words := protocol.Phrase(fill[[32]byte]("seed"))
	f.Add(strings.Join(words, " "))
	f.Add(strings.ToUpper(strings.Join(words, ", 2. ")))
	f.Add("abandon abandon")
	f.Fuzz(func(t *testing.T, text string) {
		seed, err := protocol.ParsePhrase(text)
		if err != nil {
			return
		}
		again, err := protocol.ParsePhrase(strings.Join(protocol.Phrase(seed), " "))
		if err != nil || again != seed {
			t.Fatalf("%q reads as a seed whose words read as another: %v", text, err)
		}
	})
}

// FuzzNookRoster is what a member who made a nook may put into its roster.
func FuzzNookRoster(f *testing.F) {
	s := protocol.Secret(fill[[32]byte]("nook"))
	f.Add(padded([]any{[]crdt.ID{fixtureCircle}, fill16[[16]byte]("salt")}))
	f.Add(padded([]any{[]crdt.ID{}}))
	f.Fuzz(func(t *testing.T, text []byte) {
		e := membership.Epoch{ID: s.NookID(), Commit: s.NookCommit(), SealedRoster: protocol.SealRosterText(s, fixtureCircle, text)}
		members, err := protocol.OpenNookRoster(s, fixtureCircle, e)
		if err == nil && (len(members) == 0 || len(members) > protocol.MaxNookMembers) {
			t.Fatalf("%x is a roster of %d", text, len(members))
		}
		if err != nil && !errors.Is(err, protocol.ErrNook) {
			t.Fatalf("OpenNookRoster = %v, want ErrNook", err)
		}
	})
}
