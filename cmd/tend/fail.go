package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tend/node/client"
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

func fail(code int, hint, format string, args ...any) *failure {
	return &failure{code: code, hint: hint, say: fmt.Sprintf(format, args...)}
}

func usage(hint, format string, args ...any) *failure { return fail(exitUsage, hint, format, args...) }

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
	if errors.Is(err, context.Canceled) {
		return &failure{code: exitFailed, say: "stopped before it was done", err: err}
	}
	return &failure{code: exitFailed, say: err.Error(), err: err}
}

// report writes a failure for people: what happened, and what can be done now.
func (f *failure) report(w io.Writer, verbose bool) {
	fmt.Fprintf(w, "tend: %s\n", strings.TrimSuffix(f.say, "."))
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
