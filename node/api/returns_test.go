package api_test

import (
	"context"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/api"
	"tend/node/client"
	"tend/node/view"
)

func (h *home) NameTrustees(_ context.Context, _ crdt.ID, list []crdt.ID, k int) (crdt.ID, error) {
	if k > len(list) {
		return crdt.ID{}, &circle.Problem{Code: circle.Usage, Said: circle.Words("That is more than there are.")}
	}
	return named("trustees"), nil
}

func (h *home) ComeBack(_ context.Context, _, _, _ string) (view.Joining, error) {
	return view.Joining{Circle: oak.String(), State: "knocking"}, nil
}

func (h *home) Recovery(context.Context) (view.Recovery, error) {
	return view.Recovery{Text: "TEND:AAAA", Words: "six words"}, nil
}

func (h *home) ReadRecovery(_ context.Context, code string) (view.Recovery, error) {
	return view.Recovery{Text: code, Words: "six words"}, nil
}

func (h *home) StandFor(_ context.Context, _, member crdt.ID, _ string) (crdt.ID, error) {
	return member, nil
}

func (h *home) Asking(crdt.ID) ([]view.Asking, error) {
	return []view.Asking{{Name: "Farid", Member: &view.Person{ID: farid.String(), Name: "Farid"}, Text: "TEND:AAAA", Words: "six words"}}, nil
}

func (h *home) Meant(_ context.Context, _ crdt.ID, name string, _ crdt.ID) error {
	if name != "Fred" {
		return &circle.Problem{Code: circle.NotFound, Said: circle.Words("Nobody asks as that.")}
	}
	return nil
}

func (h *home) LeaveOut(_ context.Context, _, member crdt.ID) (crdt.ID, error) { return member, nil }

func (h *home) ObjectReturn(context.Context, crdt.ID) (crdt.ID, error) { return named("object"), nil }

func (h *home) Return(context.Context, crdt.ID, crdt.ID) (crdt.ID, error) {
	return crdt.ID{}, &circle.Problem{Code: circle.NotYet, Said: circle.Words("1 of 2 stand for them.")}
}

var _ api.Returns = (*home)(nil)

func TestComingBackByTheApi(t *testing.T) {
	c := client.New(client.InMemory(handler(newHome(t))))
	if _, err := c.NameTrustees(t.Context(), []string{"Béla", "Farid"}, 2); err != nil {
		t.Errorf("NameTrustees: %v", err)
	}
	if _, err := c.NameTrustees(t.Context(), []string{"Nobody"}, 1); err == nil {
		t.Error("somebody unknown became a trustee")
	}
	if done, err := c.StandFor(t.Context(), "Farid", "TEND:AAAA"); err != nil || done.ID != farid.String() {
		t.Errorf("StandFor = %v, %v, want Farid's", done, err)
	}
	if list, err := c.Asking(t.Context()); err != nil || len(list) != 1 || list[0].Words != "six words" {
		t.Errorf("Asking = %v, %v", list, err)
	}
	if _, err := c.Meant(t.Context(), "Fred", "Farid"); err != nil {
		t.Errorf("Meant: %v", err)
	}
	if _, err := c.Meant(t.Context(), "Nobody", "Farid"); err == nil {
		t.Error("somebody is meant who does not ask")
	}
	if done, err := c.LeaveOut(t.Context(), "Farid"); err != nil || done.ID != farid.String() {
		t.Errorf("LeaveOut = %v, %v, want Farid's", done, err)
	}
	if _, err := c.Return(t.Context(), "Farid"); err == nil {
		t.Error("Return with too few = nil, want not yet")
	}
}
