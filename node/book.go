package node

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
	"tend/storage"
)

// rowAddress is where a circle's address book lies: p|peer → the network's own row.
const rowAddress = 'p'

// maxAddressRow bounds a row of the address book.
const maxAddressRow = 8 << 10

func row(key, value []byte) storage.Row { return storage.Row{Key: key, Value: value} }

// Addresses yields the rows of a circle's address book, ascending by peer.
func (n *Node) Addresses(id crdt.ID) iter.Seq2[membership.PeerKey, []byte] {
	return func(yield func(membership.PeerKey, []byte) bool) {
		x, err := n.runner(id)
		if err != nil {
			return
		}
		for row, err := range x.store.Scan([]byte{rowAddress}) {
			if err != nil {
				n.log.Warn("the address book could not be read", "err", err)
				return
			}
			if len(row.Key) == 33 && !yield(membership.PeerKey(row.Key[1:]), row.Value) {
				return
			}
		}
	}
}

// PutAddress keeps a peer's row in a circle's address book.
func (n *Node) PutAddress(id crdt.ID, peer membership.PeerKey, value []byte) error {
	if len(value) > maxAddressRow {
		return fmt.Errorf("address of %x: %d bytes, limit %d", peer[:4], len(value), maxAddressRow)
	}
	x, err := n.runner(id)
	if err != nil {
		return err
	}
	return x.store.Put(row(append([]byte{rowAddress}, peer[:]...), value))
}

// tagEdge is how long before and after midnight UTC both days' tags are used.
const tagEdge = time.Hour

// Tags are the names under which members find each other on the local network:
// one per circle and day, which a stranger cannot tell from noise, and one for
// each code shown or read face to face.
func (n *Node) Tags(now time.Time) []string {
	var out []string
	add := func(secret []byte, label string) {
		for _, at := range []time.Time{now.Add(-tagEdge), now.Add(tagEdge)} {
			if tag := dayTag(secret, label, at); !slices.Contains(out, tag) {
				out = append(out, tag)
			}
		}
	}
	for _, x := range n.runners() {
		if x.sharing(x.snap.Load()) {
			key := x.ring.held().LogKey
			add(key[:], "tend/mdns/1")
		}
	}
	for _, code := range n.entrance.faceCodes() {
		add(code.Secret[:], "tend/mdns/2")
	}
	for _, secret := range n.links.secrets() {
		add(secret[:], "tend/mdns/2")
	}
	return out
}

// dayTag is "_", ten base32 digits and "._udp" (SPEC.md §7.9).
func dayTag(secret []byte, label string, at time.Time) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(label))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(max(at.Unix(), 0))/86_400))
	return "_" + base32.StdEncoding.EncodeToString(mac.Sum(nil))[:10] + "._udp"
}

// faceCodes are the face-to-face codes this home shows or has scanned.
func (e *entrance) faceCodes() []protocol.FaceCode {
	var out []protocol.FaceCode
	if j, ok := e.shown(); ok {
		if code, err := protocol.ParseCode(j.Code); err == nil {
			if face, ok := code.(*protocol.FaceCode); ok {
				out = append(out, *face)
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range e.visits {
		if !v.over {
			out = append(out, v.code)
		}
	}
	return out
}
