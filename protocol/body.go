package protocol

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/klauspost/compress/flate"
	"golang.org/x/crypto/chacha20poly1305"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Why a body does not open. A body that does not open has no effect; its op
// stays in the log (SPEC.md §5.3).
var (
	// ErrBodyForm: the bytes are no sealed body, or what was sealed is no body.
	ErrBodyForm = errors.New("malformed body")
	// ErrBodyEpoch: the body is sealed under another secret.
	ErrBodyEpoch = errors.New("body of another epoch")
	// ErrCommit: the body is not committed to this secret. An author tried to
	// show different things to different people.
	ErrCommit = errors.New("body is not committed to its epoch secret")
	// ErrSeal: the body was changed, or belongs to another op.
	ErrSeal = errors.New("body does not belong to this op")
	// ErrTooLong: what is to be sealed exceeds [MaxBody] or [MaxPayload].
	ErrTooLong = errors.New("too long for a body")
)

// Opened is what a body says.
type Opened struct {
	Epoch membership.EpochID
	Kind  uint64
	// Payload is the encoded payload of that kind, inflated.
	Payload []byte
}

const (
	suite       = 1
	saltSize    = 16
	flagDeflate = 1
	padMark     = 0x80
	// minDeflate is the shortest payload that compression may help.
	minDeflate = 48
)

// sealed is a body as stored (SPEC.md §4.3).
type sealed struct {
	_      struct{} `cbor:",toarray"`
	Suite  uint64
	Epoch  membership.EpochID
	Salt   [saltSize]byte
	Commit [32]byte
	Text   []byte
}

// plain is what is padded and sealed.
type plain struct {
	_       struct{} `cbor:",toarray"`
	Kind    uint64
	Flags   uint64
	Payload []byte
}

// bodyContext binds a body to its place in one device's chain.
type bodyContext struct {
	_      struct{} `cbor:",toarray"`
	Label  string
	Circle crdt.ID
	Dev    crdt.Device
	Seq    uint64
}

// SealBody seals a payload of a kind as the body of op seq of dev. circle is
// zero for genesis. The salt comes from rand, so that a restored copy of a device
// that writes one seq twice never uses one key twice. The error wraps
// [ErrTooLong] when the payload does not fit a body.
func SealBody(rand io.Reader, s Secret, circle crdt.ID, dev crdt.Device, seq, kind uint64, payload []byte) ([]byte, error) {
	return s.CircleKey().Seal(rand, circle, dev, seq, kind, payload)
}

// SealNookBody is [SealBody] for a nook.
func SealNookBody(rand io.Reader, s Secret, circle crdt.ID, dev crdt.Device, seq, kind uint64, payload []byte) ([]byte, error) {
	return s.NookKey().Seal(rand, circle, dev, seq, kind, payload)
}

// Seal is [SealBody], or [SealNookBody] with the key of a nook.
func (k *Key) Seal(rand io.Reader, circle crdt.ID, dev crdt.Device, seq, kind uint64, payload []byte) ([]byte, error) {
	if len(payload) > MaxPayload || kind >= MaxKind {
		return nil, fmt.Errorf("%w: kind %d, payload of %d bytes", ErrTooLong, kind, len(payload))
	}
	b := sealed{Suite: suite, Epoch: k.id}
	if _, err := io.ReadFull(rand, b.Salt[:]); err != nil {
		return nil, fmt.Errorf("take a salt: %w", err)
	}
	key, commit := bodyKey(k.secret, b.Salt, k.label)
	b.Commit = commit
	b.Text = seal(key, bodyContext{Circle: circle, Dev: dev, Seq: seq}.aad(k.label), plainText(kind, payload))
	out := canon.MustMarshal(b)
	if len(out) > MaxBody {
		return nil, fmt.Errorf("%w: %d bytes sealed, limit %d", ErrTooLong, len(out), MaxBody)
	}
	return out, nil
}

// SealedBody is a body whose form was checked ([ParseBody]).
type SealedBody struct{ sealed sealed }

// ParseBody checks the form of a body. The error wraps [ErrBodyForm].
func ParseBody(body []byte) (SealedBody, error) {
	b, err := parseBody(body)
	return SealedBody{b}, err
}

// Epoch says under which secret the body is sealed.
func (b *SealedBody) Epoch() membership.EpochID { return b.sealed.Epoch }

// BodyEpoch says under which secret a body is sealed. The error wraps [ErrBodyForm].
func BodyEpoch(body []byte) (membership.EpochID, error) {
	b, err := parseBody(body)
	return b.Epoch, err
}

// OpenBody opens the body of op seq of dev with s, the secret of the epoch that
// [BodyEpoch] names. The error wraps one of the sentinels of this file.
func OpenBody(s Secret, circle crdt.ID, dev crdt.Device, seq uint64, body []byte) (Opened, error) {
	b, err := ParseBody(body)
	if err != nil {
		return Opened{}, err
	}
	k, named := s.KeyOf(b.Epoch())
	if !named {
		return Opened{}, ErrBodyEpoch
	}
	return k.Open(circle, dev, seq, b)
}

// Open opens the body of op seq of dev, which is sealed under this key. The error wraps
// one of the sentinels of this file.
func (k *Key) Open(circle crdt.ID, dev crdt.Device, seq uint64, b SealedBody) (Opened, error) {
	if b.sealed.Epoch != k.id {
		return Opened{}, ErrBodyEpoch
	}
	key, commit := bodyKey(k.secret, b.sealed.Salt, k.label)
	return open(b.sealed, key, commit, bodyContext{Circle: circle, Dev: dev, Seq: seq}.aad(k.label))
}

// BodyKey returns the key of one single body of the circle and its commitment, for a
// welcome pack ([Pack]). The error wraps [ErrBodyForm] or [ErrBodyEpoch].
func BodyKey(s Secret, body []byte) (key, commit [32]byte, err error) {
	b, err := parseBody(body)
	if err != nil {
		return key, commit, err
	}
	if b.Epoch != s.EpochID() {
		return key, commit, ErrBodyEpoch
	}
	key, commit = bodyKey(s, b.Salt, labelBody)
	return key, commit, nil
}

// OpenPacked opens a body with the key that a welcome pack brought. No body of a
// nook opens so.
func OpenPacked(key, commit [32]byte, circle crdt.ID, dev crdt.Device, seq uint64, body []byte) (Opened, error) {
	b, err := parseBody(body)
	if err != nil {
		return Opened{}, err
	}
	return open(b, key, commit, bodyContext{Circle: circle, Dev: dev, Seq: seq}.aad(labelBody))
}

func open(b sealed, key, commit [32]byte, aad []byte) (Opened, error) {
	if subtle.ConstantTimeCompare(commit[:], b.Commit[:]) != 1 {
		return Opened{}, ErrCommit
	}
	text, err := unseal(key, aad, b.Text)
	if err != nil {
		return Opened{}, ErrSeal
	}
	kind, payload, err := parsePlain(text)
	if err != nil {
		return Opened{}, err
	}
	return Opened{Epoch: b.Epoch, Kind: kind, Payload: payload}, nil
}

func parseBody(body []byte) (sealed, error) {
	if len(body) > MaxBody {
		return sealed{}, fmt.Errorf("%w: %d bytes, limit %d", ErrBodyForm, len(body), MaxBody)
	}
	var b sealed
	if err := canon.Unmarshal(body, &b); err != nil {
		return sealed{}, fmt.Errorf("%w: %w", ErrBodyForm, err)
	}
	if b.Suite != suite {
		return sealed{}, fmt.Errorf("%w: suite %d, know only %d", ErrBodyForm, b.Suite, suite)
	}
	return b, nil
}

// bodyKey derives key and commitment in one call, so that a body can be opened
// with one secret only.
func bodyKey(s Secret, salt [saltSize]byte, label string) (key, commit [32]byte) {
	okm := derive(s[:], salt[:], label, 64)
	return [32]byte(okm[:32]), [32]byte(okm[32:])
}

// aad is the associated data of a body under a label.
func (c bodyContext) aad(label string) []byte {
	c.Label = label
	return canon.MustMarshal(c)
}

// plainText encodes and pads what is to be sealed, deflated if that is shorter
// after padding.
func plainText(kind uint64, payload []byte) []byte {
	as := canon.MustMarshal(plain{Kind: kind, Payload: payload})
	if len(payload) < minDeflate {
		return pad(as, padme(len(as)+1))
	}
	if small := canon.MustMarshal(plain{Kind: kind, Flags: flagDeflate, Payload: deflate(payload)}); padme(len(small)+1) < padme(len(as)+1) {
		as = small
	}
	return pad(as, padme(len(as)+1))
}

func parsePlain(text []byte) (kind uint64, payload []byte, err error) {
	as, ok := unpad(text)
	if !ok {
		return 0, nil, fmt.Errorf("%w: padding without its mark", ErrBodyForm)
	}
	if padme(len(as)+1) != len(text) {
		return 0, nil, fmt.Errorf("%w: padded from %d to %d bytes", ErrBodyForm, len(as), len(text))
	}
	var p plain
	if err := canon.Unmarshal(as, &p); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrBodyForm, err)
	}
	switch {
	case p.Kind >= MaxKind:
		return 0, nil, fmt.Errorf("%w: kind %d", ErrBodyForm, p.Kind)
	case p.Flags == 0:
		return p.Kind, p.Payload, nil
	case p.Flags != flagDeflate:
		return 0, nil, fmt.Errorf("%w: flags %#x", ErrBodyForm, p.Flags)
	}
	payload, err = inflate(p.Payload)
	return p.Kind, payload, err
}

// padme is the padded length of n bytes: at most 12 % more, and only O(log log n)
// bits of the length show (Nikitin and others, "Reducing Metadata Leakage from
// Encrypted Files and Communication with PURBs", 2019).
func padme(n int) int {
	if n < 2 {
		return n
	}
	e := bits.Len(uint(n)) - 1
	zero := e - bits.Len(uint(e))
	mask := 1<<zero - 1
	return (n + mask) &^ mask
}

// pad appends the mark and as many zeros as make the length to; there is room
// for the mark.
func pad(b []byte, to int) []byte {
	out := make([]byte, to)
	copy(out, b)
	out[len(b)] = padMark
	return out
}

// unpad cuts the zeros and the mark off; false if there is no mark.
func unpad(b []byte) ([]byte, bool) {
	end := len(b)
	for end > 0 && b[end-1] == 0 {
		end--
	}
	if end == 0 || b[end-1] != padMark {
		return nil, false
	}
	return b[:end-1], true
}

// deflate compresses. In a short text hardly anything repeats, and looking for it
// takes four times as long as coding its letters; any writer may choose otherwise.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	if len(b) > 2<<10 {
		w := newDeflater(flate.DefaultCompression)
		writeAll(w, &out, b)
		return out.Bytes()
	}
	select {
	case w := <-spareDeflater:
		writeAll(w, &out, b)
		spareDeflater <- w
	default: // somebody else has it
		writeAll(newDeflater(flate.HuffmanOnly), &out, b)
	}
	return out.Bytes()
}

// spareDeflater holds one writer for short texts: to make one takes 0.1 ms and
// 300 KB, to use one 5 µs.
var spareDeflater = func() chan *flate.Writer {
	c := make(chan *flate.Writer, 1)
	c <- newDeflater(flate.HuffmanOnly)
	return c
}()

func newDeflater(level int) *flate.Writer {
	w, err := flate.NewWriter(io.Discard, level)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return w
}

// writeAll cannot fail: a bytes.Buffer takes everything.
func writeAll(w *flate.Writer, out *bytes.Buffer, b []byte) {
	w.Reset(out)
	w.Write(b)
	w.Close()
}

// spareInflater holds one reader, once there was one: it is 40 KB that would be made and
// cleared for each body.
var spareInflater = make(chan io.ReadCloser, 1)

// inflate takes raw DEFLATE back, at most [MaxPayload] bytes of it, with nothing
// left over.
func inflate(b []byte) ([]byte, error) {
	in := bytes.NewReader(b)
	var r io.ReadCloser
	select {
	case r = <-spareInflater:
	default: // somebody else has it
		r = flate.NewReader(in)
	}
	defer func() {
		select {
		case spareInflater <- r:
		default:
		}
	}()
	err := r.(flate.Resetter).Reset(in, nil)
	var out []byte
	if err == nil {
		out, err = io.ReadAll(io.LimitReader(r, MaxPayload+1))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: inflate: %w", ErrBodyForm, err)
	case len(out) > MaxPayload:
		return nil, fmt.Errorf("%w: inflates to more than %d bytes", ErrBodyForm, MaxPayload)
	case in.Len() > 0:
		return nil, fmt.Errorf("%w: %d bytes after the deflated payload", ErrBodyForm, in.Len())
	}
	return out, nil
}

// seal is ChaCha20-Poly1305 with the zero nonce: every key here is used once.
func seal(key [32]byte, aad, text []byte) []byte {
	a, err := chacha20poly1305.New(key[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	return a.Seal(nil, make([]byte, chacha20poly1305.NonceSize), text, aad)
}

func unseal(key [32]byte, aad, text []byte) ([]byte, error) {
	a, err := chacha20poly1305.New(key[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	return a.Open(nil, make([]byte, chacha20poly1305.NonceSize), text, aad)
}
