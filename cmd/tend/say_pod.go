package main

import (
	"fmt"

	"tend/node/view"
)

// forgetting says how far a retraction got. It never says that something is gone:
// whoever read it has read it, and a device that is off keeps it until it hears.
func forgetting(f view.Forgetting) string {
	return fmt.Sprintf("asked all devices to forget; %d of %d have confirmed", f.Confirmed, f.Devices)
}

func (s *speaker) retracted(r *view.Retracted) {
	s.line("%s  %s took this back, %s.", short(r.ID), name(r.Author), s.ago(r.Made))
	s.line("  %s", forgetting(r.Asked))
}
