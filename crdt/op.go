package crdt

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"tend/crdt/canon"
	"tend/crdt/sig"
)

// ErrSignature is wrapped when a signature is there and does not verify.
var ErrSignature = errors.New("signature does not verify")

// ErrBody is wrapped when body bytes are not those the header names.
var ErrBody = errors.New("body does not match its header")

// Op is one entry of the log: a signed header, and its body where it is held.
// An Op is a value; its slices are shared and must not be changed.
type Op struct {
	ID ID
	Header
	// Payload is the header as encoded: what was signed, stored and relayed.
	Payload []byte
	// Sig is the author's signature, 64 bytes. It is empty where nobody here
	// verified it and a later signature of the same device covers it (SPEC.md §3.2).
	Sig []byte
	// Body is the stored body, as sealed; nil if there is none, or not here.
	Body []byte
	// Gone says that Body was retracted, faded or pruned here, and is not merely missing.
	Gone bool
}

// BodyMissing reports whether the op has a body that is neither here nor gone.
func (o *Op) BodyMissing() bool { return o.BodyLen > 0 && o.Body == nil && !o.Gone }

// Size is the number of bytes the op takes as stored: header, signature, body.
func (o *Op) Size() int { return len(o.Payload) + len(o.Sig) + len(o.Body) }

// Context returns the circle id under which h is signed: circle, or 32 zero bytes
// for a genesis, whose own id the circle's id is.
func (h *Header) Context(circle ID) ID {
	if h.IsGenesis() {
		return ID{}
	}
	return circle
}

// Parse reads a header and gives the op its id: level 0 but for the signature
// and the body. The op keeps payload. The error wraps [ErrForm].
func Parse(circle ID, payload []byte) (Op, error) {
	h, err := decodeHeader(payload)
	if err != nil {
		return Op{}, err
	}
	id := ID(sig.OpID(h.Context(circle), payload))
	if h.IsGenesis() && !circle.IsZero() && id != circle {
		return Op{}, fmt.Errorf("%w: genesis of another circle", ErrForm)
	}
	return Op{ID: id, Header: h, Payload: payload}, nil
}

// Signed returns the bytes the author of op signed in circle.
func (o *Op) Signed(circle ID) []byte { return sig.OpBytes(o.Context(circle), o.Payload) }

// Verify checks the op's own signature (ZIP 215). The error wraps [ErrSignature].
func (o *Op) Verify(circle ID) error {
	if !sig.Verify(o.Dev, o.Signed(circle), o.Sig) {
		return fmt.Errorf("op %s: %w", o.ID.Short(), ErrSignature)
	}
	return nil
}

// CheckBody checks that body is the one the header names. The error wraps [ErrBody].
func (o *Op) CheckBody(body []byte) error {
	if len(body) != int(o.BodyLen) || (o.BodyLen > 0 && ID(sha256.Sum256(body)) != o.BodyHash) {
		return fmt.Errorf("op %s: %w", o.ID.Short(), ErrBody)
	}
	return nil
}

// Signer signs a message with the device key that an op's header names.
type Signer func(msg []byte) ([]byte, error)

// Sign makes an op of h and body, which may be nil. BodyHash and BodyLen are
// filled in here. The header must obey the rules of level 0.
func Sign(circle ID, h Header, body []byte, sign Signer) (Op, error) {
	h.BodyLen, h.BodyHash = uint32(len(body)), ID{}
	if len(body) > 0 {
		h.BodyHash = sha256.Sum256(body)
	}
	if err := h.check(); err != nil {
		return Op{}, err
	}
	payload := h.Encode()
	msg := sig.OpBytes(h.Context(circle), payload)
	s, err := sign(msg)
	if err != nil {
		return Op{}, fmt.Errorf("sign op %d of %s: %w", h.Seq, h.Dev.Short(), err)
	}
	return Op{ID: sha256.Sum256(msg), Header: h, Payload: payload, Sig: s, Body: body}, nil
}

// envelope is an untagged COSE_Sign1 (RFC 9052 §4.2).
type envelope struct {
	_           struct{} `cbor:",toarray"`
	Protected   []byte
	Unprotected map[uint64]uint64
	Payload     []byte
	Signature   []byte
}

// Envelope returns the op without its body as a COSE_Sign1.
func (o *Op) Envelope() []byte {
	return canon.MustMarshal(envelope{Protected: sig.Protected(), Unprotected: map[uint64]uint64{}, Payload: o.Payload, Signature: o.Sig})
}

// ParseEnvelope reads a COSE_Sign1 and checks its signature.
func ParseEnvelope(circle ID, data []byte) (Op, error) {
	var e envelope
	if err := canon.Unmarshal(data, &e); err != nil {
		return Op{}, fmt.Errorf("%w: envelope: %w", ErrForm, err)
	}
	if !bytes.Equal(e.Protected, sig.Protected()) || len(e.Unprotected) > 0 {
		return Op{}, fmt.Errorf("%w: envelope with other COSE headers", ErrForm)
	}
	op, err := Parse(circle, e.Payload)
	if err != nil {
		return Op{}, err
	}
	op.Sig = e.Signature
	return op, op.Verify(circle)
}
