package p2p

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/protocol"
)

const (
	recordEvery  = 6 * time.Hour    // a fresh record, though nothing changed
	recordSettle = 10 * time.Second // addresses come in bursts: one record for all
	maxSeqAhead  = 24 * time.Hour   // a record dated further ahead would stay for ever
	keptSets     = 3                // earlier address sets kept of a peer
	keepSets     = 30 * 24 * time.Hour
	maxPassed    = 16 // records passed on at once: more of them are this home's catching up, and no news
)

// row is what is kept of a peer in the store, one per circle.
type row struct {
	_      struct{} `cbor:",toarray"`
	V      uint64
	Seq    uint64 // of the record; nanoseconds since 1970 by the peer's clock
	Record []byte // signed envelope; empty if the peer was only met
	Relay  bool   // was seen relaying
	Good   []byte // binary multiaddr of the last direct connection from here
	GoodAt uint64 // Unix milliseconds
	Past   []addrSet
}

// addrSet is a set of public addresses a peer had.
type addrSet struct {
	_     struct{} `cbor:",toarray"`
	At    uint64   // Unix milliseconds when it was last current
	Addrs [][]byte // ascending
}

// entry is a row and its record, opened.
type entry struct {
	row
	addrs []ma.Multiaddr // of the record
	past  []ma.Multiaddr // of the earlier sets
	good  ma.Multiaddr
}

// book keeps one signed address record per member and where each was last met
// (SPEC.md §7.9). It is loaded from the home, and every change is written there.
type book struct {
	n   *Net
	key crypto.PrivKey

	via     atomic.Pointer[map[peer.ID]bool] // relays in members' records; nil: to be looked for
	mu      sync.Mutex
	circles map[crdt.ID]map[PeerKey]*entry
	own     []byte // this home's signed record
	ownSeq  uint64
	ownSet  []ma.Multiaddr
	made    time.Time
	timer   *time.Timer
}

func newBook(n *Net, key crypto.PrivKey) *book {
	return &book{n: n, key: key, circles: map[crdt.ID]map[PeerKey]*entry{}}
}

// of returns the rows of a circle, read from the home at first need. The caller
// holds b.mu.
func (b *book) of(circle crdt.ID) map[PeerKey]*entry {
	if rows, ok := b.circles[circle]; ok {
		return rows
	}
	rows := map[PeerKey]*entry{}
	for key, data := range b.n.home.Addresses(circle) {
		var e entry
		if err := canon.Unmarshal(data, &e.row); err != nil {
			b.n.log.Warn("address row left out", "peer", PeerID(key), "err", err)
			continue
		}
		if len(e.Record) > 0 {
			_, addrs, _, err := openRecord(e.Record)
			if err != nil {
				b.n.log.Warn("address record left out", "peer", PeerID(key), "err", err)
				continue
			}
			e.addrs = addrs
		}
		e.good, _ = ma.NewMultiaddrBytes(e.Good)
		for _, set := range e.Past {
			e.past = append(e.past, multiaddrs(set.Addrs)...)
		}
		rows[key] = &e
	}
	b.circles[circle] = rows
	return rows
}

func (b *book) put(circle crdt.ID, key PeerKey, e *entry) {
	b.of(circle)[key] = e
	b.via.Store(nil)
	if err := b.n.home.PutAddress(circle, key, canon.MustMarshal(e.row)); err != nil {
		b.n.log.Warn("keep address", "peer", PeerID(key), "err", err)
	}
}

// openRecord checks a signed address record and returns whose it is.
func openRecord(data []byte) (PeerKey, []ma.Multiaddr, uint64, error) {
	if len(data) > maxRecord {
		return PeerKey{}, nil, 0, fmt.Errorf("address record of %d bytes, limit %d", len(data), maxRecord)
	}
	env, rec, err := record.ConsumeEnvelope(data, peer.PeerRecordEnvelopeDomain)
	if err != nil {
		return PeerKey{}, nil, 0, fmt.Errorf("address record: %w", err)
	}
	pr, ok := rec.(*peer.PeerRecord)
	if !ok || !pr.PeerID.MatchesPublicKey(env.PublicKey) {
		return PeerKey{}, nil, 0, errors.New("address record signed by somebody else")
	}
	if len(pr.Addrs) > maxRecordAddrs {
		return PeerKey{}, nil, 0, fmt.Errorf("address record with %d addresses, limit %d", len(pr.Addrs), maxRecordAddrs)
	}
	key, err := keyOf(pr.PeerID)
	return key, pr.Addrs, pr.Seq, err
}

// take keeps the records that are of members of circle, newer than what is kept,
// and not from the future. What is news here may be so for others: a member who
// joined, or moved, cannot reach all by itself.
func (b *book) take(circle crdt.ID, from peer.ID, records [][]byte) {
	var news [][]byte
	members := map[PeerKey]bool{}
	for _, c := range b.n.home.Contacts() {
		if slices.Contains(c.Circles, circle) {
			members[c.Peer] = true
		}
	}
	latest := uint64(b.n.cfg.Now().Add(maxSeqAhead).UnixNano())
	for _, data := range records {
		key, addrs, seq, err := openRecord(data)
		if err != nil {
			b.n.log.Debug("address record refused", "err", err)
			continue
		}
		if !members[key] || seq > latest {
			continue
		}
		if b.replace(circle, key, data, addrs, seq) {
			b.n.dialler.hear(peerOf(key))
			news = append(news, data)
		}
	}
	if len(news) > 0 && len(news) <= maxPassed {
		b.n.spawn(func() { b.n.passOn(circle, from, news) })
	}
}

func (b *book) replace(circle crdt.ID, key PeerKey, data []byte, addrs []ma.Multiaddr, seq uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := &entry{}
	if old := b.of(circle)[key]; old != nil {
		if old.Seq >= seq {
			return false
		}
		*e = *old
	}
	e.remember(b.n.cfg.Now())
	e.V, e.Seq, e.Record, e.addrs = 1, seq, data, addrs
	b.put(circle, key, e)
	return true
}

// remember moves the public addresses of the present record to the earlier sets.
func (e *entry) remember(now time.Time) {
	var public [][]byte
	for _, a := range e.addrs {
		if manet.IsPublicAddr(a) && !isCircuit(a) {
			public = append(public, a.Bytes())
		}
	}
	if len(public) == 0 {
		return
	}
	slices.SortFunc(public, bytes.Compare)
	sets := []addrSet{{At: uint64(now.UnixMilli()), Addrs: public}}
	for _, s := range e.Past {
		same := slices.EqualFunc(s.Addrs, public, bytes.Equal)
		old := now.Sub(time.UnixMilli(int64(s.At))) > keepSets
		if !same && !old && len(sets) < keptSets {
			sets = append(sets, s)
		}
	}
	e.Past, e.past = sets, nil
	for _, s := range sets {
		e.past = append(e.past, multiaddrs(s.Addrs)...)
	}
}

// met notes where a peer was reached without anybody between.
func (b *book) met(p peer.ID, addr ma.Multiaddr) {
	b.note(p, func(e *entry) bool {
		if bytes.Equal(e.Good, addr.Bytes()) {
			return false
		}
		e.good, e.Good, e.GoodAt = addr, addr.Bytes(), uint64(b.n.cfg.Now().UnixMilli())
		return true
	})
}

// mark notes whether a peer relays.
func (b *book) mark(p peer.ID, relays bool) {
	b.note(p, func(e *entry) bool {
		same := e.Relay == relays
		e.Relay = relays
		return !same
	})
}

// note changes the row of a peer in each circle, where change says that it did.
func (b *book) note(p peer.ID, change func(e *entry) bool) {
	key, err := keyOf(p)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, circle := range b.n.home.Shared(key) {
		e := &entry{}
		if old := b.of(circle)[key]; old != nil {
			*e = *old
		}
		if change(e) {
			e.V = 1
			b.put(circle, key, e)
		}
	}
}

// table is the (peer, seq) list of a circle, ascending, this home's own included.
func (b *book) table(circle crdt.ID) []protocol.AddrSeq {
	b.refresh()
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []protocol.AddrSeq
	for key, e := range b.of(circle) {
		if len(e.Record) > 0 {
			out = append(out, protocol.AddrSeq{Peer: key, Seq: e.Seq})
		}
	}
	if len(b.own) > 0 {
		own, _ := keyOf(b.n.host.ID())
		out = append(out, protocol.AddrSeq{Peer: own, Seq: b.ownSeq})
	}
	slices.SortFunc(out, func(x, y protocol.AddrSeq) int { return bytes.Compare(x.Peer[:], y.Peer[:]) })
	return out
}

// mine is this home's own record.
func (b *book) mine() [][]byte {
	b.refresh()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.own) == 0 {
		return nil
	}
	return [][]byte{b.own}
}

// missing are the records newer than those in theirs, this home's own first and
// relaying members' next, up to maxAddrBytes and protocol.MaxAddrRecords.
func (b *book) missing(circle crdt.ID, theirs []protocol.AddrSeq) [][]byte {
	seqs := map[PeerKey]uint64{}
	for _, t := range theirs {
		seqs[t.Peer] = t.Seq
	}
	b.refresh()
	b.mu.Lock()
	defer b.mu.Unlock()
	var out [][]byte
	total := 0
	add := func(key PeerKey, seq uint64, data []byte) {
		if len(data) > 0 && seqs[key] < seq && total+len(data) <= maxAddrBytes && len(out) < protocol.MaxAddrRecords {
			out, total = append(out, data), total+len(data)
		}
	}
	own, _ := keyOf(b.n.host.ID())
	add(own, b.ownSeq, b.own)
	rows := b.of(circle)
	keys := slices.SortedFunc(maps.Keys(rows), func(x, y PeerKey) int {
		return cmp.Or(cmp.Compare(rank(rows[x].Relay), rank(rows[y].Relay)), bytes.Compare(x[:], y[:]))
	})
	for _, key := range keys {
		add(key, rows[key].Seq, rows[key].Record)
	}
	return out
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// refresh seals this home's own record if its addresses are others than those in
// it, or it is old. It reports whether there is a new one.
func (b *book) refresh() bool {
	addrs := b.n.host.Addrs()
	slices.SortFunc(addrs, func(x, y ma.Multiaddr) int { return bytes.Compare(x.Bytes(), y.Bytes()) })
	addrs = addrs[:min(len(addrs), maxRecordAddrs)]
	b.mu.Lock()
	defer b.mu.Unlock()
	same := slices.EqualFunc(addrs, b.ownSet, func(x, y ma.Multiaddr) bool { return x.Equal(y) })
	if same && time.Since(b.made) < recordEvery {
		return false
	}
	r := &peer.PeerRecord{PeerID: b.n.host.ID(), Addrs: addrs, Seq: max(uint64(b.n.cfg.Now().UnixNano()), b.ownSeq+1)}
	env, err := record.Seal(r, b.key)
	if err != nil {
		b.n.log.Error("sign own address record", "err", err)
		return false
	}
	data, err := env.Marshal()
	if err != nil || len(data) > maxRecord {
		b.n.log.Error("own address record", "bytes", len(data), "err", err)
		return false
	}
	b.own, b.ownSeq, b.ownSet, b.made = data, r.Seq, addrs, time.Now()
	return true
}

// changed spreads a new record once the addresses have settled.
func (b *book) changed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
	b.timer = time.AfterFunc(recordSettle, func() {
		b.n.spawn(func() {
			if b.n.ctx.Err() == nil && b.refresh() {
				b.n.spread()
			}
		})
	})
}

// stop ends what changed began.
func (b *book) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
}

// known are the direct addresses of a peer in the order to try them: where it was
// last met, its record's, earlier ones.
func (b *book) known(key PeerKey) (good, direct []ma.Multiaddr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, circle := range b.n.home.Shared(key) {
		e := b.of(circle)[key]
		if e == nil {
			continue
		}
		if e.good != nil {
			good = appendNew(good, e.good)
		}
		direct = appendNew(direct, e.addrs...)
		direct = appendNew(direct, e.past...)
	}
	return good, slices.DeleteFunc(direct, b.n.useless)
}

// relays are the members who were seen relaying, ascending.
func (b *book) relays() []PeerKey {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []PeerKey
	for _, circle := range b.n.home.Circles() {
		for key, e := range b.of(circle) {
			if e.Relay && !slices.Contains(out, key) {
				out = append(out, key)
			}
		}
	}
	slices.SortFunc(out, func(x, y PeerKey) int { return bytes.Compare(x[:], y[:]) })
	return out
}

// leadsOver reports whether a relay stands in the record of a member.
func (n *Net) leadsOver(p peer.ID) bool {
	via := n.book.via.Load()
	if via == nil {
		via = n.book.lookVia()
	}
	return (*via)[p]
}

func (b *book) lookVia() *map[peer.ID]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	via := map[peer.ID]bool{}
	for _, circle := range b.n.home.Circles() {
		for _, e := range b.of(circle) {
			for _, a := range e.addrs {
				if p := relayIn(a); p != "" {
					via[p] = true
				}
			}
		}
	}
	b.via.Store(&via)
	return &via
}

func appendNew(list []ma.Multiaddr, more ...ma.Multiaddr) []ma.Multiaddr {
	for _, a := range more {
		if !slices.ContainsFunc(list, a.Equal) {
			list = append(list, a)
		}
	}
	return list
}

func multiaddrs(data [][]byte) []ma.Multiaddr {
	var out []ma.Multiaddr
	for _, b := range data {
		if a, err := ma.NewMultiaddrBytes(b); err == nil {
			out = append(out, a)
		}
	}
	return out
}

func isCircuit(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_CIRCUIT)
	return err == nil
}

func allLoopback(addrs []ma.Multiaddr) bool {
	return !slices.ContainsFunc(addrs, func(a ma.Multiaddr) bool { return !manet.IsIPLoopback(a) })
}

// useless reports whether an address of somebody else can lead nowhere, or
// somewhere it must not: loopback unless this home itself is only there,
// link-local, multicast, unspecified.
func (n *Net) useless(a ma.Multiaddr) bool {
	if isCircuit(a) {
		return n.loopback && n.cfg.Relays == nil
	}
	ip, err := manet.ToIP(a)
	if err != nil {
		return !strings.HasPrefix(a.String(), "/dns")
	}
	if ip.IsLoopback() {
		return !n.loopback
	}
	return ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()
}
