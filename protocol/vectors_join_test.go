package protocol_test

import (
	"crypto/ed25519"
	"encoding/base32"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/protocol"
)

func runCode(in fields) (fields, error) {
	c, err := protocol.ParseCode(in["text"])
	if err != nil {
		return nil, err
	}
	out := fields{"text": c.Text()}
	switch c := c.(type) {
	case *protocol.Invite:
		id, pub := c.ID(), c.Public()
		out["version"], out["circle"], out["seed"], out["ctl"] = "1", c.Circle.String(), hexOf(c.Seed[:]), hexOf(c.Ctl[:])
		out["expiry"], out["invite id"], out["public"] = number(c.Expiry), hexOf(id[:]), hexOf(pub[:])
		for i, x := range c.Contacts {
			out["contact "+number(uint64(i))] = hexOf(x.Peer[:]) + " " + number(uint64(len(x.Addrs)))
		}
	case *protocol.FaceCode:
		out["version"], out["inception"], out["peer"] = "2", c.Inception.String(), hexOf(c.Peer[:])
		out["secret"], out["addresses"] = hexOf(c.Secret[:]), number(uint64(len(c.Addrs)))
	}
	return out, nil
}

// quic4 is /ip4/203.0.113.7/udp/4001/quic-v1, quic6 the same over IPv6.
var (
	quic4 = []byte{4, 203, 0, 113, 7, 0x91, 2, 0x0f, 0xa1, 0xcd, 3}
	quic6 = append(append([]byte{41, 0x20, 1, 0xd, 0xb8}, make([]byte, 12)...), 0x91, 2, 0x0f, 0xa1, 0xcd, 3)
)

func someInvite() protocol.Invite {
	return protocol.Invite{Circle: fixtureCircle, Seed: fill16[[16]byte]("seed"), Ctl: [16]byte(fixtureCircle[:16]), Expiry: 497_300,
		Contacts: []protocol.Contact{
			{Peer: pubOf[membership.PeerKey]("peer anna"), Addrs: [][]byte{quic4}},
			{Peer: pubOf[membership.PeerKey]("peer bo"), Addrs: [][]byte{quic4}},
			{Peer: pubOf[membership.PeerKey]("peer cem"), Addrs: [][]byte{quic4}}}}
}

func someFaceCode() protocol.FaceCode {
	return protocol.FaceCode{Inception: fill[crdt.ID]("inception"), Peer: pubOf[membership.PeerKey]("peer dora"),
		Secret: fill16[[16]byte]("face"), Addrs: [][]byte{quic6, quic4}}
}

func codeCases(*testing.T) []vector {
	v := someInvite().Text()
	one := someInvite()
	one.Contacts = one.Contacts[:1]
	one.Contacts[0].Addrs = [][]byte{quic4, quic6}
	bare := someInvite()
	bare.Contacts = nil
	raw := func(parts ...any) string {
		return "TEND:" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(canon.MustMarshal(parts))
	}
	id, b16 := fixtureCircle, fill16[[16]byte]("seed")
	peer := fill[crdt.ID]("peer")
	contact := func(addrs ...[]byte) []any { return []any{peer, addrs} }
	var lines strings.Builder
	for i, r := range strings.ToLower(v) {
		if i > 0 && i%7 == 0 {
			lines.WriteString(" \r\n\t")
		}
		lines.WriteRune(r)
	}
	rows := []struct{ name, text, reject string }{
		{"invite of two contacts", v, ""},
		{"invite of one contact with two addresses", one.Text(), ""},
		{"invite without contacts", bare.Text(), ""},
		{"face to face", someFaceCode().Text(), ""},
		{"lower case, spaced and wrapped", lines.String(), ""},
		{"with a no-break space and a zero-width one", "\u00a0" + v[:20] + "\u200b" + v[20:] + "\ufeff", ""},

		{"nothing", "", "no-code"},
		{"another thing", "https://example.org/", "no-code"},
		{"another thing that mentions the name", "Tend is a program", "no-code"},
		{"letters without the prefix", v[5:], "no-code"},
		{"64 KiB and a byte", strings.Repeat(" ", protocol.MaxCodeText+1-len(v)) + v, "no-code"},
		{"the prefix alone", "TEND:", "code-cut"},
		{"cut in the middle", v[:100], "code-cut"},
		{"cut by one letter", v[:len(v)-1], "code-cut"},
		{"cut by a group", v[:len(v)-8], "code-cut"},
		{"a digit that is not in the alphabet", v[:30] + "1" + v[31:], "code-form"},
		{"with padding", v + "=", "code-form"},
		{"with a comma", v[:50] + "," + v[50:], "code-form"},
		{"too long", v + strings.Repeat("A", 300), "code-form"},
		{"last letter with spare bits", bare.Text()[:len(bare.Text())-1] + "B", "code-cut"},
		{"a letter more than an array", raw(1, id, b16, b16, 1, []any{}, 0), "code-form"},
		{"no array", "TEND:" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte{0x18, 1}), "code-form"},
		{"version as text", raw("1", id), "code-form"},
		{"five contacts", raw(1, id, b16, b16, 1, []any{contact(), contact(), contact(), contact(), contact()}), "code-form"},
		{"five addresses", raw(1, id, b16, b16, 1, []any{contact([]byte{1}, []byte{1}, []byte{1}, []byte{1}, []byte{1})}), "code-form"},
		{"an empty address", raw(1, id, b16, b16, 1, []any{contact([]byte{})}), "code-form"},
		{"a short circle id", raw(1, id[:31], b16, b16, 1, []any{}), "code-form"},
		{"expiry out of range", raw(1, id, b16, b16, uint64(protocol.MaxExpiry), []any{}), "code-form"},
		{"expiry below zero", raw(1, id, b16, b16, -1, []any{}), "code-form"},
		{"face to face with five addresses", raw(2, id, id, b16, [][]byte{{1}, {1}, {1}, {1}, {1}}), "code-form"},
		{"version 0", raw(0, id), "code-version"},
		{"version 5", raw(5, id), "code-version"},
	}
	var cases []vector
	for _, r := range rows {
		cases = append(cases, vector{Name: r.name, In: fields{"text": r.text}, Reject: r.reject})
	}
	return cases
}

func runJoin(in fields) (fields, error) {
	data := in.bytes("message")
	switch in["type"] {
	case "opening":
		m, err := protocol.DecodeOpening(data)
		if err != nil {
			return nil, err
		}
		out := fields{"again": hexOf(protocol.EncodeOpening(m))}
		switch m := m.(type) {
		case *protocol.Knock:
			out["invite"], out["nonceJ"] = hexOf(m.Invite[:]), hexOf(m.NonceJ[:])
		case *protocol.FaceHello:
			out["circle"], out["nonceD"], out["mac"] = m.Circle.String(), hexOf(m.NonceD[:]), hexOf(m.MAC[:])
			f, j, d := someFaceCode(), pubOf[membership.PeerKey]("peer dora"), pubOf[membership.PeerKey]("peer anna")
			out["mac of face code 2"] = map[bool]string{true: "right", false: "wrong"}[m.CheckMAC(&f, j, d)]
		case *protocol.RecoverKnock:
			out["invite"], out["nonceJ"], out["name"] = hexOf(m.Invite[:]), hexOf(m.NonceJ[:]), m.Name
		}
		return out, nil
	case "answer":
		a, err := protocol.DecodeDoorAnswer(data)
		if err != nil {
			return nil, err
		}
		return fields{"again": hexOf(protocol.EncodeDoorAnswer(a)), "verdict": number(uint64(a.Verdict)), "member": a.Member.String()}, nil
	case "prove":
		p, err := protocol.DecodeProve(data)
		if err != nil {
			return nil, err
		}
		member := p.Inception.ID()
		return fields{"again": hexOf(p.Encode()), "member": member.String(), "dev": p.Cert.Dev.String()}, nil
	case "face prove":
		p, err := protocol.DecodeFaceProve(data)
		if err != nil {
			return nil, err
		}
		member := p.Inception.ID()
		return fields{"again": hexOf(p.Encode()), "member": member.String(), "nonceJ": hexOf(p.NonceJ[:])}, nil
	case "recover prove":
		p, err := protocol.DecodeRecoverProve(data)
		if err != nil {
			return nil, err
		}
		return fields{"again": hexOf(p.Encode()), "member": p.Member.String(), "new root": hexOf(p.NewRoot[:])}, nil
	case "transcript":
		var inc membership.Inception
		if err := canon.Unmarshal(in.bytes("inception"), &inc); err != nil {
			return nil, err
		}
		var invite membership.InviteID
		copy(invite[:], in.bytes("invite"))
		T := membership.JoinTranscript(in["label"], in.id("circle"), invite, membership.PeerKey(in.bytes("peerJ")), membership.PeerKey(in.bytes("peerD")),
			[16]byte(in.bytes("nonceJ")), [16]byte(in.bytes("nonceD")), inc)
		return fields{"T": hexOf(T[:])}, nil
	}
	panic("a vector of no type")
}

func someInception(label string) membership.Inception {
	return membership.Inception{V: 1, Root: pubOf[[32]byte]("root " + label), NextRootHash: fill[[32]byte]("next " + label), Nonce: fill16[[16]byte]("nonce " + label)}
}

// someCert returns a certificate whose three signatures verify.
func someCert(t testing.TB, label string) membership.DeviceCert {
	c := membership.DeviceCert{V: 1, Circle: fixtureCircle, Member: someInception(label).ID(), Dev: pubOf[crdt.Device]("dev " + label),
		Box: boxKey(t, "box "+label).Public(), Peer: pubOf[membership.PeerKey]("peer " + label), NotBefore: crdt.At(1_790_000_000_000)}
	c.SigRoot = ed25519.Sign(keyOf("root "+label), c.Signed())
	c.SigDev = ed25519.Sign(keyOf("dev "+label), c.Signed())
	c.SigPeer = ed25519.Sign(keyOf("peer "+label), c.Signed())
	return c
}

func joinCases(t *testing.T) []vector {
	nonceJ, nonceD := fill16[[16]byte]("nonceJ"), fill16[[16]byte]("nonceD")
	inv, face := someInvite(), someFaceCode()
	peerJ, peerD := pubOf[membership.PeerKey]("peer dora"), pubOf[membership.PeerKey]("peer anna")
	inc, certJ, certD := someInception("dora"), someCert(t, "dora"), someCert(t, "anna")
	T := membership.JoinTranscript("tend/join/1", fixtureCircle, inv.ID(), peerJ, peerD, nonceJ, nonceD, inc)
	sigs := [3][]byte{ed25519.Sign(inv.Key(), T[:]), ed25519.Sign(keyOf("root dora"), T[:]), ed25519.Sign(keyOf("peer dora"), T[:])}
	mac := protocol.FaceMAC(face.Secret, fixtureCircle, peerJ, peerD, nonceD)
	id := inv.ID()

	knock := protocol.EncodeOpening(&protocol.Knock{Invite: id, NonceJ: nonceJ})
	hello := protocol.EncodeOpening(&protocol.FaceHello{Circle: fixtureCircle, NonceD: nonceD, Cert: certD, MAC: mac})
	recoverKnock := protocol.EncodeOpening(&protocol.RecoverKnock{Invite: id, NonceJ: nonceJ, Name: "Dora"})
	answer := protocol.EncodeDoorAnswer(protocol.DoorAnswer{Verdict: protocol.DoorOpen, Cert: certD, NonceD: nonceD, WallMS: 1_790_000_000_000})
	recoverAnswer := protocol.EncodeDoorAnswer(protocol.DoorAnswer{Verdict: protocol.DoorOpen, Cert: certD, NonceD: nonceD, WallMS: 1, Member: inc.ID()})
	prove := protocol.Prove{Inception: inc, Cert: certJ, SigInvite: sigs[0], SigRoot: sigs[1], SigPeer: sigs[2]}
	faceProve := protocol.FaceProve{Inception: inc, Cert: certJ, SigRoot: sigs[1], SigPeer: sigs[2], NonceJ: nonceJ}
	recoverProve := protocol.RecoverProve{Member: inc.ID(), NewRoot: inc.Root, NextRootHash: inc.NextRootHash, Cert: certJ, SigInvite: sigs[0], SigRoot: sigs[1], SigPeer: sigs[2]}
	short, withInvite := prove, faceProve
	short.SigPeer = short.SigPeer[:63]
	withInvite.SigInvite = sigs[0]

	var cases []vector
	add := func(name, typ string, message []byte, reject string) {
		cases = append(cases, vector{Name: name, In: fields{"type": typ, "message": hexOf(message)}, Reject: reject})
	}
	add("knock", "opening", knock, "")
	add("face hello", "opening", hello, "")
	add("recovery knock", "opening", recoverKnock, "")
	add("door open", "answer", answer, "")
	add("door open in recovery", "answer", recoverAnswer, "")
	add("later", "answer", canon.MustMarshal("later"), "")
	add("no", "answer", canon.MustMarshal("no"), "")
	add("taken back", "answer", canon.MustMarshal("taken back"), "")
	add("proof", "prove", prove.Encode(), "")
	add("proof face to face", "face prove", faceProve.Encode(), "")
	add("proof of recovery", "recover prove", recoverProve.Encode(), "")

	add("empty opening", "opening", nil, "join")
	add("opening of version 4", "opening", canon.MustMarshal([]any{4, id, nonceJ}), "join")
	add("knock with an element more", "opening", canon.MustMarshal([]any{1, id, nonceJ, 0}), "join")
	add("knock with a short nonce", "opening", canon.MustMarshal([]any{1, id, nonceJ[:15]}), "join")
	add("knock with a trailing byte", "opening", append(append([]byte{}, knock...), 0), "join")
	add("opening over 4 KiB", "opening", canon.MustMarshal([]any{3, id, nonceJ, strings.Repeat("a", 4096)}), "join")
	add("name of 257 bytes", "opening", canon.MustMarshal([]any{3, id, nonceJ, strings.Repeat("a", 257)}), "join")
	add("empty answer", "answer", nil, "join")
	add("another word", "answer", canon.MustMarshal("maybe"), "join")
	add("later in two pieces", "answer", []byte{0x7f, 0x61, 'l', 0x64, 'a', 't', 'e', 'r', 0xff}, "join")
	add("recovery answer of nobody", "answer", canon.MustMarshal([]any{certD, nonceD, 1, make([]byte, 32)}), "join")
	add("answer cut", "answer", answer[:len(answer)-1], "join")
	add("proof with a short signature", "prove", short.Encode(), "join")
	add("proof cut", "prove", prove.Encode()[:500], "join")
	add("face proof with a signature of the invite", "face prove", withInvite.Encode(), "join")
	add("proof in place of a face proof", "face prove", prove.Encode(), "join")

	tr := fields{"type": "transcript", "label": "tend/join/1", "circle": fixtureCircle.String(), "invite": hexOf(id[:]), "peerJ": hexOf(peerJ[:]),
		"peerD": hexOf(peerD[:]), "nonceJ": hexOf(nonceJ[:]), "nonceD": hexOf(nonceD[:]), "inception": hexOf(canon.MustMarshal(inc))}
	cases = append(cases,
		vector{Name: "transcript", In: tr},
		vector{Name: "transcript face to face", In: tr.with(fields{"label": "tend/join/2", "invite": ""})},
		vector{Name: "transcript of a recovery", In: tr.with(fields{"label": "tend/join/3", "inception": hexOf(canon.MustMarshal(
			membership.Inception{V: 1, Root: recoverProve.NewRoot, NextRootHash: recoverProve.NextRootHash}))})})
	return cases
}
