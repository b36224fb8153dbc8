package protocol

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Why a backup is not taken.
var (
	// ErrNoBackup: the file is something else.
	ErrNoBackup = errors.New("not a backup of Tend")
	// ErrNewerBackup: a newer program wrote it.
	ErrNewerBackup = errors.New("the backup was written by a newer version")
	// ErrBackupDamaged: a record is malformed or out of place, the digest does not
	// match, or the end is missing.
	ErrBackupDamaged = errors.New("the backup is damaged or incomplete")
)

// backupMagic begins every backup; a later version has another number.
const (
	backupMagic  = "tend-backup-1\n"
	backupFamily = "tend-backup-"
)

// The records of a backup (SPEC.md §9.3). A record is an array whose first element
// is its kind; kinds are never used again for something else.
const (
	backupHead   = 1
	backupCircle = 2
	backupOp     = 3
	backupRow    = 4
	backupEnd    = 5
)

// BackupRecord is one of the records below.
type BackupRecord interface{ isBackupRecord() }

// BackupHead is the first record.
type BackupHead struct {
	_       struct{} `cbor:",toarray"`
	Kind    uint64
	Made    int64  // Unix milliseconds
	Program string // what wrote it, for people; at most MaxBackupText bytes
	// Seeds are the recovery seeds of the home: what 24 words stand for.
	Seeds []Secret
}

// BackupCircle begins a circle: the keys of a member, without those of the device
// that wrote the backup. A home that reads it makes a device of its own, so that
// one device key is never in two places.
type BackupCircle struct {
	_         struct{} `cbor:",toarray"`
	Kind      uint64
	Circle    crdt.ID
	Name      string // the circle's, for people
	Inception membership.Inception
	Root      Secret // Ed25519 seed of the member's root
	Next      Secret // of the root after it
	LogKey    Secret
	Secrets   []byte // of epochs and nooks, 32 bytes each
	Packed    []byte // keys of single bodies: op id, key, commitment, 32 bytes each
}

// BackupOp is an op of the circle begun last. They come in an order in which each
// comes after all that its author knew.
type BackupOp struct {
	_      struct{} `cbor:",toarray"`
	Kind   uint64
	Header []byte
	Sig    []byte // empty where a later op of the device covers it
	Body   []byte // empty if there is none, or not here
	Gone   bool   // Body was retracted, faded or pruned
}

// BackupRow is something of the person's own in the circle begun last, which is
// never sent to anybody.
type BackupRow struct {
	_     struct{} `cbor:",toarray"`
	Kind  uint64
	What  string // "group", "own", "place" or "waiting"; a reader passes over what it does not know
	Key   []byte
	Value []byte
}

// BackupEnd is the last record: how much there was.
type BackupEnd struct {
	_       struct{} `cbor:",toarray"`
	Kind    uint64
	Circles uint64
	Ops     uint64
}

func (*BackupHead) isBackupRecord()   {}
func (*BackupCircle) isBackupRecord() {}
func (*BackupOp) isBackupRecord()     {}
func (*BackupRow) isBackupRecord()    {}
func (*BackupEnd) isBackupRecord()    {}

// BackupWriter writes a backup in the clear: whoever calls it seals what comes out.
// It belongs to one goroutine.
type BackupWriter struct {
	w            *bufio.Writer
	sum          hash.Hash
	circles, ops uint64
}

// NewBackupWriter begins a backup on w.
func NewBackupWriter(w io.Writer, head BackupHead) (*BackupWriter, error) {
	b := &BackupWriter{w: bufio.NewWriter(w), sum: sha256.New()}
	if err := b.write([]byte(backupMagic)); err != nil {
		return nil, err
	}
	head.Kind = backupHead
	return b, b.record(&head)
}

// Circle begins a circle.
func (b *BackupWriter) Circle(c BackupCircle) error {
	c.Kind = backupCircle
	b.circles++
	return b.record(&c)
}

// Op appends an op of the circle begun last.
func (b *BackupWriter) Op(op *crdt.Op) error {
	b.ops++
	return b.record(&BackupOp{Kind: backupOp, Header: op.Payload, Sig: op.Sig, Body: op.Body, Gone: op.Gone})
}

// Row appends something of the person's own in the circle begun last.
func (b *BackupWriter) Row(what string, key, value []byte) error {
	return b.record(&BackupRow{Kind: backupRow, What: what, Key: key, Value: value})
}

// Close ends the backup. It does not close what it was written to.
func (b *BackupWriter) Close() error {
	if err := b.record(&BackupEnd{Kind: backupEnd, Circles: b.circles, Ops: b.ops}); err != nil {
		return err
	}
	if _, err := b.w.Write(b.sum.Sum(nil)); err != nil {
		return fmt.Errorf("write a backup: %w", err)
	}
	if err := b.w.Flush(); err != nil {
		return fmt.Errorf("write a backup: %w", err)
	}
	return nil
}

func (b *BackupWriter) record(r BackupRecord) error {
	data, err := canon.Marshal(r)
	if err != nil {
		return fmt.Errorf("write a backup: %w", err)
	}
	if len(data) > MaxBackupRecord {
		return fmt.Errorf("write a backup: a record of %d bytes, limit %d", len(data), MaxBackupRecord)
	}
	return b.write(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data)
}

func (b *BackupWriter) write(parts ...[]byte) error {
	for _, p := range parts {
		b.sum.Write(p)
		if _, err := b.w.Write(p); err != nil {
			return fmt.Errorf("write a backup: %w", err)
		}
	}
	return nil
}

// BackupReader reads a backup in the clear, one record in memory at a time. It
// belongs to one goroutine.
type BackupReader struct {
	r            *bufio.Reader
	sum          hash.Hash
	begun        bool // the head was read
	circles, ops uint64
	err          error // ends the reading
}

// NewBackupReader begins to read a backup. The error wraps [ErrNoBackup],
// [ErrBackupDamaged] or [ErrNewerBackup], or is r's.
func NewBackupReader(r io.Reader) (*BackupReader, error) {
	b := &BackupReader{r: bufio.NewReader(r), sum: sha256.New()}
	magic := make([]byte, len(backupMagic))
	n, err := io.ReadFull(b.r, magic)
	switch {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("read a backup: %w", err)
	case string(magic[:n]) == backupMagic:
		b.sum.Write(magic)
		return b, nil
	case n < len(backupMagic) && n >= len(backupFamily) && strings.HasPrefix(backupMagic, string(magic[:n])):
		return nil, fmt.Errorf("%w: it ends too soon", ErrBackupDamaged)
	case n == len(backupMagic) && strings.HasPrefix(string(magic), backupFamily):
		return nil, ErrNewerBackup
	}
	return nil, ErrNoBackup
}

// Next returns the next record: a head, then circles, each followed by its ops and
// rows, then an end. After the end it returns [io.EOF], if the digest matches and
// nothing follows. Any other error ends the reading; it wraps [ErrBackupDamaged] or
// [ErrNewerBackup], or is the reader's.
func (b *BackupReader) Next() (BackupRecord, error) {
	if b.err != nil {
		return nil, b.err
	}
	r, err := b.next()
	if err != nil {
		b.err = err
		return nil, err
	}
	if _, last := r.(*BackupEnd); last {
		if b.err = b.finish(); !errors.Is(b.err, io.EOF) {
			return nil, b.err
		}
	}
	return r, nil
}

func (b *BackupReader) next() (BackupRecord, error) {
	var head [4]byte
	if err := b.full(head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > MaxBackupRecord {
		return nil, fmt.Errorf("%w: a record of %d bytes", ErrBackupDamaged, n)
	}
	data, err := b.take(int(n))
	if err != nil {
		return nil, err
	}
	r, err := decodeBackup(data)
	if err != nil {
		return nil, err
	}
	return r, b.place(r)
}

// take reads n bytes, and no more memory than what is really there.
func (b *BackupReader) take(n int) ([]byte, error) {
	var out []byte
	for len(out) < n {
		at := len(out)
		out = append(out, make([]byte, min(n-at, 64<<10))...)
		if err := b.full(out[at:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// full fills p with what is part of the digest.
func (b *BackupReader) full(p []byte) error {
	_, err := io.ReadFull(b.r, p)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too soon", ErrBackupDamaged)
	}
	if err != nil {
		return fmt.Errorf("read a backup: %w", err)
	}
	b.sum.Write(p)
	return nil
}

// decodeBackup reads one record.
func decodeBackup(data []byte) (BackupRecord, error) {
	var front []canon.Raw
	var kind uint64
	if canon.Unmarshal(data, &front) != nil || len(front) == 0 || canon.Unmarshal(front[0], &kind) != nil {
		return nil, fmt.Errorf("%w: a record that cannot be read", ErrBackupDamaged)
	}
	var r BackupRecord
	switch kind {
	case backupHead:
		r = &BackupHead{}
	case backupCircle:
		r = &BackupCircle{}
	case backupOp:
		r = &BackupOp{}
	case backupRow:
		r = &BackupRow{}
	case backupEnd:
		r = &BackupEnd{}
	default:
		return nil, fmt.Errorf("%w: a record of kind %d", ErrNewerBackup, kind)
	}
	if err := canon.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%w: a record of kind %d that cannot be read", ErrBackupDamaged, kind) // the decoder's words might quote a key
	}
	return r, nil
}

// place checks that a record may stand where it does, and its limits.
func (b *BackupReader) place(r BackupRecord) error {
	misplaced := fmt.Errorf("%w: a record that does not belong there", ErrBackupDamaged)
	_, first := r.(*BackupHead)
	if first == b.begun {
		return misplaced
	}
	b.begun = true
	switch r := r.(type) {
	case *BackupHead:
		return limits(len(r.Program) <= MaxBackupText && len(r.Seeds) <= MaxBackupSeeds)
	case *BackupCircle:
		b.circles++
		return limits(b.circles <= MaxBackupCircles && len(r.Name) <= MaxBackupText && len(r.Secrets)%32 == 0 && len(r.Packed)%96 == 0)
	case *BackupOp:
		b.ops++
		if b.circles == 0 {
			return misplaced
		}
		return limits(len(r.Header) <= crdt.MaxHeaderSize && (len(r.Sig) == 0 || len(r.Sig) == 64) && len(r.Body) <= MaxBody && (!r.Gone || len(r.Body) == 0))
	case *BackupRow:
		if b.circles == 0 {
			return misplaced
		}
		return limits(len(r.What) <= MaxBackupText && len(r.Key) <= MaxBackupText && len(r.Value) <= MaxBody)
	case *BackupEnd:
		if r.Circles != b.circles || r.Ops != b.ops {
			return fmt.Errorf("%w: %d circles with %d ops, and it says %d with %d", ErrBackupDamaged, b.circles, b.ops, r.Circles, r.Ops)
		}
	}
	return nil
}

func limits(kept bool) error {
	if !kept {
		return fmt.Errorf("%w: a record over its limits", ErrBackupDamaged)
	}
	return nil
}

// finish compares the digest and wants nothing after it. It returns io.EOF if all
// is well.
func (b *BackupReader) finish() error {
	want := b.sum.Sum(nil)
	got := make([]byte, len(want))
	if err := b.full(got); err != nil {
		return err
	}
	if string(got) != string(want) {
		return fmt.Errorf("%w: digest", ErrBackupDamaged)
	}
	switch _, err := b.r.ReadByte(); {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return fmt.Errorf("read a backup: %w", err)
	}
	return fmt.Errorf("%w: something follows its end", ErrBackupDamaged)
}

// Op reads the op of a circle. Its signature, if it has one, is not checked. The
// error wraps [ErrBackupDamaged].
func (r *BackupOp) Op(circle crdt.ID) (crdt.Op, error) {
	op, err := crdt.Parse(circle, r.Header)
	if err != nil {
		return crdt.Op{}, fmt.Errorf("%w: %w", ErrBackupDamaged, err)
	}
	op.Sig, op.Gone = r.Sig, r.Gone
	if len(r.Body) > 0 {
		op.Body = r.Body
		if err := op.CheckBody(op.Body); err != nil {
			return crdt.Op{}, fmt.Errorf("%w: %w", ErrBackupDamaged, err)
		}
	}
	return op, nil
}
