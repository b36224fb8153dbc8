package protocol_test

import (
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/protocol"
)

func runLink(in fields) (fields, error) {
	code, err := protocol.ParseCode(in["code"])
	if err != nil {
		return nil, err
	}
	if back, ok := code.(*protocol.RecoverCode); ok {
		return fields{"words": back.Words(), "again": back.Text(), "circle": back.Circle.String()}, nil
	}
	l := protocol.Link{Secret: code.(*protocol.LinkCode).Secret, PeerN: membership.PeerKey(in.bytes("peerN")), PeerO: membership.PeerKey(in.bytes("peerO"))}
	opening, err := protocol.DecodeOpening(in.bytes("hello"))
	if err != nil {
		return nil, err
	}
	hello := opening.(*protocol.LinkHello)
	l.NonceO, l.Circles = hello.NonceO, hello.Circles
	if !l.Check(hello) {
		return nil, protocol.ErrLink
	}
	keys, err := l.DecodeKeys(in.bytes("keys"))
	if err != nil {
		return nil, err
	}
	out := fields{"hello again": hexOf(protocol.EncodeOpening(l.Hello())), "keys again": hexOf(l.Keys(keys.NonceN, keys.Keys).Encode()), "words": l.Words(keys)}
	if in["sealed"] == "" {
		return out, nil
	}
	g, err := l.Open(keys, in.bytes("sealed"))
	if err != nil {
		return nil, err
	}
	out["grant"] = hexOf(canon.MustMarshal(g))
	return out, nil
}

func linkCases(t *testing.T) []vector {
	code := protocol.LinkCode{Peer: pubOf[membership.PeerKey]("peer new"), Secret: fill16[[16]byte]("link secret"), Addrs: [][]byte{{4, 127, 0, 0, 1, 6, 0x1f, 0x90}}}
	l := protocol.Link{Secret: code.Secret, PeerN: code.Peer, PeerO: pubOf[membership.PeerKey]("peer old"), NonceO: fill16[[16]byte]("nonceO"),
		Circles: []crdt.ID{fixtureCircle, fill[crdt.ID]("another circle")}}
	k := l.Keys(fill16[[16]byte]("nonceN"), []protocol.LinkKey{{Circle: fixtureCircle, Dev: pubOf[crdt.Device]("dev new"), Box: boxKey(t, "box new").Public()}})
	grant := protocol.LinkGrant{Seeds: [][32]byte{fill[[32]byte]("recovery seed")}, Circles: []protocol.LinkedCircle{{Circle: fixtureCircle,
		Inception: someInception("dora"), Root: fill[[32]byte]("root dora"), Next: fill[[32]byte]("next dora"), NotBefore: crdt.At(1_790_000_000_000),
		SigRoot: make([]byte, 64), LogKey: secret(t, "log key"), Secrets: make([]byte, 64)}}}
	sealed, err := l.Seal(stream("seal of the grant"), k, grant)
	if err != nil {
		t.Fatal(err)
	}
	grant.Circles[0].Secrets = make([]byte, 33)
	odd, err := l.Seal(stream("seal of an odd grant"), k, grant)
	if err != nil {
		t.Fatal(err)
	}
	peerN, peerO := l.PeerN, l.PeerO
	hello, keys := protocol.EncodeOpening(l.Hello()), k.Encode()
	good := fields{"code": code.Text(), "peerN": hexOf(peerN[:]), "peerO": hexOf(peerO[:]), "hello": hexOf(hello), "keys": hexOf(keys), "sealed": hexOf(sealed)}
	many := l
	many.Circles = make([]crdt.ID, protocol.MaxLinkCircles+1)
	back := protocol.RecoverCode{Circle: fixtureCircle, NewRoot: pubOf[[32]byte]("new root"), NextRootHash: fill[[32]byte]("next")}
	rows := []struct {
		name   string
		other  fields
		reject string
	}{
		{"linking", nil, ""},
		{"linking, to compare the words", fields{"sealed": ""}, ""},
		{"to another device", fields{"peerN": hexOf(peerO[:])}, "link"},
		{"by another device", fields{"peerO": hexOf(peerN[:])}, "link"},
		{"hello altered", fields{"hello": hexOf(altered(hello, -1))}, "link"},
		{"hello cut", fields{"hello": hexOf(hello[:len(hello)-1])}, "join"},
		{"hello with 65 circles", fields{"hello": hexOf(protocol.EncodeOpening(many.Hello()))}, "join"},
		{"keys altered", fields{"keys": hexOf(altered(keys, 100))}, "link"},
		{"keys with another mac", fields{"keys": hexOf(altered(keys, -1))}, "link"},
		{"keys cut", fields{"keys": hexOf(keys[:len(keys)-1])}, "link"},
		{"grant altered", fields{"sealed": hexOf(altered(sealed, -1))}, "link"},
		{"grant with another nonce", fields{"sealed": hexOf(altered(sealed, 0))}, "link"},
		{"grant of 23 bytes", fields{"sealed": hexOf(sealed[:23])}, "link"},
		{"grant with a secret of 33 bytes", fields{"sealed": hexOf(odd)}, "link"},
		{"recover code", fields{"code": back.Text()}, ""},
		{"recover code cut", fields{"code": back.Text()[:len(back.Text())-8]}, "code-cut"},
		{"recover code in lower case", fields{"code": strings.ToLower(back.Text())}, ""},
	}
	var cases []vector
	for _, r := range rows {
		in := good.with(r.other)
		if strings.HasPrefix(r.name, "recover") {
			in = r.other
		}
		cases = append(cases, vector{Name: r.name, In: in, Reject: r.reject})
	}
	return cases
}
