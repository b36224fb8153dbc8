package main

import (
	"context"
	"encoding/hex"
	"errors"

	"tend/node"
	"tend/node/view"
)

func hexText(b []byte) string { return hex.EncodeToString(b) }

// ops is how many ops all circles hold together.
func (m *machine) ops() (int, error) {
	n, total := m.at(), 0
	for _, id := range n.All() {
		s, err := n.View(id)
		if err != nil {
			return 0, err
		}
		total += int(s.Ops)
	}
	return total, nil
}

// Verify implements [api.Health].
func (m *machine) Verify(ctx context.Context) (view.Verified, error) {
	findings, err := m.at().Verify(ctx)
	if err != nil {
		return view.Verified{}, err
	}
	ops, err := m.ops()
	return view.Verified{OK: len(findings) == 0, Ops: ops, Findings: findings}, err
}

// Rebuild implements [api.Health]. Node and network rest meanwhile: what is
// derived has one owner at a time.
func (m *machine) Rebuild(ctx context.Context) (view.Verified, error) {
	if err := m.rebuild(ctx); err != nil {
		return view.Verified{}, err
	}
	return m.Verify(ctx)
}

func (m *machine) rebuild(ctx context.Context) (err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.halt(); err != nil {
		m.log.Warn("the network ended badly", "err", err)
	}
	// Whatever happens, the home works on afterwards.
	defer func() {
		fresh, again := node.New(m.config)
		if again == nil {
			m.node = fresh
			again = m.start(ctx)
		}
		err = errors.Join(err, again)
	}()
	resting, err := node.New(m.config)
	if err != nil {
		return err
	}
	return resting.Rebuild(ctx)
}

// Version implements [api.Health].
func (m *machine) Version() view.Version { return thisVersion() }
