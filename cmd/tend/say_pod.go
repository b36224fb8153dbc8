package main

import "tend/node/view"

// forgetting says how far a retraction got. It never says that something is gone:
// whoever read it has read it, and a device that is off keeps it until it hears.
func forgetting(f view.Forgetting) string {
	return sentence("retracted.confirmed", "n", f.Confirmed, "of", f.Devices)
}

func (s *speaker) retracted(r *view.Retracted) {
	s.say("retracted.line", "id", short(r.ID), "name", name(r.Author), "ago", s.ago(r.Made))
	s.line("  %s", forgetting(r.Asked))
}
