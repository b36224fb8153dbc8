package api_test

import (
	"context"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/api"
	"tend/node/client"
	"tend/node/view"
)

func (h *home) Phrases(_ context.Context, passphrase string) ([]view.Phrase, error) {
	if passphrase != "open sesame" {
		return nil, &circle.Problem{Code: circle.Failed, Said: circle.Words("That is not the passphrase of this home.")}
	}
	return []view.Phrase{{Words: strings.Fields(strings.Repeat("abandon ", 23) + "art"), Circles: []string{"Oak Street"}}}, nil
}

func (h *home) Devices(context.Context, crdt.ID) ([]view.Device, error) {
	return []view.Device{{ID: named("laptop").String(), This: true, State: "in", Added: noon}}, nil
}

func (h *home) RevokeDevice(_ context.Context, _ crdt.ID, prefix string) (crdt.ID, error) {
	return crdt.ID{}, &circle.Problem{Code: circle.NotFound, Said: circle.Words("There is no such device " + prefix + ".")}
}

func (h *home) ShowLink(context.Context) (view.Shown, error) {
	return view.Shown{Text: "TEND:AAAA"}, nil
}

func (h *home) Linking(context.Context) (view.Linking, error) {
	return view.Linking{Circles: []string{}}, nil
}

func (h *home) AddDevice(_ context.Context, _, words, _ string) (view.Linking, error) {
	return view.Linking{Words: "abandon ability able about above absent", Circles: []string{}, Done: words != ""}, nil
}

var _ api.Devices = (*home)(nil)

func TestPhraseAsksAgain(t *testing.T) {
	h := newHome(t)
	c := client.New(client.InMemory(handler(h)))
	if got, err := c.Phrases(t.Context(), ""); err == nil {
		t.Fatalf("Phrases without the passphrase = %v, want a refusal", got)
	}
	got, err := c.Phrases(t.Context(), "open sesame")
	if err != nil || len(got) != 1 || len(got[0].Words) != 24 {
		t.Fatalf("Phrases = %v, %v, want one of 24 words", got, err)
	}
}
