package p2p

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"
)

// AddPeer takes an address of a member's home, a multiaddr that ends in /p2p/ and
// the home's peer id, and dials it soon. It is kept for good once the home was met
// there. The error says why the address cannot be read.
func (n *Net) AddPeer(addr string) error {
	info, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	if len(info.Addrs) == 0 {
		return fmt.Errorf("read address: %q names a peer and no place", addr)
	}
	if _, err := keyOf(info.ID); err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	n.dialler.hint(info.ID, info.Addrs)
	return nil
}

// Addresses are the multiaddrs at which a peer may be reached, the likeliest first.
func (n *Net) Addresses(key PeerKey) []string {
	good, direct := n.book.known(key)
	var out []string
	for _, a := range appendNew(good, direct...) {
		out = append(out, a.String())
	}
	return out
}
