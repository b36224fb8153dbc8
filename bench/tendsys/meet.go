package tendsys

import (
	"context"
	"fmt"

	"tend/crdt"
	"tend/protocol"
	"tend/protocol/frontier"
)

// meet lets two homes of one process hold a session without a network.
func meet(ctx context.Context, a, b *home, id crdt.ID) error {
	x, err := newSide(a, b, id, frontier.NewInitiator)
	if err != nil {
		return err
	}
	y, err := newSide(b, a, id, frontier.NewResponder)
	if err != nil {
		return err
	}
	y.in = append(y.in, x.session.Start(frontier.HelloNow)...)
	for moved := true; moved; {
		there, err := x.turn(ctx, y, id)
		if err != nil {
			return err
		}
		back, err := y.turn(ctx, x, id)
		if err != nil {
			return err
		}
		moved = there || back
	}
	for _, way := range [][2]*home{{a, b}, {b, a}} {
		to, from := way[0], way[1]
		if want := to.Wanted(id); len(want) > 0 {
			if err := to.TakeKeys(ctx, id, from.peer(), from.KeysFor(id, to.peer(), want)); err != nil {
				return fmt.Errorf("hand keys over: %w", err)
			}
		}
	}
	return nil
}

// side is one home's side of a session.
type side struct {
	home    *home
	other   *home
	session *frontier.Session
	in      []protocol.Frame
}

func newSide(h, other *home, id crdt.ID, as func(frontier.Config) *frontier.Session) (*side, error) {
	cfg, err := h.Open(id, other.peer())
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", err)
	}
	return &side{home: h, other: other, session: as(cfg)}, nil
}

// turn hears one frame, or says one, and reports whether there was one.
func (s *side) turn(ctx context.Context, to *side, id crdt.ID) (bool, error) {
	if len(s.in) == 0 {
		f, more, err := s.session.Next()
		if more && err == nil {
			to.in = append(to.in, f)
		}
		return more, err
	}
	f := s.in[0]
	s.in = s.in[1:]
	step, err := s.session.Receive(f)
	if err != nil {
		return false, fmt.Errorf("receive frame %d: %w", f.Number(), err)
	}
	s.home.Heard(id, s.other.peer(), step)
	to.in = append(to.in, step.Send...)
	for _, batch := range step.Batches {
		res, err := s.home.Commit(ctx, id, s.other.peer(), batch)
		if err != nil {
			return false, fmt.Errorf("commit: %w", err)
		}
		to.in = append(to.in, s.session.Applied(res)...)
	}
	return true, nil
}
