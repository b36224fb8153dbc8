package protocol_test

import (
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/protocol"
)

func runEpoch(in fields) (fields, error) {
	s := protocol.Secret(in.bytes("secret"))
	id, commit, nook, nookCommit := s.EpochID(), s.Commit(), s.NookID(), s.NookCommit()
	return fields{"epoch": hexOf(id[:]), "commit": hexOf(commit[:]), "topic": s.Topic(),
		"nook": hexOf(nook[:]), "nook commit": hexOf(nookCommit[:])}, nil
}

func epochCases(t *testing.T) []vector {
	zero, some := protocol.Secret{}, secret(t, "epoch")
	return []vector{
		{Name: "zeros", In: fields{"secret": hexOf(zero[:])}},
		{Name: "some secret", In: fields{"secret": hexOf(some[:])}},
	}
}

func runBody(in fields) (fields, error) {
	s, circle, dev, seq := protocol.Secret(in.bytes("secret")), in.id("circle"), crdt.Device(in.bytes("dev")), in.number("seq")
	body := in.bytes("body")
	o, err := protocol.OpenBody(s, circle, dev, seq, body)
	if err != nil {
		return nil, err
	}
	out := fields{"kind": number(o.Kind), "payload": hexOf(o.Payload)}
	if salt, ok := in["salt"]; ok { // sealing again must give the same bytes
		raw, err := hex.DecodeString(salt)
		if err != nil {
			return nil, err
		}
		sealBody := protocol.SealBody
		if o.Epoch == s.NookID() {
			sealBody = protocol.SealNookBody
		}
		again, err := sealBody(repeat(raw), s, circle, dev, seq, o.Kind, o.Payload)
		if err != nil {
			return nil, err
		}
		out["sealed"] = hexOf(again)
	}
	return out, nil
}

// sealedBody takes a body apart, so that tests can put it together otherwise.
type sealedBody struct {
	_      struct{} `cbor:",toarray"`
	Suite  uint64
	Epoch  membership.EpochID
	Salt   [16]byte
	Commit [32]byte
	Text   []byte
}

func bodyCases(t *testing.T) []vector {
	s, dev, salt := secret(t, "epoch"), pubOf[crdt.Device]("dev"), fill16[[16]byte]("salt")
	sealAs := func(kind uint64, payload string) []byte {
		b, err := protocol.SealBody(repeat(salt[:]), s, fixtureCircle, dev, 7, kind, []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	few, err := protocol.SealNookBody(repeat(salt[:]), s, fixtureCircle, dev, 7, 64, []byte("soup"))
	if err != nil {
		t.Fatal(err)
	}
	short := sealAs(64, "soup")
	long := sealAs(75, strings.Repeat("Could someone bring soup on Tuesday? ", 20))
	other := secret(t, "another epoch")
	otherDev := pubOf[crdt.Device]("another dev")
	otherCircle := fill[crdt.ID]("another circle")
	in := fields{"secret": hexOf(s[:]), "circle": fixtureCircle.String(), "dev": dev.String(), "seq": "7", "body": hexOf(short)}
	change := func(f func(b *sealedBody)) fields {
		var b sealedBody
		if err := canon.Unmarshal(short, &b); err != nil {
			t.Fatal(err)
		}
		f(&b)
		return in.with(fields{"body": hexOf(canon.MustMarshal(b))})
	}
	// within seals what SealBody would not.
	within := func(plain []byte) fields {
		text := protocol.SealText(s, salt, fixtureCircle, dev, 7, plain)
		return change(func(b *sealedBody) { b.Text = text })
	}
	plain := canon.MustMarshal([]any{64, 0, []byte("soup")})
	cases := []vector{
		{Name: "short", In: in.with(fields{"salt": hexOf(salt[:])})},
		{Name: "empty payload", In: in.with(fields{"salt": hexOf(salt[:]), "body": hexOf(sealAs(64, ""))})},
		{Name: "deflated", In: in.with(fields{"body": hexOf(long)})},
		{Name: "largest kind", In: in.with(fields{"salt": hexOf(salt[:]), "body": hexOf(sealAs(protocol.MaxKind-1, "x"))})},

		{Name: "for a nook", In: in.with(fields{"salt": hexOf(salt[:]), "body": hexOf(few)})},
		{Name: "for a nook, named as the circle's", In: renamed(t, in, few, s.EpochID()), Reject: "commit"},
		{Name: "for the circle, named as a nook's", In: renamed(t, in, short, s.NookID()), Reject: "commit"},

		{Name: "empty", In: in.with(fields{"body": ""}), Reject: "body-form"},
		{Name: "suite 2", In: change(func(b *sealedBody) { b.Suite = 2 }), Reject: "body-form"},
		{Name: "trailing byte", In: in.with(fields{"body": hexOf(append(append([]byte{}, short...), 0))}), Reject: "body-form"},
		{Name: "65,536 bytes", In: change(func(b *sealedBody) { b.Text = make([]byte, 65_536-73) }), Reject: "seal"},
		{Name: "65,537 bytes", In: change(func(b *sealedBody) { b.Text = make([]byte, 65_537-73) }), Reject: "body-form"},
		{Name: "another epoch's id", In: change(func(b *sealedBody) { b.Epoch = other.EpochID() }), Reject: "body-epoch"},
		{Name: "opened with another secret", In: in.with(fields{"secret": hexOf(other[:])}), Reject: "body-epoch"},
		{Name: "altered commitment", In: change(func(b *sealedBody) { b.Commit[31] ^= 1 }), Reject: "commit"},
		{Name: "altered salt", In: change(func(b *sealedBody) { b.Salt[0] ^= 1 }), Reject: "commit"},
		{Name: "altered text", In: change(func(b *sealedBody) { b.Text[0] ^= 1 }), Reject: "seal"},
		{Name: "cut text", In: change(func(b *sealedBody) { b.Text = b.Text[1:] }), Reject: "seal"},
		{Name: "moved to another seq", In: in.with(fields{"seq": "8"}), Reject: "seal"},
		{Name: "moved to another device", In: in.with(fields{"dev": otherDev.String()}), Reject: "seal"},
		{Name: "moved to another circle", In: in.with(fields{"circle": otherCircle.String()}), Reject: "seal"},

		{Name: "no padding", In: within(plain), Reject: "body-form"},
		{Name: "nothing but zeros", In: within(make([]byte, 16)), Reject: "body-form"},
		{Name: "padded too far", In: within(protocol.Pad(plain, 64)), Reject: "body-form"},
		{Name: "unknown flag", In: within(padded([]any{64, 2, []byte("soup")})), Reject: "body-form"},
		{Name: "kind 65,536", In: within(padded([]any{65_536, 0, []byte("soup")})), Reject: "body-form"},
		{Name: "payload that is no byte string", In: within(padded([]any{64, 0, []any{1}})), Reject: "body-form"},
		{Name: "deflated, not DEFLATE", In: within(padded([]any{64, 1, []byte{0xff, 0xff}})), Reject: "body-form"},
		{Name: "deflated, cut", In: within(padded([]any{64, 1, protocol.Deflate([]byte("soup soup soup"))[:4]})), Reject: "body-form"},
		{Name: "deflated, with bytes left over", In: within(padded([]any{64, 1, append(protocol.Deflate([]byte("soup")), 0)})), Reject: "body-form"},
		{Name: "deflated, of 65,537 bytes", In: within(padded([]any{64, 1, protocol.Deflate(make([]byte, protocol.MaxPayload+1))})), Reject: "body-form"},
		{Name: "deflated, of 65,536 bytes", In: within(padded([]any{64, 1, protocol.Deflate(make([]byte, protocol.MaxPayload))}))},
	}
	return cases
}

// renamed is a body under the other one of its secret's names.
func renamed(t *testing.T, in fields, body []byte, epoch membership.EpochID) fields {
	t.Helper()
	var b sealedBody
	if err := canon.Unmarshal(body, &b); err != nil {
		t.Fatal(err)
	}
	b.Epoch = epoch
	return in.with(fields{"body": hexOf(canon.MustMarshal(b))})
}

// padded encodes and pads by the rule.
func padded(v any) []byte {
	b := canon.MustMarshal(v)
	return protocol.Pad(b, protocol.Padme(len(b)+1))
}

func runLockbox(in fields) (fields, error) {
	key, err := protocol.ParseBoxKey(in.bytes("private"))
	if err != nil {
		return nil, err
	}
	lb := protocol.Lockbox{Epoch: membership.EpochID(in.bytes("epoch")), Enc: in.bytes("enc"), CT: in.bytes("ct")}
	s, err := protocol.OpenLockbox(key, in.id("circle"), crdt.Device(in.bytes("dev")), lb)
	if err != nil {
		return nil, err
	}
	return fields{"secret": hexOf(s[:]), "public": hexOf(key.Public())}, nil
}

func lockboxCases(t *testing.T) []vector {
	key, s, dev := boxKey(t, "box"), secret(t, "epoch"), pubOf[crdt.Device]("dev")
	lb, err := protocol.SealLockbox(key.Public(), fixtureCircle, s, dev)
	if err != nil {
		t.Fatal(err)
	}
	few, err := protocol.SealNookLockbox(key.Public(), fixtureCircle, s, dev)
	if err != nil {
		t.Fatal(err)
	}
	otherEpoch, otherDev, otherCircle := secret(t, "another epoch").EpochID(), pubOf[crdt.Device]("another dev"), fill[crdt.ID]("another circle")
	in := fields{"private": hexOf(key.Bytes()), "circle": fixtureCircle.String(), "dev": dev.String(),
		"epoch": hexOf(lb.Epoch[:]), "enc": hexOf(lb.Enc), "ct": hexOf(lb.CT)}
	wrong := protocol.SealWrong(t, key.Public(), fixtureCircle, otherEpoch, dev, s)
	return []vector{
		{Name: "opens", In: in},
		{Name: "of a nook", In: in.with(fields{"epoch": hexOf(few.Epoch[:]), "enc": hexOf(few.Enc), "ct": hexOf(few.CT)})},
		{Name: "of a nook, named as the circle's", In: in.with(fields{"enc": hexOf(few.Enc), "ct": hexOf(few.CT)}), Reject: "lockbox"},
		{Name: "another device's key", In: in.with(fields{"private": hexOf(boxKey(t, "another box").Bytes())}), Reject: "lockbox"},
		{Name: "for another device", In: in.with(fields{"dev": otherDev.String()}), Reject: "lockbox"},
		{Name: "for another circle", In: in.with(fields{"circle": otherCircle.String()}), Reject: "lockbox"},
		{Name: "for another epoch", In: in.with(fields{"epoch": hexOf(otherEpoch[:])}), Reject: "lockbox"},
		{Name: "another epoch's secret inside", In: in.with(fields{"epoch": hexOf(otherEpoch[:]), "enc": hexOf(wrong.Enc), "ct": hexOf(wrong.CT)}), Reject: "lockbox"},
		{Name: "altered key", In: in.with(fields{"enc": hexOf(altered(lb.Enc, 0))}), Reject: "lockbox"},
		{Name: "altered secret", In: in.with(fields{"ct": hexOf(altered(lb.CT, 0))}), Reject: "lockbox"},
		{Name: "short key", In: in.with(fields{"enc": hexOf(lb.Enc[1:])}), Reject: "lockbox"},
		{Name: "long secret", In: in.with(fields{"ct": hexOf(append(lb.CT, 0))}), Reject: "lockbox"},
	}
}

func runNook(in fields) (fields, error) {
	var e membership.Epoch
	if err := canon.Unmarshal(in.bytes("payload"), &e); err != nil {
		return nil, err
	}
	s := protocol.Secret(in.bytes("secret"))
	members, err := protocol.OpenNookRoster(s, in.id("circle"), e)
	if err != nil {
		return nil, err
	}
	out := fields{"boxes": number(uint64(len(e.Boxes))), "roster bytes": number(uint64(len(e.SealedRoster)))}
	for i, m := range members {
		out["member "+number(uint64(i))] = m.String()
	}
	if p := in.bytes("private"); len(p) > 0 {
		key, err := protocol.ParseBoxKey(p)
		if err != nil {
			return nil, err
		}
		got, ok := protocol.TryNook(key, in.id("circle"), crdt.Device(in.bytes("dev")), e)
		if ok && got != s {
			return nil, protocol.ErrLockbox
		}
		out["opens"] = map[bool]string{true: "yes", false: "no"}[ok]
	}
	return out, nil
}

func nookCases(t *testing.T) []vector {
	key, dev := boxKey(t, "box"), pubOf[crdt.Device]("dev")
	members := []crdt.ID{fill[crdt.ID]("anna"), fill[crdt.ID]("bo")}
	devices := []membership.Device{{Dev: dev, Box: key.Public()}}
	s, e, err := protocol.SealNook(stream("dummies"), fixtureCircle, members, devices)
	if err != nil {
		t.Fatal(err)
	}
	in := fields{"secret": hexOf(s[:]), "circle": fixtureCircle.String(), "payload": hexOf(canon.MustMarshal(e)),
		"private": hexOf(key.Bytes()), "dev": dev.String()}
	other := secret(t, "another epoch")
	roster := func(plain []byte) fields {
		c := e
		c.Boxes, c.SealedRoster = nil, protocol.SealRosterText(s, fixtureCircle, protocol.Pad(plain, 4*34+39))
		return in.with(fields{"payload": hexOf(canon.MustMarshal(c))})
	}
	of := func(seed [32]byte, members ...crdt.ID) []byte {
		slices.SortFunc(members, crdt.ID.Compare)
		return canon.MustMarshal([]any{seed, members})
	}
	var seed [32]byte // the one above
	if _, err := io.ReadFull(stream("dummies"), seed[:]); err != nil {
		t.Fatal(err)
	}
	x := fill[crdt.ID]("x")
	bare := fill[protocol.Secret]("nook")
	plainly := e
	plainly.ID, plainly.Commit, plainly.Boxes = bare.NookID(), bare.NookCommit(), nil
	plainly.SealedRoster = protocol.SealRosterText(bare, fixtureCircle, protocol.Pad(of(seed, members[0], members[1]), 4*34+39))
	claimed := e
	claimed.ID, claimed.Commit = s.EpochID(), s.Commit()
	changed := e
	changed.SealedRoster = altered(e.SealedRoster, 0)
	return []vector{
		{Name: "two members, one of their devices", In: in},
		{Name: "a device that was given no box", In: in.with(fields{"private": hexOf(boxKey(t, "another box").Bytes())})},
		{Name: "announced again", In: roster(of(seed, members[0], members[1]))},
		{Name: "another secret", In: in.with(fields{"secret": hexOf(other[:])}), Reject: "nook"},
		{Name: "another circle", In: in.with(fields{"circle": fill[crdt.ID]("another circle").String()}), Reject: "nook"},
		{Name: "altered roster", In: in.with(fields{"payload": hexOf(canon.MustMarshal(changed))}), Reject: "nook"},
		{Name: "a member twice", In: roster(of(seed, x, x)), Reject: "nook"},
		{Name: "nobody", In: roster(of(seed)), Reject: "nook"},
		{Name: "one member more, who holds the secret", In: roster(of(seed, members[0], members[1], fill[crdt.ID]("zoe"))), Reject: "nook"},
		{Name: "one member less", In: roster(of(seed, members[0])), Reject: "nook"},
		{Name: "another seed", In: roster(of(fill[[32]byte]("another seed"), members[0], members[1])), Reject: "nook"},
		{Name: "a secret that was not made of its roster", In: in.with(fields{"secret": hexOf(bare[:]), "payload": hexOf(canon.MustMarshal(plainly))}), Reject: "nook"},
		{Name: "named as a circle epoch would be", In: in.with(fields{"payload": hexOf(canon.MustMarshal(claimed))}), Reject: "nook"},
		{Name: "no roster", In: roster([]byte{0x01}), Reject: "nook"},
	}
}
