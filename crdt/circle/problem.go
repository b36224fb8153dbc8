package circle

import (
	"errors"
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
	// Said names the sentence in the catalogues.
	Said
	// Say is the sentence in English; Hint another, or empty, for a command line.
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

func usage(key, hint, say string, with ...any) *Problem {
	return problem(Usage, hint, Sentencef(key, say, with...))
}

func notFound(key, hint, say string, with ...any) *Problem {
	return problem(NotFound, hint, Sentencef(key, say, with...))
}

func kept(key, hint, say string, with ...any) *Problem {
	return problem(Kept, hint, Sentencef(key, say, with...))
}

func problem(code Code, hint string, s Sentence) *Problem {
	return &Problem{Code: code, Said: s.Said, Say: s.English, Hint: hint}
}

// complaint is an error about a text or a number that a person gave.
type complaint struct{ Sentence }

// Error reads as a sentence's end: "the title is …".
func (c *complaint) Error() string { return c.English }

func complain(key, format string, with ...any) error {
	return &complaint{Sentence{Said: As(key, with...), English: fmt.Sprintf(format, with...)}}
}

// unfit is the problem behind a complaint, or behind an error that is none: then the
// sentence says no more than that it cannot be kept so.
func unfit(err error) *Problem {
	said := As("no.form")
	if c, ok := errors.AsType[*complaint](err); ok {
		said = c.Said
	}
	return &Problem{Code: Usage, Said: said, Say: capital(err.Error()) + "."}
}
