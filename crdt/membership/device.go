package membership

import (
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/sig"
)

// Leave ends one's own membership.
type Leave struct {
	_    struct{} `cbor:",toarray"`
	Seen []Seen   // one's own tips, ascending
}

// Kind is [KindLeave].
func (*Leave) Kind() uint64 { return KindLeave }

func (b *Leave) check() error { return checkSeen(b.Seen) }

// Away says: do not count on me until then.
type Away struct {
	_     struct{} `cbor:",toarray"`
	Until uint64   // Unix day, or 0; for people: no rule looks at it
}

// Kind is [KindAway].
func (*Away) Kind() uint64 { return KindAway }

func (b *Away) check() error {
	if b.Until > uint64(crdt.MaxHLC>>16)/crdt.DayMillis {
		return errors.New("day out of range")
	}
	return nil
}

// Back ends an away, and a lapse.
type Back struct {
	_ struct{} `cbor:",toarray"`
}

// Kind is [KindBack].
func (*Back) Kind() uint64 { return KindBack }

func (*Back) check() error { return nil }

// DeviceAdd brings a further device of a member.
type DeviceAdd struct {
	_    struct{} `cbor:",toarray"`
	Cert DeviceCert
}

// Kind is [KindDeviceAdd].
func (*DeviceAdd) Kind() uint64 { return KindDeviceAdd }

func (b *DeviceAdd) check() error { return b.Cert.check() }

// DeviceRevoke ends a device for good. A sibling device may, or anybody who was
// given the root's signature.
type DeviceRevoke struct {
	_       struct{} `cbor:",toarray"`
	Dev     crdt.Device
	Seen    []Seen // the device's tips that the author holds, ascending
	SigRoot []byte // over [DeviceRevoke.Signed]; empty if a sibling writes it
}

// Kind is [KindDeviceRevoke].
func (*DeviceRevoke) Kind() uint64 { return KindDeviceRevoke }

func (b *DeviceRevoke) check() error {
	if len(b.SigRoot) != 0 {
		if err := checkSig("root", b.SigRoot); err != nil {
			return err
		}
	}
	return checkSeen(b.Seen)
}

const revokeContext = "tend/revoke/1"

// Signed returns the bytes that the member's root signs. What was seen is not
// among them: the root does not know the log.
func (b *DeviceRevoke) Signed(circle, member crdt.ID) []byte {
	return canon.MustMarshal([]any{revokeContext, circle, member, b.Dev})
}

// Prekey is the author's device's new box key.
type Prekey struct {
	_   struct{} `cbor:",toarray"`
	Box []byte   // [BoxSize] bytes
}

// Kind is [KindPrekey].
func (*Prekey) Kind() uint64 { return KindPrekey }

func (b *Prekey) check() error {
	if len(b.Box) != BoxSize {
		return fmt.Errorf("box key of %d bytes, want %d", len(b.Box), BoxSize)
	}
	return nil
}

// Rotate puts a new root in force, and certifies a device with it. Either the
// old root signed it and had committed to the new one, or a decision to recover
// the member did.
type Rotate struct {
	NewRoot      [32]byte
	NextRootHash [32]byte
	SigOld       []byte  // over [Rotate.Signed]; empty if Enact is set
	Enact        crdt.ID // the enact op; zero if SigOld is set
	Cert         DeviceCert
}

type rotateWire struct {
	_            struct{} `cbor:",toarray"`
	NewRoot      [32]byte
	NextRootHash [32]byte
	By           []byte // 64 bytes: signature; 32: enact op
	Cert         DeviceCert
}

// MarshalCBOR returns the body's one encoding.
func (b Rotate) MarshalCBOR() ([]byte, error) {
	by := b.SigOld
	if !b.Enact.IsZero() {
		by = b.Enact[:]
	}
	return canon.Marshal(rotateWire{NewRoot: b.NewRoot, NextRootHash: b.NextRootHash, By: by, Cert: b.Cert})
}

// UnmarshalCBOR reads the body's one encoding.
func (b *Rotate) UnmarshalCBOR(data []byte) error {
	var w rotateWire
	if err := canon.Unmarshal(data, &w); err != nil {
		return err
	}
	*b = Rotate{NewRoot: w.NewRoot, NextRootHash: w.NextRootHash, Cert: w.Cert}
	switch len(w.By) {
	case sig.Size:
		b.SigOld = w.By
		return nil
	case 32:
		b.Enact = crdt.ID(w.By)
		return checkNamed("enact", b.Enact)
	}
	return fmt.Errorf("rotation by %d bytes", len(w.By))
}

// Kind is [KindRotate].
func (*Rotate) Kind() uint64 { return KindRotate }

func (b *Rotate) check() error {
	if err := checkKey("new root", b.NewRoot); err != nil {
		return err
	}
	return b.Cert.check()
}

const rotateContext = "tend/rotate/1"

// Signed returns the bytes that the old root signs.
func (b *Rotate) Signed(circle, member crdt.ID) []byte {
	return canon.MustMarshal([]any{rotateContext, circle, member, b.NewRoot, b.NextRootHash})
}

// Beat says nothing but that its author knows what it names. It has no body.
type Beat struct{}

// Kind is [KindBeat].
func (*Beat) Kind() uint64 { return KindBeat }

func (*Beat) check() error { return nil }

// SignedHeader is an op without its body: what a device signed, and the signature.
type SignedHeader struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte   // header, at most [crdt.MaxHeaderSize] bytes
	Sig     []byte
}

// ForkProof shows that one device wrote two ops with one seq.
type ForkProof struct {
	_ struct{}     `cbor:",toarray"`
	A SignedHeader // the one with the smaller op id
	B SignedHeader
	// read from the headers, not encoded
	fork crdt.Fork
}

// Kind is [KindForkProof].
func (*ForkProof) Kind() uint64 { return KindForkProof }

func (b *ForkProof) check() error {
	if err := checkSig("first", b.A.Sig); err != nil {
		return err
	}
	return checkSig("second", b.B.Sig)
}

// Fork returns what the proof shows; the zero Fork before [Decode].
func (b *ForkProof) Fork() crdt.Fork { return b.fork }

// NewForkProof makes the proof of two ops, which must have their own signatures.
func NewForkProof(a, b *crdt.Op) *ForkProof {
	if a.ID.Compare(b.ID) > 0 {
		a, b = b, a
	}
	return &ForkProof{A: SignedHeader{Payload: a.Payload, Sig: a.Sig}, B: SignedHeader{Payload: b.Payload, Sig: b.Sig},
		fork: crdt.Fork{Dev: a.Dev, Seq: a.Seq, IDs: [2]crdt.ID{a.ID, b.ID}}}
}

// parse reads the two headers; verify says whether to check their signatures.
func (b *ForkProof) parse(circle crdt.ID, verify bool) error {
	var ops [2]crdt.Op
	for i, h := range []SignedHeader{b.A, b.B} {
		op, err := crdt.Parse(circle, h.Payload)
		if err != nil {
			return err
		}
		op.Sig = h.Sig
		if verify {
			if err := op.Verify(circle); err != nil {
				return err
			}
		}
		ops[i] = op
	}
	if ops[0].Dev != ops[1].Dev || ops[0].Seq != ops[1].Seq || ops[0].ID.Compare(ops[1].ID) >= 0 {
		return errors.New("the two headers prove no fork")
	}
	b.fork = crdt.Fork{Dev: ops[0].Dev, Seq: ops[0].Seq, IDs: [2]crdt.ID{ops[0].ID, ops[1].ID}}
	return nil
}
