package circle

import (
	"errors"

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

// Problem is a wish that cannot be met: what happened, and what can be done now, both
// by the name of the sentence. Every refusal of this package is one.
type Problem struct {
	Code Code
	// Said names the sentence in the catalogues, and with ".hint" after it what can be
	// done about it, if there is anything; both are given the same.
	Said
	// IDs are the candidates where the wish fits several, ascending.
	IDs []crdt.ID
}

// Error returns the name of the sentence and what goes into it. What a person reads is
// in the catalogues.
func (p *Problem) Error() string { return p.String() }

// Refuse is the problem of a kind by the name of its sentence.
func Refuse(code Code, key string, with ...any) *Problem {
	return &Problem{Code: code, Said: As(key, with...)}
}

func usage(key string, with ...any) *Problem { return Refuse(Usage, key, with...) }

func notFound(key string, with ...any) *Problem { return Refuse(NotFound, key, with...) }

func kept(key string, with ...any) *Problem { return Refuse(Kept, key, with...) }

// complaint is an error about a text or a number that a person gave.
type complaint struct{ Said }

// Error returns the name of the sentence and what goes into it.
func (c *complaint) Error() string { return c.String() }

func complain(key string, with ...any) error { return &complaint{As(key, with...)} }

// flawed is an error about what a person typed, of which only somebody who types is told
// more than that it cannot be kept so.
type flawed struct{ Said }

// Error returns the name of the sentence and what goes into it.
func (f *flawed) Error() string { return f.String() }

func flaw(key string, with ...any) error { return &flawed{As(key, with...)} }

// saidBy is what a flaw says, and of another error its own words.
func saidBy(err error) Said {
	if f, ok := errors.AsType[*flawed](err); ok {
		return f.Said
	}
	return Words(err.Error())
}

// unfit is the problem behind a complaint, or behind an error that is none: then the
// sentence says no more than that it cannot be kept so, and for a command line why.
func unfit(err error) *Problem {
	if c, ok := errors.AsType[*complaint](err); ok {
		return &Problem{Code: Usage, Said: c.Said}
	}
	return usage("no.form", saidBy(err))
}
