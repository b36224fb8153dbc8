package protocol

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"tend/crdt"
)

// Why a carry file is not taken.
var (
	// ErrNoCarry: the file is something else.
	ErrNoCarry = errors.New("not a carry file of Tend")
	// ErrCarryDamaged: its digest does not match, or a frame in it is malformed.
	ErrCarryDamaged = errors.New("the carry file is damaged or incomplete")
)

// carryMagic begins every carry file.
const carryMagic = "tend-carry-1\n"

const (
	carryHead    = len(carryMagic) + 32
	carryTrailer = sha256.Size
	frameLen     = 4
)

// CarryWriter writes a carry file (SPEC.md §9.1): frames that travel in a pocket.
// It belongs to one goroutine.
type CarryWriter struct {
	w   *bufio.Writer
	sum hash.Hash
}

// NewCarryWriter begins a carry file of circle on w.
func NewCarryWriter(w io.Writer, circle crdt.ID) (*CarryWriter, error) {
	c := &CarryWriter{w: bufio.NewWriter(w), sum: sha256.New()}
	return c, c.write([]byte(carryMagic), circle[:])
}

// Frame appends a frame. The error wraps [ErrFrameLimit], or is w's.
func (c *CarryWriter) Frame(f Frame) error {
	b, err := EncodeFrame(f)
	if err != nil {
		return err
	}
	return c.write(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b)
}

// Close ends the file with its digest. It does not close w.
func (c *CarryWriter) Close() error {
	if _, err := c.w.Write(c.sum.Sum(nil)); err != nil {
		return fmt.Errorf("write a carry file: %w", err)
	}
	if err := c.w.Flush(); err != nil {
		return fmt.Errorf("write a carry file: %w", err)
	}
	return nil
}

func (c *CarryWriter) write(parts ...[]byte) error {
	for _, p := range parts {
		c.sum.Write(p)
		if _, err := c.w.Write(p); err != nil {
			return fmt.Errorf("write a carry file: %w", err)
		}
	}
	return nil
}

// Carry is a carry file whose digest was checked.
type Carry struct {
	Circle crdt.ID

	r    io.ReaderAt
	size int64
}

// OpenCarry checks the digest of a carry file of size bytes, reading it whole,
// and returns it. The error wraps [ErrNoCarry] or [ErrCarryDamaged], or is r's.
func OpenCarry(r io.ReaderAt, size int64) (*Carry, error) {
	head := make([]byte, carryHead)
	if size < int64(carryHead) || size > MaxCarry {
		return nil, fmt.Errorf("%w: %d bytes", ErrNoCarry, size)
	}
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("read a carry file: %w", err)
	}
	if string(head[:len(carryMagic)]) != carryMagic {
		return nil, ErrNoCarry
	}
	if size < int64(carryHead+carryTrailer) {
		return nil, fmt.Errorf("%w: %d bytes", ErrCarryDamaged, size)
	}
	sum := sha256.New()
	end := size - int64(carryTrailer)
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, end)); err != nil {
		return nil, fmt.Errorf("read a carry file: %w", err)
	}
	trailer := make([]byte, carryTrailer)
	if n, err := r.ReadAt(trailer, end); n < carryTrailer {
		return nil, fmt.Errorf("read a carry file: %w", err)
	}
	if string(sum.Sum(nil)) != string(trailer) {
		return nil, fmt.Errorf("%w: digest", ErrCarryDamaged)
	}
	return &Carry{Circle: crdt.ID(head[len(carryMagic):]), r: r, size: size}, nil
}

// Frames yields the frames in order, one in memory at a time. Frames of a later
// version are passed over. An error ends the walk and wraps [ErrCarryDamaged], or
// is r's.
func (c *Carry) Frames() iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		at := int64(carryHead)
		end := c.size - int64(carryTrailer)
		in := bufio.NewReader(io.NewSectionReader(c.r, at, end-at))
		for at < end {
			f, n, err := nextFrame(in, end-at)
			if errors.Is(err, ErrUnknownFrame) {
				at += n
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if at += n; !yield(f, nil) {
				return
			}
		}
	}
}

// nextFrame reads a frame of which at most left bytes are there, its length
// included, and returns how many it took.
func nextFrame(in io.Reader, left int64) (Frame, int64, error) {
	var head [frameLen]byte
	if left < frameLen {
		return nil, 0, fmt.Errorf("%w: %d bytes left over", ErrCarryDamaged, left)
	}
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, 0, fmt.Errorf("read a carry file: %w", err)
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n > MaxFrame || n > left-frameLen {
		return nil, 0, fmt.Errorf("%w: frame of %d bytes", ErrCarryDamaged, n)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, 0, fmt.Errorf("read a carry file: %w", err)
	}
	f, err := DecodeFrame(data)
	if err != nil && !errors.Is(err, ErrUnknownFrame) {
		return nil, 0, fmt.Errorf("%w: %w", ErrCarryDamaged, err)
	}
	return f, frameLen + n, err
}
