package protocol

import (
	"crypto/ed25519"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Why a text is not taken as a code; each has its own sentence for people.
var (
	// ErrNoCode: the text is something else altogether.
	ErrNoCode = errors.New("not a code of Tend")
	// ErrCodeCut: it begins as a code, and the end is missing.
	ErrCodeCut = errors.New("the code is cut off")
	// ErrCodeForm: it begins as a code, and something in it is wrong.
	ErrCodeForm = errors.New("the code is damaged")
	// ErrCodeVersion: a code of a version of Tend that is not known here.
	ErrCodeVersion = errors.New("a code of a newer version")
)

// codePrefix begins the text of every code.
const codePrefix = "TEND:"

var codeText = base32.StdEncoding.WithPadding(base32.NoPadding)

// The versions of codes.
const (
	inviteVersion = 1
	faceVersion   = 2
)

// Code is what a QR code or a text says: an [*Invite] or a [*FaceCode].
type Code interface {
	// Text returns the code for people and cameras: "TEND:" and base32 in upper
	// case, of at most [MaxCode] bytes; what does not fit is left out at the end.
	Text() string
	isCode()
}

// Contact is a door: a node, and where it may be found, the best address first.
type Contact struct {
	_     struct{} `cbor:",toarray"`
	Peer  membership.PeerKey
	Addrs [][]byte // binary multiaddrs
}

// Invite is a bearer code: whoever shows it is let in by any member with voice
// (SPEC.md §6.2). It is frozen as version 1.
type Invite struct {
	Circle crdt.ID
	// Seed is what the bearer knows and proves.
	Seed [16]byte
	// Ctl begins the id of a control head at issue: a log without it is stale.
	Ctl [16]byte
	// Expiry is in Unix hours.
	Expiry uint64
	// Contacts are the inviter first, then other members that are often there.
	Contacts []Contact
}

type wireInvite struct {
	_        struct{} `cbor:",toarray"`
	Version  uint64
	Circle   crdt.ID
	Seed     [16]byte
	Ctl      [16]byte
	Expiry   uint64
	Contacts []Contact
}

func (*Invite) isCode() {}

// ID returns the id by which the log knows the invite.
func (v Invite) ID() membership.InviteID {
	return membership.InviteID(derive(v.Seed[:], nil, labelInviteID, 16))
}

// Key returns the key with which the bearer signs; the log has its public half.
func (v Invite) Key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(derive(v.Seed[:], nil, labelInviteKey, 32))
}

// Public returns the public half of [Invite.Key].
func (v Invite) Public() [32]byte { return [32]byte(v.Key().Public().(ed25519.PublicKey)) }

// Text returns the invite as a code. Contacts are dropped from the end until it
// fits, of the last one its addresses first.
func (v Invite) Text() string {
	w := wireInvite{Version: inviteVersion, Circle: v.Circle, Seed: v.Seed, Ctl: v.Ctl, Expiry: v.Expiry}
	for _, c := range v.Contacts[:min(len(v.Contacts), MaxContacts)] {
		w.Contacts = append(w.Contacts, Contact{Peer: c.Peer, Addrs: fitting(c.Addrs)})
	}
	for {
		b := canon.MustMarshal(w)
		if len(b) <= MaxCode {
			return codePrefix + codeText.EncodeToString(b)
		}
		last := len(w.Contacts) - 1
		if n := len(w.Contacts[0].Addrs); last == 0 && n > 1 {
			w.Contacts[0].Addrs = w.Contacts[0].Addrs[:n-1]
			continue
		}
		w.Contacts = w.Contacts[:last]
	}
}

// FaceCode is what a newcomer's screen shows to the one member who is to let
// them in (SPEC.md §6.1). It is frozen as version 2.
type FaceCode struct {
	// Inception is the id of the newcomer's inception: who is to be let in.
	Inception crdt.ID
	Peer      membership.PeerKey
	// Secret keeps strangers from answering the code's owner in the member's place.
	Secret [16]byte
	Addrs  [][]byte // binary multiaddrs
}

type wireFaceCode struct {
	_         struct{} `cbor:",toarray"`
	Version   uint64
	Inception crdt.ID
	Peer      membership.PeerKey
	Secret    [16]byte
	Addrs     [][]byte
}

func (*FaceCode) isCode() {}

// Text returns the code; addresses are dropped from the end until it fits.
func (f FaceCode) Text() string {
	w := wireFaceCode{Version: faceVersion, Inception: f.Inception, Peer: f.Peer, Secret: f.Secret, Addrs: fitting(f.Addrs)}
	for {
		b := canon.MustMarshal(w)
		if len(b) <= MaxCode {
			return codePrefix + codeText.EncodeToString(b)
		}
		w.Addrs = w.Addrs[:len(w.Addrs)-1]
	}
}

// fitting returns the first addresses that a code may hold.
func fitting(addrs [][]byte) [][]byte {
	out := [][]byte{}
	for _, a := range addrs {
		if len(out) < MaxContactAddrs && len(a) > 0 && len(a) <= MaxAddr {
			out = append(out, a)
		}
	}
	return out
}

// ParseCode reads a code as people hand it on: with blanks and line breaks, in
// lower case. It does not look at the expiry. The error wraps [ErrNoCode],
// [ErrCodeCut], [ErrCodeForm] or [ErrCodeVersion].
func ParseCode(text string) (Code, error) {
	if len(text) > MaxCodeText {
		return nil, fmt.Errorf("%w: %d bytes of text", ErrNoCode, len(text))
	}
	clean := strings.ToUpper(strings.Map(inkOnly, text))
	letters, found := strings.CutPrefix(clean, codePrefix)
	if !found {
		return nil, ErrNoCode
	}
	if len(letters) > codeText.EncodedLen(MaxCode) {
		return nil, fmt.Errorf("%w: %d letters, limit %d", ErrCodeForm, len(letters), codeText.EncodedLen(MaxCode))
	}
	for i, r := range letters {
		if (r < 'A' || r > 'Z') && (r < '2' || r > '7') {
			return nil, fmt.Errorf("%w: %q at letter %d", ErrCodeForm, r, i+1)
		}
	}
	b, err := codeText.DecodeString(letters)
	if err != nil || len(b) < 2 || codeText.EncodeToString(b) != letters {
		// The alphabet is right, so the number of letters is not, or bits of a
		// letter that should follow are left over in the last one.
		return nil, ErrCodeCut
	}
	return parseCodeBytes(b)
}

// inkOnly drops what is added when a code is wrapped, spaced or pasted.
func inkOnly(r rune) rune {
	if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

func parseCodeBytes(b []byte) (Code, error) {
	switch version := b[1]; {
	case b[0] < 0x80 || b[0] > 0x97:
		return nil, fmt.Errorf("%w: not an array", ErrCodeForm)
	case version == inviteVersion:
		var w wireInvite
		if err := decodeCode(b, &w); err != nil {
			return nil, err
		}
		v := &Invite{Circle: w.Circle, Seed: w.Seed, Ctl: w.Ctl, Expiry: w.Expiry, Contacts: w.Contacts}
		if err := v.check(); err != nil {
			return nil, err
		}
		return v, nil
	case version == faceVersion:
		var w wireFaceCode
		if err := decodeCode(b, &w); err != nil {
			return nil, err
		}
		f := &FaceCode{Inception: w.Inception, Peer: w.Peer, Secret: w.Secret, Addrs: w.Addrs}
		if err := checkAddrs(f.Addrs); err != nil {
			return nil, err
		}
		return f, nil
	case version == linkVersion:
		return parseLinkCode(b)
	case version == recoverVersion:
		return parseRecoverCode(b)
	case version < 0x1c:
		return nil, fmt.Errorf("%w: version %d", ErrCodeVersion, version)
	}
	return nil, fmt.Errorf("%w: no version", ErrCodeForm)
}

func decodeCode(b []byte, into any) error {
	err := canon.Unmarshal(b, into)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %w", ErrCodeCut, err)
	}
	return fmt.Errorf("%w: %w", ErrCodeForm, err)
}

func (v *Invite) check() error {
	if len(v.Contacts) > MaxContacts {
		return fmt.Errorf("%w: %d contacts, limit %d", ErrCodeForm, len(v.Contacts), MaxContacts)
	}
	if v.Expiry >= MaxExpiry {
		return fmt.Errorf("%w: expiry out of range", ErrCodeForm)
	}
	for _, c := range v.Contacts {
		if err := checkAddrs(c.Addrs); err != nil {
			return err
		}
	}
	return nil
}

func checkAddrs(addrs [][]byte) error {
	if len(addrs) > MaxContactAddrs {
		return fmt.Errorf("%w: %d addresses, limit %d", ErrCodeForm, len(addrs), MaxContactAddrs)
	}
	for _, a := range addrs {
		if len(a) == 0 || len(a) > MaxAddr {
			return fmt.Errorf("%w: address of %d bytes, limit %d", ErrCodeForm, len(a), MaxAddr)
		}
	}
	return nil
}
