package membership

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
)

// What a proposal is about.
const (
	Remove       uint64 = 1 // somebody is asked to go
	Lapse        uint64 = 2 // the voice of somebody long silent sleeps
	ChangeTo     uint64 = 3 // another charter
	Recover      uint64 = 4 // a lost identity gets a new root
	highestWhat         = Recover
	maxOfPropose        = 16_384
)

// Propose opens a decision about the circle, and is its author's own stand.
// Reasons are content; here is only the id of the note.
type Propose struct {
	What uint64
	// Target is the member concerned; for a charter the proposal it reshapes, or zero.
	Target crdt.ID
	// Payload is empty for remove and lapse, the encoding of a [Charter], or of a
	// [Recovery].
	Payload []byte
	Reason  crdt.ID // op of a note, or zero
}

// Recovery is the payload of a proposal to recover an identity.
type Recovery struct {
	_            struct{} `cbor:",toarray"`
	NewRoot      [32]byte
	NextRootHash [32]byte
	List         []crdt.ID // the trustees, ascending, at most [MaxTrustees]; empty if none were named
	Salt         []byte    // 16 bytes; empty if none were named
}

type proposeWire struct {
	_       struct{} `cbor:",toarray"`
	What    uint64
	Target  []byte
	Payload []byte
	Reason  []byte
}

// MarshalCBOR returns the body's one encoding.
func (b Propose) MarshalCBOR() ([]byte, error) {
	return canon.Marshal(proposeWire{What: b.What, Target: optional(b.Target), Payload: b.Payload, Reason: optional(b.Reason)})
}

// UnmarshalCBOR reads the body's one encoding.
func (b *Propose) UnmarshalCBOR(data []byte) error {
	var w proposeWire
	if err := canon.Unmarshal(data, &w); err != nil {
		return err
	}
	target, err := fromOptional(w.Target)
	reason, err2 := fromOptional(w.Reason)
	*b = Propose{What: w.What, Target: target, Payload: w.Payload, Reason: reason}
	return errors.Join(err, err2)
}

// Kind is [KindPropose].
func (*Propose) Kind() uint64 { return KindPropose }

func (b *Propose) check() error {
	if len(b.Payload) > maxOfPropose {
		return fmt.Errorf("proposal of %d bytes, limit %d", len(b.Payload), maxOfPropose)
	}
	switch b.What {
	case Remove, Lapse:
		if len(b.Payload) > 0 {
			return errors.New("proposal about a member with a payload")
		}
		return checkNamed("target", b.Target)
	case ChangeTo:
		_, err := b.charter()
		return err
	case Recover:
		if _, err := b.recovery(); err != nil {
			return err
		}
		return checkNamed("target", b.Target)
	}
	return fmt.Errorf("proposal of kind %d, know up to %d", b.What, highestWhat)
}

func (b *Propose) charter() (*Charter, error) {
	var c Charter
	if err := canon.Unmarshal(b.Payload, &c); err != nil {
		return nil, err
	}
	return &c, c.Check()
}

func (b *Propose) recovery() (*Recovery, error) {
	var r Recovery
	if err := canon.Unmarshal(b.Payload, &r); err != nil {
		return nil, err
	}
	if len(r.List) > MaxTrustees || !ascending(r.List, crdt.ID.Compare) {
		return nil, errors.New("list of trustees too long or not ascending")
	}
	if salted := len(r.Salt) == 16; salted != (len(r.List) > 0) || (!salted && len(r.Salt) > 0) {
		return nil, errors.New("list of trustees and its salt do not fit")
	}
	return &r, checkKey("new root", r.NewRoot)
}

// EncodeCharter returns a charter as the payload of a proposal.
func EncodeCharter(c Charter) []byte { return canon.MustMarshal(c) }

// EncodeRecovery returns a recovery as the payload of a proposal.
func EncodeRecovery(r Recovery) []byte { return canon.MustMarshal(r) }

// Object is a concern about a proposal or about an admission.
type Object struct {
	Target crdt.ID // the propose or admit op
	Reason crdt.ID // op of a note, or zero
}

type objectWire struct {
	_      struct{} `cbor:",toarray"`
	Target crdt.ID
	Reason []byte
}

// MarshalCBOR returns the body's one encoding.
func (b Object) MarshalCBOR() ([]byte, error) {
	return canon.Marshal(objectWire{Target: b.Target, Reason: optional(b.Reason)})
}

// UnmarshalCBOR reads the body's one encoding.
func (b *Object) UnmarshalCBOR(data []byte) error {
	var w objectWire
	if err := canon.Unmarshal(data, &w); err != nil {
		return err
	}
	reason, err := fromOptional(w.Reason)
	*b = Object{Target: w.Target, Reason: reason}
	return err
}

// Kind is [KindObject].
func (*Object) Kind() uint64 { return KindObject }

func (b *Object) check() error { return checkNamed("target", b.Target) }

// Stand consents to a proposal.
type Stand struct {
	_        struct{} `cbor:",toarray"`
	Proposal crdt.ID
}

// Kind is [KindStand].
func (*Stand) Kind() uint64 { return KindStand }

func (b *Stand) check() error { return checkNamed("proposal", b.Proposal) }

// Seen is one tip of a device that the author of an op holds: of what that device
// wrote, it and what is below it was known.
type Seen struct {
	_   struct{} `cbor:",toarray"`
	Dev crdt.Device
	Tip crdt.ID
}

func checkSeen(seen []Seen) error {
	if len(seen) > MaxSeen {
		return fmt.Errorf("%d tips seen, limit %d", len(seen), MaxSeen)
	}
	if !ascending(seen, compareSeen) {
		return errors.New("tips seen not strictly ascending")
	}
	return nil
}

func compareSeen(a, b Seen) int {
	if c := a.Dev.Compare(b.Dev); c != 0 {
		return c
	}
	return a.Tip.Compare(b.Tip)
}

// Enact carries a decision out: it counts if what its author knew certifies it.
type Enact struct {
	_        struct{} `cbor:",toarray"`
	Proposal crdt.ID
	Seen     []Seen // the target's tips that the author holds, ascending
}

// Kind is [KindEnact].
func (*Enact) Kind() uint64 { return KindEnact }

func (b *Enact) check() error {
	if err := checkSeen(b.Seen); err != nil {
		return err
	}
	return checkNamed("proposal", b.Proposal)
}

// Trustees names, by a salted hash, who may help this member back.
type Trustees struct {
	_       struct{} `cbor:",toarray"`
	Hash    [32]byte // [TrusteesHash]
	K       uint64   // how many must stand
	SigRoot []byte   // over [Trustees.Signed]
}

// Kind is [KindTrustees].
func (*Trustees) Kind() uint64 { return KindTrustees }

func (b *Trustees) check() error {
	if b.K < 1 || b.K > MaxTrustees {
		return fmt.Errorf("%d trustees wanted, limit %d", b.K, MaxTrustees)
	}
	return checkSig("root", b.SigRoot)
}

const trusteesContext = "tend/trustees/1"

// Signed returns the bytes that the member's root signs.
func (b *Trustees) Signed(circle, member crdt.ID) []byte {
	return canon.MustMarshal([]any{trusteesContext, circle, member, b.Hash, b.K})
}

// TrusteesHash is the commitment to a list of trustees: the SHA-256 of the salt
// and the ids, in ascending order.
func TrusteesHash(salt []byte, list []crdt.ID) [32]byte {
	h := bytes.NewBuffer(bytes.Clone(salt))
	for _, id := range list {
		h.Write(id[:])
	}
	return sha256.Sum256(h.Bytes())
}
