package membership

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"filippo.io/edwards25519"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/sig"
)

// PeerKey is the Ed25519 public key of a node on the network: what its libp2p
// peer id is made of. One node has one, for all its circles.
type PeerKey [32]byte

// Inception is how a member begins: the first root key, and a commitment to the
// next one (pre-rotation), so that stealing a root does not allow a rotation.
// The member's id is its hash, so the root can change and the id stays.
type Inception struct {
	_            struct{} `cbor:",toarray"`
	V            uint64   // 1
	Root         [32]byte // Ed25519 public key
	NextRootHash [32]byte // [RootHash] of the next root
	Nonce        [16]byte
}

// ID is the member's id: the SHA-256 of the inception record.
func (i Inception) ID() crdt.ID { return sha256.Sum256(canon.MustMarshal(i)) }

func (i *Inception) check() error {
	if i.V != 1 {
		return fmt.Errorf("inception version %d", i.V)
	}
	return checkKey("root", i.Root)
}

// RootHash is the commitment to a root key: the SHA-256 of its 32 bytes.
func RootHash(root [32]byte) [32]byte { return sha256.Sum256(root[:]) }

// DeviceCert binds a device to a member: its signing key, its box key and its
// transport key. The member's root signs it, and device and transport key sign
// it too, so that nobody can claim another's keys.
//
// It encodes as [[1, circle, member, dev, box, peer, not_before], sigRoot,
// sigDev, sigPeer].
type DeviceCert struct {
	V         uint64  // 1
	Circle    crdt.ID // 32 zero bytes inside genesis
	Member    crdt.ID
	Dev       crdt.Device
	Box       []byte // [BoxSize] bytes
	Peer      PeerKey
	NotBefore crdt.HLC // when it was made, by its author's clock; decides nothing
	SigRoot   []byte
	SigDev    []byte
	SigPeer   []byte
}

const certContext = "tend/device/1"

type certFields struct {
	_         struct{} `cbor:",toarray"`
	V         uint64
	Circle    crdt.ID
	Member    crdt.ID
	Dev       crdt.Device
	Box       []byte
	Peer      PeerKey
	NotBefore crdt.HLC
}

type certWire struct {
	_       struct{} `cbor:",toarray"`
	Fields  certFields
	SigRoot []byte
	SigDev  []byte
	SigPeer []byte
}

func (c *DeviceCert) fields() certFields {
	return certFields{V: c.V, Circle: c.Circle, Member: c.Member, Dev: c.Dev, Box: c.Box, Peer: c.Peer, NotBefore: c.NotBefore}
}

// MarshalCBOR returns the certificate's one encoding.
func (c DeviceCert) MarshalCBOR() ([]byte, error) {
	return canon.Marshal(certWire{Fields: c.fields(), SigRoot: c.SigRoot, SigDev: c.SigDev, SigPeer: c.SigPeer})
}

// UnmarshalCBOR reads the one encoding of a certificate. It checks no signature.
func (c *DeviceCert) UnmarshalCBOR(data []byte) error {
	var w certWire
	if err := canon.Unmarshal(data, &w); err != nil {
		return err
	}
	f := w.Fields
	*c = DeviceCert{V: f.V, Circle: f.Circle, Member: f.Member, Dev: f.Dev, Box: f.Box, Peer: f.Peer,
		NotBefore: f.NotBefore, SigRoot: w.SigRoot, SigDev: w.SigDev, SigPeer: w.SigPeer}
	return nil
}

// Signed returns the bytes that all three signatures are over.
func (c DeviceCert) Signed() []byte { return canon.MustMarshal([]any{certContext, c.fields()}) }

// Check verifies the certificate: its form, that it is for circle, that root
// signed it, and that the device and the transport key did.
func (c DeviceCert) Check(root [32]byte, circle crdt.ID) error {
	if err := c.checkPossession(circle); err != nil {
		return err
	}
	return c.checkRoot(root)
}

func (c *DeviceCert) checkRoot(root [32]byte) error {
	if !sig.Verify(root, c.Signed(), c.SigRoot) {
		return errors.New("the root's signature of the device certificate does not verify")
	}
	return nil
}

// checkPossession verifies all but the root's signature.
func (c *DeviceCert) checkPossession(circle crdt.ID) error {
	if c.Circle != circle {
		return fmt.Errorf("device certificate is for circle %s", c.Circle.Short())
	}
	msg := c.Signed()
	if !sig.Verify(c.Dev, msg, c.SigDev) {
		return errors.New("the device's own signature of its certificate does not verify")
	}
	if !sig.Verify(c.Peer, msg, c.SigPeer) {
		return errors.New("the transport key's signature of the device certificate does not verify")
	}
	return nil
}

// check holds the form of the fields.
func (c *DeviceCert) check() error {
	switch {
	case c.V != 1:
		return fmt.Errorf("device certificate version %d", c.V)
	case c.Member.IsZero():
		return errors.New("device certificate of nobody")
	case len(c.Box) != BoxSize:
		return fmt.Errorf("box key of %d bytes, want %d", len(c.Box), BoxSize)
	case c.NotBefore >= crdt.MaxHLC:
		return errors.New("device certificate's clock out of range")
	case len(c.SigRoot) != sig.Size || len(c.SigDev) != sig.Size || len(c.SigPeer) != sig.Size:
		return errors.New("device certificate with a signature of the wrong length")
	}
	if err := checkKey("device", c.Dev); err != nil {
		return err
	}
	return checkKey("transport", c.Peer)
}

// checkKey refuses keys that are no point of the curve, or one of low order, for
// which anybody can make signatures that verify.
func checkKey(what string, key [32]byte) error {
	p, err := new(edwards25519.Point).SetBytes(key[:])
	if err != nil {
		return fmt.Errorf("%s key is not a key: %w", what, err)
	}
	if new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return fmt.Errorf("%s key is of low order", what)
	}
	return nil
}
