package crdt_test

import (
	"crypto/ed25519"
	"fmt"

	"tend/crdt"
)

// A device begins a circle and writes one op in it; a reader checks both.
func Example() {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	sign := func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil }
	me := crdt.Device(key.Public().(ed25519.PublicKey))

	first, err := crdt.Sign(crdt.ID{}, crdt.Header{Dev: me, Seq: 1, HLC: crdt.At(1_700_000_000_000)}, []byte("sealed genesis"), sign)
	if err != nil {
		panic(err)
	}
	circle := first.ID

	log, err := crdt.NewLog(crdt.ID{}, newStore(), crdt.NewPasts(), crdt.State{})
	if err != nil {
		panic(err)
	}
	keep := func(op crdt.Op) {
		fact, err := log.Check(&op)
		if err != nil {
			panic(err)
		}
		if _, err := log.Add(&op, fact, false); err != nil {
			panic(err)
		}
	}
	keep(first)

	header, _ := log.Draft(me, crdt.Content, crdt.At(1_700_000_060_000))
	second, err := crdt.Sign(circle, header, []byte("sealed need"), sign)
	if err != nil {
		panic(err)
	}
	keep(second)

	// What travels is the header, the signature and the body.
	got, err := crdt.Parse(circle, second.Payload)
	if err != nil {
		panic(err)
	}
	got.Sig = second.Sig
	fmt.Println("same id:", got.ID == second.ID)
	fmt.Println("signature:", got.Verify(circle))
	fmt.Println("body:", got.CheckBody([]byte("sealed need")))
	fmt.Println("seq", got.Seq, "on", got.Prev == first.ID)
	// Output:
	// same id: true
	// signature: <nil>
	// body: <nil>
	// seq 2 on true
}
