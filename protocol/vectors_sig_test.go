package protocol_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/sig"
)

func runSignature(in fields) (fields, error) {
	if !sig.Verify([32]byte(in.bytes("key")), in.bytes("message"), in.bytes("signature")) {
		return nil, crdt.ErrSignature
	}
	return fields{"verifies": "yes"}, nil
}

// lowOrder are the 14 encodings of the 8 points of low order: 8 canonical ones,
// and 6 that only ZIP 215 reads.
func lowOrder() []string {
	ends := func(low, fill, top string) string { return low + strings.Repeat(fill, 30) + top }
	return []string{
		ends("01", "00", "00"), ends("ec", "ff", "7f"), ends("00", "00", "00"), ends("00", "00", "80"),
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		ends("01", "00", "80"), ends("ec", "ff", "ff"), ends("ed", "ff", "7f"), ends("ed", "ff", "ff"), ends("ee", "ff", "7f"), ends("ee", "ff", "ff"),
	}
}

// signatureCases are the 196 of ZIP 215, every key of low order with every R of
// low order and S = 0, and some that every rule refuses.
func signatureCases(t *testing.T) []vector {
	var cases []vector
	add := func(name, key, message, signature, reject string) {
		cases = append(cases, vector{Name: name, In: fields{"key": key, "message": message, "signature": signature}, Reject: reject})
	}
	text := hexOf([]byte("Zcash"))
	zero := strings.Repeat("00", 32)
	for i, a := range lowOrder() {
		for j, r := range lowOrder() {
			add(fmt.Sprintf("key %d, R %d", i+1, j+1), a, text, r+zero, "")
		}
	}
	key := keyOf("dev")
	pub := hexOf(key.Public().(ed25519.PublicKey))
	good := ed25519.Sign(key, []byte("Zcash"))
	add("good", pub, text, hexOf(good), "")
	add("R altered", pub, text, hexOf(altered(good, 3)), "signature")
	add("S altered", pub, text, hexOf(altered(good, 40)), "signature")
	add("another message", pub, hexOf([]byte("zcash")), hexOf(good), "signature")
	add("63 bytes", pub, text, hexOf(good[:63]), "signature")
	add("65 bytes", pub, text, hexOf(append(slices.Clone(good), 0)), "signature")
	add("no bytes", pub, text, "", "signature")
	// S + the group's order: the same number, spelt otherwise
	order, err := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	if err != nil {
		t.Fatal(err)
	}
	more, carry := slices.Clone(good), 0
	for i, b := range order {
		carry += int(more[32+i]) + int(b)
		more[32+i], carry = byte(carry), carry>>8
	}
	add("S not reduced", pub, text, hexOf(more), "signature")
	add("S is the group's order", lowOrder()[0], text, lowOrder()[0]+hexOf(order), "signature")
	add("key that is no point", "02"+strings.Repeat("00", 31), text, hexOf(good), "signature")
	add("R that is no point", pub, text, "02"+strings.Repeat("00", 31)+hexOf(good[32:]), "signature")
	return cases
}
