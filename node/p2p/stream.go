package p2p

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"tend/crdt"
	"tend/protocol"
)

// syncVersion is the first byte of a sync stream; the circle's id follows.
const syncVersion = 1

var (
	errOversize = errors.New("frame over the limit")
	errVersion  = errors.New("stream of another version")
)

// wire is a stream cut into frames: u32 big-endian length, then that many bytes
// (SPEC.md §7.3). One goroutine may read while another writes. Each frame has its
// time: a peer that neither reads nor writes is given up.
type wire struct {
	stream network.Stream
	// reads and writes bound one frame each; zero: the stream's own deadline stands.
	reads, writes time.Duration
}

// open begins a sync stream.
func (w *wire) open(circle crdt.ID) error {
	_, err := w.stream.Write(append([]byte{syncVersion}, circle[:]...))
	return err
}

// opened reads the beginning of a sync stream.
func (w *wire) opened() (crdt.ID, error) {
	var head [1 + len(crdt.ID{})]byte
	if _, err := io.ReadFull(w.stream, head[:]); err != nil {
		return crdt.ID{}, err
	}
	if head[0] != syncVersion {
		return crdt.ID{}, fmt.Errorf("%w: %d", errVersion, head[0])
	}
	return crdt.ID(head[1:]), nil
}

// readBytes reads one frame of at most limit bytes. The end of the stream between
// frames is io.EOF. No more memory is taken than arrives, rounded up to 64 KiB.
func (w *wire) readBytes(limit int) ([]byte, error) {
	if w.reads > 0 {
		w.stream.SetReadDeadline(time.Now().Add(w.reads))
	}
	var head [4]byte
	if _, err := io.ReadFull(w.stream, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if uint64(size) > uint64(limit) {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", errOversize, size, limit)
	}
	const step = 64 << 10
	data := make([]byte, 0, min(int(size), step))
	for len(data) < int(size) {
		from := len(data)
		data = append(data, make([]byte, min(int(size)-from, step))...)
		if _, err := io.ReadFull(w.stream, data[from:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if w.reads > 0 {
			w.stream.SetReadDeadline(time.Now().Add(w.reads))
		}
	}
	return data, nil
}

// writeBytes writes one frame.
func (w *wire) writeBytes(data []byte) error {
	if len(data) > maxFrame {
		return fmt.Errorf("%w: %d bytes, limit %d", errOversize, len(data), maxFrame)
	}
	if w.writes > 0 {
		w.stream.SetWriteDeadline(time.Now().Add(w.writes))
	}
	_, err := w.stream.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...))
	return err
}

// write encodes and writes one frame.
func (w *wire) write(f protocol.Frame) error {
	data, err := protocol.EncodeFrame(f)
	if err != nil {
		return err
	}
	return w.writeBytes(data)
}
