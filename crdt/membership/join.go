package membership

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/sig"
)

// Genesis begins a circle. The circle's id is this op's id; wherever the circle's
// id would stand inside it, 32 zero bytes do.
type Genesis struct {
	_         struct{} `cbor:",toarray"`
	Charter   Charter
	Inception Inception
	Cert      DeviceCert
	Nonce     [16]byte
}

// Kind is [KindGenesis].
func (*Genesis) Kind() uint64 { return KindGenesis }

func (b *Genesis) check() error {
	if err := b.Charter.Check(); err != nil {
		return err
	}
	return checkPerson(b.Inception.ID(), &b.Inception, &b.Cert)
}

// InviteID names an invite to those who hold its seed; it says nothing to others.
type InviteID [16]byte

// Invite lets whoever holds its seed knock at any door of the circle.
type Invite struct {
	_      struct{} `cbor:",toarray"`
	ID     InviteID
	Pub    [32]byte // Ed25519 public key made of the seed
	Expiry uint64   // Unix hours: the last moment is the hour's first
	Uses   uint64   // 1 to [MaxInviteUses]
}

// Kind is [KindInvite].
func (*Invite) Kind() uint64 { return KindInvite }

func (b *Invite) check() error {
	switch {
	case b.ID == InviteID{}:
		return errors.New("invite without an id")
	case b.Uses < 1 || b.Uses > MaxInviteUses:
		return fmt.Errorf("invite for %d uses, limit %d", b.Uses, MaxInviteUses)
	case b.Expiry >= uint64(crdt.MaxHLC>>16)/hourMillis:
		return errors.New("invite's expiry out of range")
	}
	return checkKey("invite", b.Pub)
}

// InviteRevoke ends an invite: one's own at once, another's when two members
// with voice say so.
type InviteRevoke struct {
	_      struct{} `cbor:",toarray"`
	Invite crdt.ID  // the invite op
}

// Kind is [KindInviteRevoke].
func (*InviteRevoke) Kind() uint64 { return KindInviteRevoke }

func (b *InviteRevoke) check() error { return checkNamed("invite", b.Invite) }

// Proofs show that the newcomer asked to be let in by this door: signatures over
// the join transcript ([JoinTranscript]).
type Proofs struct {
	_         struct{} `cbor:",toarray"`
	NonceJ    [16]byte
	NonceD    [16]byte
	SigInvite []byte // by the invite's key; empty face to face
	SigRoot   []byte
	SigPeer   []byte
}

// Admit lets somebody in. A single one makes a member; voice is another matter.
type Admit struct {
	Member    crdt.ID
	Inception Inception
	Cert      DeviceCert
	Invite    crdt.ID // the invite op; zero face to face
	Proofs    Proofs
}

type admitWire struct {
	_         struct{} `cbor:",toarray"`
	Member    crdt.ID
	Inception Inception
	Cert      DeviceCert
	Invite    []byte
	Proofs    Proofs
}

// MarshalCBOR returns the body's one encoding.
func (b Admit) MarshalCBOR() ([]byte, error) {
	return canon.Marshal(admitWire{Member: b.Member, Inception: b.Inception, Cert: b.Cert, Invite: optional(b.Invite), Proofs: b.Proofs})
}

// UnmarshalCBOR reads the body's one encoding.
func (b *Admit) UnmarshalCBOR(data []byte) error {
	var w admitWire
	if err := canon.Unmarshal(data, &w); err != nil {
		return err
	}
	invite, err := fromOptional(w.Invite)
	*b = Admit{Member: w.Member, Inception: w.Inception, Cert: w.Cert, Invite: invite, Proofs: w.Proofs}
	return err
}

// Kind is [KindAdmit].
func (*Admit) Kind() uint64 { return KindAdmit }

func (b *Admit) check() error {
	bearer := !b.Invite.IsZero()
	switch p := &b.Proofs; {
	case len(p.SigRoot) != sig.Size || len(p.SigPeer) != sig.Size:
		return errors.New("proof of joining with a signature of the wrong length")
	case bearer && len(p.SigInvite) != sig.Size, !bearer && len(p.SigInvite) != 0:
		return errors.New("proof of joining and invite do not fit")
	}
	return checkPerson(b.Member, &b.Inception, &b.Cert)
}

func checkPerson(member crdt.ID, i *Inception, c *DeviceCert) error {
	if err := i.check(); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if member != i.ID() || c.Member != member {
		return errors.New("inception, member and device certificate do not fit")
	}
	return nil
}

// Labels of [JoinTranscript].
const (
	JoinBearer  = "tend/join/1" // the newcomer holds an invite
	JoinFace    = "tend/join/2" // the member scanned the newcomer
	JoinRecover = "tend/join/3" // somebody comes back with a new root
)

type transcript struct {
	_      struct{} `cbor:",toarray"`
	Label  string
	Circle crdt.ID
	Invite []byte
	PeerJ  PeerKey
	PeerD  PeerKey
	NonceJ [16]byte
	NonceD [16]byte
	Inc    Inception
}

// JoinTranscript returns T, what a newcomer J signs to be let in by doorkeeper D
// (SPEC.md §6.3): it binds both transport keys, so that nobody in the middle can
// pass a proof on. A zero invite is written as an empty string.
func JoinTranscript(label string, circle crdt.ID, invite InviteID, peerJ, peerD PeerKey, nonceJ, nonceD [16]byte, inc Inception) [32]byte {
	t := transcript{Label: label, Circle: circle, PeerJ: peerJ, PeerD: peerD, NonceJ: nonceJ, NonceD: nonceD, Inc: inc}
	if invite != (InviteID{}) {
		t.Invite = invite[:]
	}
	return sha256.Sum256(canon.MustMarshal(t))
}

// checkProofs verifies an admit's signatures, given the invite it names (nil
// face to face) and the transport key of the doorkeeper.
func (b *Admit) checkProofs(circle crdt.ID, invite *Invite, door PeerKey) error {
	label, id := JoinFace, InviteID{}
	if invite != nil {
		label, id = JoinBearer, invite.ID
	}
	t := JoinTranscript(label, circle, id, b.Cert.Peer, door, b.Proofs.NonceJ, b.Proofs.NonceD, b.Inception)
	switch {
	case invite != nil && !sig.Verify(invite.Pub, t[:], b.Proofs.SigInvite):
		return errors.New("the invite's signature of the joining does not verify")
	case !sig.Verify(b.Inception.Root, t[:], b.Proofs.SigRoot):
		return errors.New("the root's signature of the joining does not verify")
	case !sig.Verify(b.Cert.Peer, t[:], b.Proofs.SigPeer):
		return errors.New("the transport key's signature of the joining does not verify")
	}
	return nil
}

// Sponsor says: I know this newcomer. It counts towards voice and towards the
// standing that opens tender audiences.
type Sponsor struct {
	_     struct{} `cbor:",toarray"`
	Admit crdt.ID  // the admit op
}

// Kind is [KindSponsor].
func (*Sponsor) Kind() uint64 { return KindSponsor }

func (b *Sponsor) check() error { return checkNamed("admit", b.Admit) }
