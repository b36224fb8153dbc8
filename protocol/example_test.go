package protocol_test

import (
	"fmt"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// A secret goes to a device in a lockbox; with it the device opens a body.
func Example() {
	circle, author, reader := crdt.ID{1}, crdt.Device{2}, crdt.Device{3}
	epoch, err := protocol.NewSecret(stream("epoch")) // crypto/rand, but in examples
	if err != nil {
		panic(err)
	}
	body, err := protocol.SealBody(stream("salt"), epoch, circle, author, 1, 64, []byte("soup on Tuesday"))
	if err != nil {
		panic(err)
	}

	prekey, err := protocol.NewBoxKey(stream("prekey"))
	if err != nil {
		panic(err)
	}
	lockbox, err := protocol.SealLockbox(prekey.Public(), circle, epoch, reader)
	if err != nil {
		panic(err)
	}

	secret, err := protocol.OpenLockbox(prekey, circle, reader, lockbox)
	if err != nil {
		panic(err)
	}
	opened, err := protocol.OpenBody(secret, circle, author, 1, body)
	if err != nil {
		panic(err)
	}
	fmt.Printf("kind %d: %s\n", opened.Kind, opened.Payload)
	// Output: kind 64: soup on Tuesday
}

// An invite becomes text, and comes back as it is pasted.
func ExampleParseCode() {
	invite := protocol.Invite{Circle: crdt.ID{1}, Seed: [16]byte{2}, Expiry: 497_300,
		Contacts: []protocol.Contact{{Peer: membership.PeerKey{3}, Addrs: [][]byte{{4, 127, 0, 0, 1, 6, 0x0f, 0xa1}}}}}
	code, err := protocol.ParseCode("\n  " + invite.Text() + " \n")
	if err != nil {
		panic(err)
	}
	switch c := code.(type) {
	case *protocol.Invite:
		fmt.Println("an invite until hour", c.Expiry, "with", len(c.Contacts), "door")
	case *protocol.FaceCode:
		fmt.Println("somebody who would like to be let in")
	}
	// Output: an invite until hour 497300 with 1 door
}

// Ops that a reader may lack parents of are packed by id.
func ExamplePackByID() {
	op := crdt.Op{ID: crdt.ID{9}, Header: crdt.Header{Dev: crdt.Device{2}, Seq: 1, Ctl: []crdt.ID{{1}}, Class: crdt.Content}, Sig: make([]byte, 64)}
	frame, err := protocol.EncodeFrame(protocol.PackByID([]crdt.Op{op}, func(*crdt.Op) bool { return true }))
	if err != nil {
		panic(err)
	}
	f, err := protocol.DecodeFrame(frame)
	if err != nil {
		panic(err)
	}
	ops, err := protocol.UnpackByID(crdt.ID{1}, f.(*protocol.Ops))
	if err != nil {
		panic(err)
	}
	fmt.Println(len(ops), "op, seq", ops[0].Seq)
	// Output: 1 op, seq 1
}
