package view

import (
	"time"

	"tend/crdt/circle"
)

// lookAhead is the kind of Attention about a device that wrote into the future.
const lookAhead = "written_ahead"

// heldFrom is how far ahead of its readers' clocks an op waits (SPEC.md §3.4).
const heldFrom = 10 * time.Minute

// ahead says that what this device wrote last is dated ahead of its own clock: from
// there on all it writes is, and others see it only when that time has come.
func (s Source) ahead() []circle.Attention {
	if s.Ahead == nil {
		return nil
	}
	by := s.Ahead()
	if by <= heldFrom {
		return nil
	}
	until := s.Env.Now.Add(by)
	return []circle.Attention{circle.Attention{Kind: lookAhead, Choices: []circle.Choice{seeDevices}}.Saying("looks.written_ahead", circle.Stamp{Time: until})}
}
