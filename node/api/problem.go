package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/qr"
	"tend/storage"
)

// problem is a problem document (RFC 9457): what went wrong as a sentence for a
// person, what can be done now, and the command line's exit code.
type problem struct {
	Type   string   `json:"type"`
	Title  string   `json:"title"`
	Status int      `json:"status"`
	Detail string   `json:"detail"`
	Hint   string   `json:"hint,omitempty"`
	Exit   int      `json:"exit"`
	IDs    []string `json:"ids,omitempty"`
}

// kind is a kind of problem. Its name is part of its type, "/v1/problems/" + name,
// and never changes.
type kind struct {
	name, title string
	status      int
	exit        int
}

// The kinds of problems.
var (
	kindUsage      = kind{"usage", "That cannot be read", http.StatusBadRequest, int(circle.Usage)}
	kindNotFound   = kind{"not-found", "There is no such thing here", http.StatusNotFound, int(circle.NotFound)}
	kindAmbiguous  = kind{"ambiguous", "Several things fit", http.StatusConflict, int(circle.NotFound)}
	kindKept       = kind{"kept", "Kept within what we agreed", http.StatusConflict, int(circle.Kept)}
	kindNotYet     = kind{"not-yet", "Not yet", http.StatusConflict, int(circle.NotYet)}
	kindFailed     = kind{"failed", "That did not work", http.StatusUnprocessableEntity, int(circle.Failed)}
	kindUnknown    = kind{"unknown-verb", "This version does not know that", http.StatusNotFound, int(circle.Usage)}
	kindMethod     = kind{"method", "Another method is needed", http.StatusMethodNotAllowed, int(circle.Usage)}
	kindTooLarge   = kind{"too-large", "Too much at once", http.StatusRequestEntityTooLarge, int(circle.Usage)}
	kindMedia      = kind{"media-type", "Another kind of body is needed", http.StatusUnsupportedMediaType, int(circle.Usage)}
	kindInterrupt  = kind{"interrupted", "That was interrupted", http.StatusServiceUnavailable, int(circle.Failed)}
	kindUnexpected = kind{"unexpected", "Something went wrong inside Tend", http.StatusInternalServerError, int(circle.Failed)}
)

func (k kind) uri() string { return "/v1/problems/" + k.name }

// refusal is an error of this package's own, already of a kind.
type refusal struct {
	kind      kind
	say, hint string
	ids       []crdt.ID
}

func (r *refusal) Error() string { return r.say }

func refuse(k kind, say, hint string) error { return &refusal{kind: k, say: say, hint: hint} }

// problemOf finds the document for an error. What is nobody's refusal is logged,
// and told without its inside: paths and keys are no business of a reader.
func problemOf(log *slog.Logger, err error) problem {
	var own *refusal
	var wish *circle.Problem
	switch {
	case errors.As(err, &own):
		return document(own.kind, own.say, own.hint, own.ids)
	case errors.As(err, &wish):
		return document(kindOf(wish), wish.Say, wish.Hint, wish.IDs)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return document(kindInterrupt, "This was interrupted before it was done.", "Try again, or give it longer.", nil)
	case storage.IsFull(err):
		log.Error("the disk is full", "err", err)
		return document(kindFailed, "The disk is full, so this was not kept.", "Make room on the disk of this home, then try again; what was kept before is safe.", nil)
	case storage.IsFailing(err):
		log.Error("the disk fails", "err", err)
		return document(kindFailed, "The disk of this home fails, so this was not kept.",
			"What was kept before is as safe as that disk: end this home, and copy its folder to another one, or restore a backup.", nil)
	}
	log.Error("a request failed", "err", err)
	return document(kindUnexpected, "Something went wrong inside Tend.", "tend doctor looks over this home; the log says more.", nil)
}

func document(k kind, say, hint string, ids []crdt.ID) problem {
	p := problem{Type: k.uri(), Title: k.title, Status: k.status, Detail: say, Hint: hint, Exit: k.exit}
	for _, id := range ids {
		p.IDs = append(p.IDs, id.String())
	}
	return p
}

func kindOf(p *circle.Problem) kind {
	switch p.Code {
	case circle.Usage:
		return kindUsage
	case circle.NotFound:
		if len(p.IDs) > 0 {
			return kindAmbiguous
		}
		return kindNotFound
	case circle.Kept:
		return kindKept
	case circle.NotYet:
		return kindNotYet
	}
	return kindFailed
}

// ofPicture gives the ways a picture fails their sentences.
func ofPicture(err error) error {
	for _, row := range []struct {
		is        error
		say, hint string
	}{
		{qr.ErrNotPicture, "This is not a PNG or JPEG picture.", "Take a photo, or save it again as PNG or JPEG."},
		{qr.ErrTooBig, "This picture is too big.", "Up to 20 MB and 40 megapixels can be read; a smaller photo does as well."},
		{qr.ErrNoCode, "No code was found in this picture.", "Try again in better light, straight on, with the whole code and its white edge in view."},
		{qr.ErrOtherCode, "The code in this picture is not one of Tend.", "An invitation's code begins with TEND: when read."},
	} {
		if errors.Is(err, row.is) {
			return refuse(kindFailed, row.say, row.hint)
		}
	}
	return err
}

// write sends a problem document. An error of the connection is the reader's loss.
func (p problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}
