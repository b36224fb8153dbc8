package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// maxProblem bounds a problem document, in bytes.
const maxProblem = 1 << 20

// Error is a node's refusal (RFC 9457), as a person should read it.
type Error struct {
	// Type tells problems apart; it is stable, e.g. "/v1/problems/not-found".
	Type string `json:"type"`
	// Title names the type in a few words.
	Title string `json:"title"`
	// Status is the HTTP status.
	Status int `json:"status"`
	// Say is the sentence, Hint what can be done now; Hint may be empty.
	Say  string `json:"detail"`
	Hint string `json:"hint"`
	// Exit is the exit code of the command line, never 0.
	Exit int `json:"exit"`
	// IDs are candidates, where an id was ambiguous or a slot not named.
	IDs []string `json:"ids"`
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Say }

// problemOf reads a problem document. An answer that is none (something else
// listens on that socket) becomes an error too.
func problemOf(res *http.Response) error {
	data, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil {
		return fmt.Errorf("read the node's refusal: %w", err)
	}
	e := &Error{}
	if json.Unmarshal(data, e) != nil || e.Say == "" {
		return &Error{Type: "about:blank", Title: http.StatusText(res.StatusCode), Status: res.StatusCode,
			Say: fmt.Sprintf("the node answered %q", res.Status), Exit: 1}
	}
	e.Status = res.StatusCode
	if e.Exit == 0 {
		e.Exit = 1
	}
	return e
}
