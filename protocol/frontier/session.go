package frontier

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// ErrProtocol is wrapped when a peer says what it may not say at this point, or
// names what does not exist: close the stream, and think less of the peer.
var ErrProtocol = errors.New("peer breaks the sync protocol")

// PeerError is returned when the peer ended the session by an ERR.
type PeerError struct {
	Code   protocol.ErrCode
	Detail []byte
}

// Error says the peer's code and detail.
func (e *PeerError) Error() string { return fmt.Sprintf("peer says err %d %q", e.Code, e.Detail) }

// Bounds of a session.
const (
	// MaxRounds is how many times an initiator says HELLO because the digests
	// differed in the end.
	MaxRounds = 3
	// maxHellos is how many HELLOs a responder answers: each round may need two.
	maxHellos = 2 * MaxRounds
	// maxKeysAlways is the longest roster that is always said in full: asking for
	// it would cost more than it saves.
	maxKeysAlways = 32
	// ackEvery is how many bytes of ops are committed from one ACK to the next.
	ackEvery = 1 << 20
	// MinAim is the smallest plain size that frames may be made to aim at.
	MinAim = 16 << 10
	// maxVersion is the newest version of the protocol spoken here.
	maxVersion = 1
)

// Snapshot is what a log holds, as far as a peer needs to be told. It never
// changes; a session takes one at each HELLO and ships nothing that is newer.
type Snapshot struct {
	Circle crdt.ID
	// Roster is every device ever certified here, ascending.
	Roster []crdt.Device
	// Tips are the qualifying tips of each device (crdt.Log.Qualifying).
	Tips map[crdt.Device][]crdt.Tip
	// Digest is crdt.Log.Digest over them.
	Digest crdt.ID
	// Last is the arrival number of the newest op, the end of a commit batch.
	Last uint64
	// Ops is how many ops the log holds.
	Ops uint64
	// Epoch is the newest epoch that can be read here; zero if none.
	Epoch membership.EpochID
	// Forked are the devices of which more than one tip is held.
	Forked map[crdt.Device]bool
}

// Log is what a session reads of the store; a storage.Circle is one. Its answers
// must hold what the newest Snapshot counts.
type Log interface {
	crdt.Index
	// Lane yields a device's ops with from ≤ seq ≤ to, ascending by (seq, id).
	Lane(dev crdt.Device, from, to uint64) iter.Seq2[crdt.LaneEntry, error]
	// Arrivals yields ops by arrival number, from included.
	Arrivals(from uint64) iter.Seq2[crdt.Stored, error]
}

// Config is what a session works with.
type Config struct {
	// Snapshot returns the newest snapshot. It answers from memory.
	Snapshot func() *Snapshot
	Log      Log
	// Rosters finds a recent roster by its hash ([Rosters.Find]). Nil: only the
	// present one and the empty one are known.
	Rosters func(protocol.RosterHash) ([]crdt.Device, bool)
	// Nonce is 16 bytes of chance; used by an initiator.
	Nonce [16]byte
	// NoPull: another peer is sending to this log already, take no ops.
	NoPull bool
	// Lower: this side's peer id is the smaller one, so that it stays the
	// initiator if both say HELLO at once on one stream.
	Lower bool
	// Verify: check every signature, not only those that cover the others.
	Verify bool
	// Aim is the plain size that frames aim at; 0 means protocol.AimFrame.
	Aim int
}

// StartKind is how an initiator begins.
type StartKind int

// How to begin.
const (
	// ProbeFirst asks for equality, and says HELLO at once if there is none.
	ProbeFirst StartKind = iota
	// HelloNow says HELLO.
	HelloNow
	// ProbeOnly asks for equality and is done with the answer; [Session.Start]
	// may then be called again.
	ProbeOnly
)

// Batch is what a commit takes: verified ops in causal order, ≤
// protocol.MaxBatchOps and MaxBatchBytes, to be written in one transaction. A
// signature that was not verified is empty, and a later op of the same batch
// covers it. If that later op is not applied (it waits, or is refused), the owner
// must not apply the covered one before [Batch.Prove] gave it its signature: no
// op may stand in a log that nothing proves.
type Batch struct {
	Ops     []crdt.Op
	Missing []crdt.ID // ops whose bodies did not come along
	Gone    []crdt.ID // ops whose bodies the sender has no more, and will not have

	unchecked map[crdt.ID][]byte // signatures as they came, of ops that are covered
}

// Result is what became of a batch. All four together account for all its ops,
// but that Waiting names the parents that are missing.
type Result struct {
	Applied int // new in the log
	Known   int // in it already
	Waiting []crdt.ID
	Refused []crdt.ID
}

// Step is what to do about a frame.
type Step struct {
	Send    []protocol.Frame
	Batches []Batch
	// Done: nothing more will come of this session by itself. Equal: and both
	// hold the same.
	Done, Equal bool
	// PeerTips are tips that the peer was shown to hold, by device; one it is
	// ahead with has a zero ID and only its Seq. Nil if the frame showed none.
	PeerTips map[crdt.Device][]crdt.Tip
	// Bad are ops whose signatures did not verify, and what builds on them: they
	// were dropped, and the peer deserves less trust.
	Bad []crdt.ID

	// Frames that are the owner's to answer.
	Pull    *protocol.Pull
	Want    *protocol.Want
	Keys    *protocol.Keys
	Goodbye *protocol.Goodbye
	Addr    *protocol.Addr
	Pack    *protocol.Pack
}

type phase int

const (
	idle    phase = iota
	probing       // PROBE said
	greeted       // HELLO said
	open          // REPLY said or heard
	over
)

// Session is one side of one stream about one circle. It belongs to one
// goroutine.
type Session struct {
	cfg       Config
	initiator bool
	phase     phase
	start     StartKind
	hellos    int  // HELLOs since Start, or answered
	sayKeys   bool // the peer does not know my roster by its hash
	round     *round

	byID    map[crdt.Device]bool // authors to be named by id, as a fork was seen
	refused map[crdt.Device]bool // authors of whom an ERR 4 was sent
	authors authors
	recent  recent

	handed  []handed // batches that were not Applied yet
	applied uint64   // ops settled so far
	unacked int      // bytes of them since the last ACK
	equal   bool
}

// handed is the size of a batch that the owner has.
type handed struct{ ops, bytes int }

// place is where an op stands in its device's lane.
type place struct {
	dev crdt.Device
	seq uint64
}

// NewInitiator returns the session of the side that opened the stream.
func NewInitiator(c Config) *Session { return newSession(c, true) }

// NewResponder returns the session of the other side.
func NewResponder(c Config) *Session { return newSession(c, false) }

func newSession(c Config, initiator bool) *Session {
	if c.Aim == 0 {
		c.Aim = protocol.AimFrame
	}
	s := &Session{cfg: c, initiator: initiator, byID: map[crdt.Device]bool{}, refused: map[crdt.Device]bool{},
		authors: newAuthors(c.Log)}
	s.Aim(c.Aim)
	return s
}

// Aim makes frames aim at another plain size, between [MinAim] and
// protocol.AimFrame bytes: about a quarter of a second of the measured rate.
func (s *Session) Aim(bytes int) { s.cfg.Aim = min(max(bytes, MinAim), protocol.AimFrame) }

// Over reports whether the session is done, and whether it ended equal.
func (s *Session) Over() (done, equal bool) { return s.phase == over, s.equal }

// Start begins an initiator's session. It may be called again once the session
// is over.
func (s *Session) Start(kind StartKind) []protocol.Frame {
	s.start, s.equal = kind, false
	if kind == HelloNow {
		s.hellos = 0
		return []protocol.Frame{s.hello()}
	}
	s.phase = probing
	return []protocol.Frame{s.probe(s.cfg.Snapshot())}
}

func (s *Session) probe(snap *Snapshot) *protocol.Probe {
	return &protocol.Probe{Epoch: snap.Epoch, Digest: [16]byte(snap.Digest[:16]), Ops: snap.Ops}
}

// Receive takes a frame that arrived. An error wraps [ErrProtocol], crdt.ErrForm
// or protocol.ErrFrame when the peer is at fault, is a [*PeerError] when the peer
// ended the session, or comes from the store; in each case the session is over.
func (s *Session) Receive(f protocol.Frame) (Step, error) {
	step, err := s.receive(f)
	if err != nil {
		s.phase = over
		return Step{}, fmt.Errorf("frame %d: %w", f.Number(), err)
	}
	return step, nil
}

func (s *Session) receive(f protocol.Frame) (Step, error) {
	switch f := f.(type) {
	case *protocol.Probe:
		return s.onProbe(f)
	case *protocol.Same:
		return s.onSame()
	case *protocol.Hello:
		return s.onHello(f)
	case *protocol.Reply:
		return s.onReply(f)
	case *protocol.Loc:
		return s.onLoc(f)
	case *protocol.Ops:
		return s.onOps(f)
	case *protocol.Edge:
		return s.onEdge(f)
	case *protocol.Ack:
		return s.onAck(f)
	case *protocol.Err:
		return s.onErr(f)
	case *protocol.Pull:
		return Step{Pull: f}, nil
	case *protocol.Want:
		return Step{Want: f}, nil
	case *protocol.Keys:
		return Step{Keys: f}, nil
	case *protocol.Goodbye:
		return Step{Goodbye: f}, nil
	case *protocol.Addr:
		return Step{Addr: f}, nil
	case *protocol.Pack:
		return Step{Pack: f}, nil
	}
	return Step{}, fmt.Errorf("%w: frame of no use", ErrProtocol)
}

// onProbe answers a question with SAME or a PROBE of its own, which the asker
// takes as no.
func (s *Session) onProbe(f *protocol.Probe) (Step, error) {
	snap := s.cfg.Snapshot()
	same := f.Digest == [16]byte(snap.Digest[:16])
	switch {
	case s.phase == probing && same: // equal meanwhile
		return s.finish(true), nil
	case s.phase == probing && s.start == ProbeOnly:
		return s.finish(false), nil
	case s.phase == probing:
		s.hellos = 0
		return Step{Send: []protocol.Frame{s.hello()}}, nil
	case s.phase != idle && s.phase != over:
		return Step{}, fmt.Errorf("%w: probe in a session", ErrProtocol)
	case same:
		step := s.finish(true)
		step.Send = []protocol.Frame{&protocol.Same{}}
		return step, nil
	}
	return Step{Send: []protocol.Frame{s.probe(snap)}}, nil
}

func (s *Session) onSame() (Step, error) {
	if s.phase != probing && s.phase != greeted {
		return Step{}, fmt.Errorf("%w: same, unasked", ErrProtocol)
	}
	return s.finish(true), nil
}

// finish ends the session.
func (s *Session) finish(equal bool) Step {
	s.phase, s.equal, s.round = over, equal, nil
	return Step{Done: true, Equal: equal}
}

func (s *Session) onErr(f *protocol.Err) (Step, error) {
	switch {
	case f.Code == protocol.ErrRoster && s.phase == greeted && !s.sayKeys:
		s.sayKeys, s.hellos = true, s.hellos-1
		return Step{Send: []protocol.Frame{s.hello()}}, nil
	case f.Code == protocol.ErrReferences && s.phase == open && len(f.Detail) == len(crdt.Device{}):
		// What was named by (lane, seq) is lost to the peer; the next round, which
		// unequal digests bring about, ships it by id.
		s.byID[crdt.Device(f.Detail)] = true
		return Step{}, nil
	}
	return Step{}, &PeerError{f.Code, f.Detail}
}

// onOps rebuilds, checks and hands over the ops of a frame.
func (s *Session) onOps(f *protocol.Ops) (Step, error) {
	if s.phase != open && s.phase != over {
		return Step{}, fmt.Errorf("%w: ops outside a session", ErrProtocol)
	}
	if s.round != nil {
		s.round.mayEnd = true
		s.round.received += len(f.Rows)
	}
	snap := s.cfg.Snapshot()
	ops, forked, err := s.unpack(snap, f)
	if err != nil {
		return Step{}, err
	}
	var step Step
	for _, dev := range forked {
		s.byID[dev] = true
		if !s.refused[dev] {
			s.refused[dev] = true
			step.Send = append(step.Send, &protocol.Err{Code: protocol.ErrReferences, Detail: dev[:]})
		}
	}
	step.Batches, step.Bad = cut(snap.Circle, ops, s.cfg.Verify)
	for _, b := range step.Batches {
		size := 0
		for i := range b.Ops {
			size += b.Ops[i].Size()
		}
		s.handed = append(s.handed, handed{len(b.Ops), size})
	}
	return step, nil
}

// Applied tells what became of the oldest batch that was handed over and not yet
// told of, and returns what to send.
func (s *Session) Applied(Result) []protocol.Frame {
	if len(s.handed) == 0 {
		return nil
	}
	s.applied += uint64(s.handed[0].ops)
	s.unacked += s.handed[0].bytes
	s.handed = s.handed[1:]
	if f := s.lastAck(); f != nil {
		return []protocol.Frame{f}
	}
	if s.unacked < ackEvery {
		return nil
	}
	s.unacked = 0
	return []protocol.Frame{&protocol.Ack{Applied: s.applied}}
}

// lastAck returns the ACK that ends this side's part, once: all was sent, all
// has come, all is committed.
func (s *Session) lastAck() protocol.Frame {
	r := s.round
	if s.phase != open || !r.edgeSent || !r.edgeGot || r.ackSent || len(s.handed) > 0 {
		return nil
	}
	r.ackSent, s.unacked = true, 0
	return &protocol.Ack{Applied: s.applied, Digest: s.cfg.Snapshot().Digest}
}

func (s *Session) onEdge(*protocol.Edge) (Step, error) {
	if s.phase != open || s.round.edgeGot {
		return Step{}, fmt.Errorf("%w: edge out of place", ErrProtocol)
	}
	s.round.edgeGot, s.round.mayEnd = true, true
	if f := s.lastAck(); f != nil {
		return Step{Send: []protocol.Frame{f}}, nil
	}
	return Step{}, nil
}

// onAck ends the round at the peer's last ACK, which alone has a digest. Unequal
// digests bring about another round if this one moved something; else the reason
// is that one side takes no ops now, or that one wrote meanwhile.
func (s *Session) onAck(f *protocol.Ack) (Step, error) {
	if s.phase != open || f.Digest.IsZero() {
		return Step{}, nil
	}
	r := s.round
	if !r.edgeSent || !r.edgeGot {
		return Step{}, fmt.Errorf("%w: last ack before the edge", ErrProtocol)
	}
	var step Step
	if mine := s.lastAck(); mine != nil {
		step.Send = []protocol.Frame{mine} // the peer was quicker
	}
	equal := f.Digest == s.cfg.Snapshot().Digest
	moved := r.sent > 0 || r.received > 0
	if s.initiator && !equal && moved && !s.cfg.NoPull && s.hellos < MaxRounds {
		step.Send = append(step.Send, s.hello())
		return step, nil
	}
	end := s.finish(equal)
	end.Send = step.Send
	return end, nil
}

// nextNonce is the initiator's nonce of each HELLO, all from the one it was given.
func (s *Session) nextNonce() [16]byte {
	h := sha256.Sum256(append(s.cfg.Nonce[:], byte(s.hellos)))
	return [16]byte(h[:16])
}
