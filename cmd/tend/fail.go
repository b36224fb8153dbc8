package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tend/crdt/circle"
	"tend/node/client"
	catalogue "tend/node/words"
)

// Exit codes, as promised to scripts.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitNoNode  = 3
	exitMissing = 4
	exitKept    = 5
	exitNotYet  = 6
)

// failure is the only way a command ends badly: a sentence, a hint, a code.
type failure struct {
	code int
	say  string
	hint string
	ids  []string // what the caller may choose from, if it was ambiguous
	err  error    // what is behind it, for -v
}

func (f *failure) Error() string { return f.say }
func (f *failure) Unwrap() error { return f.err }

// fail makes the failure whose sentence stands under key in the catalogue, and its hint,
// if it has one, under key with ".hint"; pairs are what goes into both.
func fail(code int, key string, pairs ...any) *failure {
	f := &failure{code: code, say: sentence(key, pairs...)}
	if hint := key + ".hint"; catalogue.Commands.Has(hint) {
		f.hint = sentence(hint, pairs...)
	}
	return f
}

func usage(key string, pairs ...any) *failure { return fail(exitUsage, key, pairs...) }

// behind is f with the error that it comes from.
func (f *failure) behind(err error) *failure {
	f.err = err
	return f
}

// because is f behind an error that is all there is to say about what can be done.
func (f *failure) because(err error) *failure {
	f.hint = reason(err)
	return f.behind(err)
}

// asFailure gives any error its sentence and code. What no layer below gave a
// sentence to is a plain failure, shown as it is.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var refusal *client.Error
	if errors.As(err, &refusal) {
		f := &failure{code: refusal.Exit, say: refusal.Say, hint: refusal.Hint, err: err}
		for _, id := range refusal.IDs {
			f.ids = append(f.ids, short(id))
		}
		return f
	}
	var wish *circle.Problem
	if errors.As(err, &wish) {
		return ofProblem(wish, err)
	}
	if errors.Is(err, context.Canceled) {
		return fail(exitFailed, "fail.stopped").behind(err)
	}
	return &failure{code: exitFailed, say: err.Error(), err: err}
}

// ofProblem is the failure of a wish that was not met, which is what err is.
func ofProblem(p *circle.Problem, err error) *failure {
	return &failure{code: int(p.Code), say: told.Tell(p.Said), hint: told.HintOf(p.Said), err: err}
}

// programSays begins a failure, so that it is known among what other programs say.
const programSays = "tend: "

// report writes a failure for people: what happened, and what can be done now.
func (f *failure) report(w io.Writer, verbose bool) {
	fmt.Fprintf(w, "%s%s\n", programSays, strings.TrimSuffix(f.say, "."))
	for _, id := range f.ids {
		fmt.Fprintf(w, "  %s\n", id)
	}
	if f.hint != "" {
		fmt.Fprintf(w, "  %s\n", f.hint)
	}
	if verbose && f.err != nil && f.err.Error() != f.say {
		fmt.Fprintf(w, "  (%v)\n", f.err)
	}
}
