package protocol

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// ErrJoin is wrapped for bytes that are no message of joining.
var ErrJoin = errors.New("malformed join message")

// The messages of joining (SPEC.md §6.3). J is who joins, D the doorkeeper. Each
// is sent with its length before it, as frames are; after them come frames.
//
//	by invite     J → D Knock         D → J DoorAnswer   J → D Prove
//	face to face  D → J FaceHello                        J → D FaceProve
//	recovery      J → D RecoverKnock  D → J DoorAnswer   J → D RecoverProve
type (
	// Opening is the first message on a stream: a [*Knock], a [*FaceHello], a
	// [*RecoverKnock] or a [*LinkHello].
	Opening interface{ opening() uint64 }

	// Knock asks for the circle of an invite.
	Knock struct {
		Invite membership.InviteID
		NonceJ [16]byte
	}

	// FaceHello shows the one whose code was scanned that a circle lets them in.
	FaceHello struct {
		Circle crdt.ID
		NonceD [16]byte
		Cert   membership.DeviceCert // of D
		// MAC proves that D read the code: [FaceMAC].
		MAC [32]byte
	}

	// RecoverKnock asks to be known again as a member who lost everything. Name
	// is who they say they are, ≤ [MaxJoinName] bytes, for the doorkeeper to read.
	RecoverKnock struct {
		Invite membership.InviteID
		NonceJ [16]byte
		Name   string
	}
)

// Verdict is what a doorkeeper answers.
type Verdict uint8

// The verdicts.
const (
	// DoorNo: this invite opens nothing, now or later.
	DoorNo Verdict = iota
	// DoorLater: knock again; the invite is not known here yet, or D must not or
	// cannot let anybody in now.
	DoorLater
	// DoorOpen: prove that the invite is yours.
	DoorOpen
	// DoorTakenBack: this invite was taken back, and opens nothing any more.
	DoorTakenBack
)

// String is the word for a verdict; "" for [DoorOpen].
func (v Verdict) String() string {
	return map[Verdict]string{DoorNo: wordNo, DoorLater: wordLater, DoorTakenBack: wordTakenBack}[v]
}

// DoorAnswer answers a [Knock] or a [RecoverKnock]. Unless Verdict is [DoorOpen]
// the rest is zero.
type DoorAnswer struct {
	Verdict Verdict
	Cert    membership.DeviceCert // of D
	NonceD  [16]byte
	WallMS  uint64 // D's clock, Unix milliseconds
	// Member is who D's person says J is; zero but in recovery.
	Member crdt.ID
}

// Prove is the newcomer's proof: who they are, and that the invite is theirs. The
// signatures are over membership.JoinTranscript.
type Prove struct {
	_         struct{} `cbor:",toarray"`
	Inception membership.Inception
	Cert      membership.DeviceCert // of J
	SigInvite []byte                // by the invite's key
	SigRoot   []byte
	SigPeer   []byte
}

// FaceProve is [Prove] where D opened the stream: no invite, and J's nonce comes here.
type FaceProve struct {
	_         struct{} `cbor:",toarray"`
	Inception membership.Inception
	Cert      membership.DeviceCert // of J
	SigInvite []byte                // empty
	SigRoot   []byte
	SigPeer   []byte
	NonceJ    [16]byte
}

// RecoverProve is what a member who lost everything shows.
type RecoverProve struct {
	_            struct{} `cbor:",toarray"`
	Member       crdt.ID
	NewRoot      [32]byte
	NextRootHash [32]byte
	Cert         membership.DeviceCert // of J
	SigInvite    []byte
	SigRoot      []byte // by the new root
	SigPeer      []byte
}

const (
	openKnock   = 1
	openFace    = 2
	openRecover = 3

	wordLater     = "later"
	wordNo        = "no"
	wordTakenBack = "taken back"
)

func (*Knock) opening() uint64        { return openKnock }
func (*FaceHello) opening() uint64    { return openFace }
func (*RecoverKnock) opening() uint64 { return openRecover }

type wireKnock struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Invite  membership.InviteID
	NonceJ  [16]byte
}

type wireFaceHello struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Circle  crdt.ID
	NonceD  [16]byte
	Cert    membership.DeviceCert
	MAC     [32]byte
}

type wireRecoverKnock struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Invite  membership.InviteID
	NonceJ  [16]byte
	Name    string
}

type wireAnswer struct {
	_      struct{} `cbor:",toarray"`
	Cert   membership.DeviceCert
	NonceD [16]byte
	WallMS uint64
}

type wireRecoverAnswer struct {
	_      struct{} `cbor:",toarray"`
	Cert   membership.DeviceCert
	NonceD [16]byte
	WallMS uint64
	Member crdt.ID
}

// EncodeOpening returns the bytes of a first message.
func EncodeOpening(m Opening) []byte {
	switch m := m.(type) {
	case *Knock:
		return canon.MustMarshal(wireKnock{Version: openKnock, Invite: m.Invite, NonceJ: m.NonceJ})
	case *FaceHello:
		return canon.MustMarshal(wireFaceHello{Version: openFace, Circle: m.Circle, NonceD: m.NonceD, Cert: m.Cert, MAC: m.MAC})
	case *RecoverKnock:
		return canon.MustMarshal(wireRecoverKnock{Version: openRecover, Invite: m.Invite, NonceJ: m.NonceJ, Name: m.Name})
	}
	if m, ok := m.(*LinkHello); ok {
		return m.encode()
	}
	panic(fmt.Sprintf("protocol: no opening %T", m))
}

// DecodeOpening reads a first message. The error wraps [ErrJoin].
func DecodeOpening(data []byte) (Opening, error) {
	if len(data) < 2 || len(data) > MaxJoinMessage {
		return nil, fmt.Errorf("%w: %d bytes", ErrJoin, len(data))
	}
	switch data[1] { // the first element of the array, in its one encoding
	case openKnock:
		var w wireKnock
		if err := decodeJoin(data, &w); err != nil {
			return nil, err
		}
		return &Knock{Invite: w.Invite, NonceJ: w.NonceJ}, nil
	case openFace:
		var w wireFaceHello
		if err := decodeJoin(data, &w); err != nil {
			return nil, err
		}
		return &FaceHello{Circle: w.Circle, NonceD: w.NonceD, Cert: w.Cert, MAC: w.MAC}, nil
	case openRecover:
		var w wireRecoverKnock
		if err := decodeJoin(data, &w); err != nil {
			return nil, err
		}
		if len(w.Name) > MaxJoinName {
			return nil, fmt.Errorf("%w: name of %d bytes, limit %d", ErrJoin, len(w.Name), MaxJoinName)
		}
		return &RecoverKnock{Invite: w.Invite, NonceJ: w.NonceJ, Name: w.Name}, nil
	}
	if data[1] == openLink {
		return decodeLinkHello(data)
	}
	return nil, fmt.Errorf("%w: unknown opening", ErrJoin)
}

// EncodeDoorAnswer returns the bytes of an answer.
func EncodeDoorAnswer(a DoorAnswer) []byte {
	switch {
	case a.Verdict != DoorOpen:
		return canon.MustMarshal(a.Verdict.String())
	case a.Member.IsZero():
		return canon.MustMarshal(wireAnswer{Cert: a.Cert, NonceD: a.NonceD, WallMS: a.WallMS})
	}
	return canon.MustMarshal(wireRecoverAnswer{Cert: a.Cert, NonceD: a.NonceD, WallMS: a.WallMS, Member: a.Member})
}

// DecodeDoorAnswer reads an answer. The error wraps [ErrJoin].
func DecodeDoorAnswer(data []byte) (DoorAnswer, error) {
	if len(data) == 0 {
		return DoorAnswer{}, fmt.Errorf("%w: empty", ErrJoin)
	}
	switch data[0] {
	case 0x83:
		var w wireAnswer
		if err := decodeJoin(data, &w); err != nil {
			return DoorAnswer{}, err
		}
		return DoorAnswer{Verdict: DoorOpen, Cert: w.Cert, NonceD: w.NonceD, WallMS: w.WallMS}, nil
	case 0x84:
		var w wireRecoverAnswer
		if err := decodeJoin(data, &w); err != nil {
			return DoorAnswer{}, err
		}
		if w.Member.IsZero() {
			return DoorAnswer{}, fmt.Errorf("%w: no member", ErrJoin)
		}
		return DoorAnswer{Verdict: DoorOpen, Cert: w.Cert, NonceD: w.NonceD, WallMS: w.WallMS, Member: w.Member}, nil
	}
	var word string
	if err := decodeJoin(data, &word); err != nil {
		return DoorAnswer{}, err
	}
	switch word {
	case wordLater:
		return DoorAnswer{Verdict: DoorLater}, nil
	case wordNo:
		return DoorAnswer{Verdict: DoorNo}, nil
	case wordTakenBack:
		return DoorAnswer{Verdict: DoorTakenBack}, nil
	}
	return DoorAnswer{}, fmt.Errorf("%w: answer %q", ErrJoin, word)
}

// Encode returns the bytes of the message.
func (p Prove) Encode() []byte { return canon.MustMarshal(p) }

// Encode returns the bytes of the message.
func (p FaceProve) Encode() []byte { return canon.MustMarshal(p) }

// Encode returns the bytes of the message.
func (p RecoverProve) Encode() []byte { return canon.MustMarshal(p) }

// DecodeProve reads a [Prove]: the form only; the signatures are checked over the
// transcript. The error wraps [ErrJoin].
func DecodeProve(data []byte) (Prove, error) {
	var p Prove
	if err := decodeJoin(data, &p); err != nil {
		return Prove{}, err
	}
	return p, checkSigs(64, p.SigInvite, p.SigRoot, p.SigPeer)
}

// DecodeFaceProve reads a [FaceProve], as [DecodeProve] does.
func DecodeFaceProve(data []byte) (FaceProve, error) {
	var p FaceProve
	if err := decodeJoin(data, &p); err != nil {
		return FaceProve{}, err
	}
	return p, checkSigs(0, p.SigInvite, p.SigRoot, p.SigPeer)
}

// DecodeRecoverProve reads a [RecoverProve], as [DecodeProve] does.
func DecodeRecoverProve(data []byte) (RecoverProve, error) {
	var p RecoverProve
	if err := decodeJoin(data, &p); err != nil {
		return RecoverProve{}, err
	}
	return p, checkSigs(64, p.SigInvite, p.SigRoot, p.SigPeer)
}

func checkSigs(inviteSize int, invite, root, peer []byte) error {
	if len(invite) != inviteSize || len(root) != 64 || len(peer) != 64 {
		return fmt.Errorf("%w: signatures of %d, %d and %d bytes", ErrJoin, len(invite), len(root), len(peer))
	}
	return nil
}

func decodeJoin(data []byte, into any) error {
	if len(data) > MaxJoinMessage {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrJoin, len(data), MaxJoinMessage)
	}
	if err := canon.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%w: %w", ErrJoin, err)
	}
	return nil
}

// faceContext is what [FaceMAC] is over.
type faceContext struct {
	_      struct{} `cbor:",toarray"`
	Label  string
	Circle crdt.ID
	PeerJ  membership.PeerKey
	PeerD  membership.PeerKey
	NonceD [16]byte
}

// FaceMAC is the proof in a [FaceHello] that its sender read J's code: HMAC-SHA256
// under the code's secret.
func FaceMAC(secret [16]byte, circle crdt.ID, peerJ, peerD membership.PeerKey, nonceD [16]byte) [32]byte {
	m := hmac.New(sha256.New, secret[:])
	m.Write(canon.MustMarshal(faceContext{Label: labelFace, Circle: circle, PeerJ: peerJ, PeerD: peerD, NonceD: nonceD}))
	return [32]byte(m.Sum(nil))
}

// CheckMAC reports whether h was made by somebody who read the code f, on the
// connection between peerJ and peerD.
func (h *FaceHello) CheckMAC(f *FaceCode, peerJ, peerD membership.PeerKey) bool {
	want := FaceMAC(f.Secret, h.Circle, peerJ, peerD, h.NonceD)
	return hmac.Equal(want[:], h.MAC[:])
}
