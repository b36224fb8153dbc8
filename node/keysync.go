package node

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
)

// maxWanted bounds a WANT.
const maxWanted = 64

// pushedFor is how long after minting an epoch its lockboxes are pushed to
// whoever connects; later they are asked for.
const pushedFor = 24 * time.Hour

// Wanted lists the epochs this home may read and cannot, the newest first, and
// then the nooks that may be meant for it too and hold no lockbox for it. Of
// those it cannot know which are, so it asks for others every few minutes.
func (n *Node) Wanted(id crdt.ID) []membership.EpochID {
	x, err := n.runner(id)
	if err != nil {
		return nil
	}
	return x.wanted(anyEpoch)
}

// WantedOf lists those of the epochs wanted that a peer may be asked for whose member
// left of their own will: which that member minted, or could be handed. What they wrote
// last may have come by way of others who cannot read it.
func (n *Node) WantedOf(id crdt.ID, peer membership.PeerKey) []membership.EpochID {
	x, err := n.runner(id)
	if err != nil {
		return nil
	}
	v := x.snap.Load().People
	var leavers []crdt.ID
	for _, d := range v.ByPeer(peer) {
		if m, ok := v.Member(d.Member); ok && m.Standing == membership.Left {
			leavers = append(leavers, m.ID)
		}
	}
	return x.wanted(func(e membership.EpochInfo) bool {
		return slices.ContainsFunc(leavers, func(m crdt.ID) bool { return e.Author == m || v.CouldRead(m, e.Epoch.ID) })
	})
}

func anyEpoch(membership.EpochInfo) bool { return true }

// wanted lists what is missing of the epochs and nooks that are to be asked for.
func (x *runner) wanted(ask func(membership.EpochInfo) bool) []membership.EpochID {
	s := x.snap.Load()
	out := x.wantedEpochs(s, ask)
	return append(out, x.wantedNooks(s, maxWanted-len(out), ask)...)
}

func (x *runner) wantedEpochs(s *Snapshot, ask func(membership.EpochInfo) bool) []membership.EpochID {
	var out []membership.EpochID
	epochs := s.People.Epochs()
	for i := len(epochs) - 1; i >= 0 && len(out) < maxWanted; i-- {
		e := epochs[i].Epoch.ID
		if _, held := x.ring.Key(e); !held && s.People.MayHold(s.Dev, e) && ask(epochs[i]) {
			out = append(out, e)
		}
	}
	return out
}

// nooksAgain is how long the same nooks are asked for before others are.
const nooksAgain = 5 * time.Minute

func (x *runner) wantedNooks(s *Snapshot, most int, ask func(membership.EpochInfo) bool) []membership.EpochID {
	var out []membership.EpochID
	for _, e := range s.People.NooksToAsk(s.Dev) {
		if _, held := x.ring.Key(e.Epoch.ID); !held && ask(e) && !slices.Contains(out, e.Epoch.ID) {
			out = append(out, e.Epoch.ID)
		}
	}
	if most <= 0 || len(out) <= most {
		return out[:min(len(out), max(most, 0))]
	}
	from := int(x.node.now().UnixNano()/int64(nooksAgain)) * most % len(out)
	return append(out[from:min(from+most, len(out))], out[:max(0, from+most-len(out))]...)
}

// KeysFor answers a WANT of the device that has this transport key.
func (n *Node) KeysFor(id crdt.ID, peer membership.PeerKey, ids []membership.EpochID) []protocol.Lockbox {
	x, err := n.runner(id)
	if err != nil {
		return nil
	}
	d, ok := x.device(peer)
	if !ok || len(ids) > maxWanted {
		return nil
	}
	return x.entrust(d, ids)
}

// entrust seals secrets for a device, through the loop: nooks are known there.
func (x *runner) entrust(d membership.Device, ids []membership.EpochID) []protocol.Lockbox {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := heardFrom(ctx, x, job{}, func(w *replica.Replica, _ time.Time) ([]protocol.Lockbox, error) {
		return w.Entrust(d.Dev, ids)
	})
	if err != nil {
		x.log.Debug("no lockboxes", "err", err)
	}
	return out
}

// TakeKeys opens what a peer handed over.
func (n *Node) TakeKeys(ctx context.Context, id crdt.ID, _ membership.PeerKey, boxes []protocol.Lockbox) error {
	x, err := n.runner(id)
	if err != nil {
		return err
	}
	return x.takeKeys(ctx, boxes)
}

func (x *runner) takeKeys(ctx context.Context, boxes []protocol.Lockbox) error {
	wrong, err := heardFrom(ctx, x, job{}, func(w *replica.Replica, _ time.Time) ([]error, error) {
		var wrong []error
		for _, lb := range boxes {
			if w.HasSecret(lb.Epoch) {
				continue
			}
			s, err := w.OpenLockbox(lb)
			if err == nil && !s.Named(lb.Epoch) {
				err = replica.ErrNotItsSecret
			}
			if err != nil {
				wrong = append(wrong, err)
				continue
			}
			if err := w.AddKey(s); err != nil {
				if !errors.Is(err, replica.ErrNotItsSecret) {
					return nil, err
				}
				wrong = append(wrong, err)
			}
		}
		return wrong, nil
	})
	return errors.Join(append(wrong, err)...)
}

// PushKeys are lockboxes of epochs minted here lately that the peer was not
// handed yet.
func (n *Node) PushKeys(id crdt.ID, peer membership.PeerKey) []protocol.Lockbox {
	x, err := n.runner(id)
	if err != nil {
		return nil
	}
	d, ok := x.device(peer)
	if !ok {
		return nil
	}
	ids := x.pushes.due(d.Dev, n.now())
	if len(ids) == 0 {
		return nil
	}
	return x.entrust(d, ids)
}

// pushes remembers which epochs were minted here lately, and to which devices
// their lockboxes were handed.
type pushes struct {
	mu     sync.Mutex // guards minted
	minted []mintedEpoch
}

type mintedEpoch struct {
	id   membership.EpochID
	at   time.Time
	told map[crdt.Device]bool
}

func (p *pushes) add(id membership.EpochID, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.minted = append(p.minted, mintedEpoch{id, at, map[crdt.Device]bool{}})
}

func (p *pushes) due(dev crdt.Device, now time.Time) []membership.EpochID {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.minted = slices.DeleteFunc(p.minted, func(m mintedEpoch) bool { return now.Sub(m.at) > pushedFor })
	var out []membership.EpochID
	for _, m := range p.minted {
		if !m.told[dev] && len(out) < maxWanted {
			m.told[dev] = true
			out = append(out, m.id)
		}
	}
	return out
}
