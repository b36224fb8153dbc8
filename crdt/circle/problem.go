package circle

import (
	"fmt"

	"tend/crdt"
)

// Code says what kind of refusal a [Problem] is. Its numbers are the command's
// exit codes.
type Code int

// The codes.
const (
	// Failed: something went wrong that is nobody's wish.
	Failed Code = 1
	// Usage: a value cannot be read or breaks a bound.
	Usage Code = 2
	// NotFound: no such thing, or several it might be.
	NotFound Code = 4
	// Kept: within what we agreed; the reason and the open way are named.
	Kept Code = 5
	// NotYet: kept, and will happen when others are met.
	NotYet Code = 6
)

// Problem is a wish that cannot be met: what happened, and what can be done now.
// Every refusal of this package is one.
type Problem struct {
	Code Code
	// Say is a sentence for the person; Hint another, or empty.
	Say, Hint string
	// IDs are the candidates where the wish fits several, ascending.
	IDs []crdt.ID
}

// Error returns the sentence, and the hint after it.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Say
	}
	return p.Say + " " + p.Hint
}

func usage(hint, say string, args ...any) *Problem {
	return &Problem{Code: Usage, Say: fmt.Sprintf(say, args...), Hint: hint}
}

func notFound(hint, say string, args ...any) *Problem {
	return &Problem{Code: NotFound, Say: fmt.Sprintf(say, args...), Hint: hint}
}

func kept(hint, say string, args ...any) *Problem {
	return &Problem{Code: Kept, Say: fmt.Sprintf(say, args...), Hint: hint}
}
