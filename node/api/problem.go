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
	"tend/node/words"
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
	name   string
	status int
	exit   int
}

// The kinds of problems.
var (
	kindUsage      = kind{"usage", http.StatusBadRequest, int(circle.Usage)}
	kindNotFound   = kind{"not-found", http.StatusNotFound, int(circle.NotFound)}
	kindAmbiguous  = kind{"ambiguous", http.StatusConflict, int(circle.NotFound)}
	kindKept       = kind{"kept", http.StatusConflict, int(circle.Kept)}
	kindNotYet     = kind{"not-yet", http.StatusConflict, int(circle.NotYet)}
	kindFailed     = kind{"failed", http.StatusUnprocessableEntity, int(circle.Failed)}
	kindUnknown    = kind{"unknown-verb", http.StatusNotFound, int(circle.Usage)}
	kindMethod     = kind{"method", http.StatusMethodNotAllowed, int(circle.Usage)}
	kindTooLarge   = kind{"too-large", http.StatusRequestEntityTooLarge, int(circle.Usage)}
	kindMedia      = kind{"media-type", http.StatusUnsupportedMediaType, int(circle.Usage)}
	kindInterrupt  = kind{"interrupted", http.StatusServiceUnavailable, int(circle.Failed)}
	kindUnexpected = kind{"unexpected", http.StatusInternalServerError, int(circle.Failed)}
)

func (k kind) uri() string { return "/v1/problems/" + k.name }

// title is what a problem of this kind is called.
func (k kind) title() string { return words.Told.Say("problem." + k.name) }

// refusal is an error of this package's own, already of a kind.
type refusal struct {
	kind kind
	said circle.Said
	ids  []crdt.ID
}

func (r *refusal) Error() string { return r.said.String() }

func refuse(k kind, key string, with ...any) error {
	return &refusal{kind: k, said: circle.As(key, with...)}
}

// problemOf finds the document for an error. What is nobody's refusal is logged,
// and told without its inside: paths and keys are no business of a reader.
func problemOf(log *slog.Logger, err error) problem {
	var own *refusal
	var wish *circle.Problem
	switch {
	case errors.As(err, &own):
		return document(own.kind, own.said, own.ids)
	case errors.As(err, &wish):
		return document(kindOf(wish), wish.Said, wish.IDs)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return document(kindInterrupt, circle.As("api.interrupted"), nil)
	case storage.IsFull(err):
		log.Error("the disk is full", "err", err)
		return document(kindFailed, circle.As("api.disk_full"), nil)
	case storage.IsFailing(err):
		log.Error("the disk fails", "err", err)
		return document(kindFailed, circle.As("api.disk_fails"), nil)
	}
	log.Error("a request failed", "err", err)
	return document(kindUnexpected, circle.As("api.unexpected"), nil)
}

func document(k kind, said circle.Said, ids []crdt.ID) problem {
	p := problem{Type: k.uri(), Title: k.title(), Status: k.status, Detail: words.Told.Tell(said), Hint: words.Told.HintOf(said), Exit: k.exit}
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
		is   error
		said circle.Said
	}{
		{qr.ErrNotPicture, circle.As("api.not_picture")},
		{qr.ErrTooBig, circle.As("api.picture_big")},
		{qr.ErrNoCode, circle.As("api.picture_no_code")},
		{qr.ErrOtherCode, circle.As("api.picture_other_code")},
	} {
		if errors.Is(err, row.is) {
			return &refusal{kind: kindFailed, said: row.said}
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
