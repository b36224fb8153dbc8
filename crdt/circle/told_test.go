package circle_test

import (
	"tend/crdt/circle"
	"tend/node/words"
)

// told is a sentence as the command line says it, for what is held in a person's words.
func told(s circle.Said) string { return words.Told.Tell(s) }

// hint is what it says can be done about a refusal.
func hint(p *circle.Problem) string { return words.Told.HintOf(p.Said) }
