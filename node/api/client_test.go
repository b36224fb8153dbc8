package api_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"tend/crdt/circle"
	"tend/node/client"
	"tend/node/qr"
	"tend/node/view"
)

func connect(t *testing.T, h *home) *client.Client {
	t.Helper()
	c := client.New(client.InMemory(handler(h)))
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestClientTellsTheWholeStory(t *testing.T) {
	h := newHome(t)
	c := connect(t, h).In("Oak Street")
	ctx := t.Context()

	need, err := c.Ask(ctx, client.Ask{Text: "soup", When: []string{"2026-12-03"}, People: 2, ExtraOK: true})
	if err != nil {
		t.Fatal(err)
	}
	h.me = bela // Béla's home, had it synced
	today, err := c.Today(ctx)
	if err != nil || len(today.ICould) != 1 || today.ICould[0].ID() != need.ID || today.ICould[0].Kind() != client.KindNeed {
		t.Fatalf("Today = %+v, %v, want the soup", today, err)
	}
	yes, err := c.Yes(ctx, need.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.MarkDone(ctx, yes.ID); err != nil {
		t.Fatal(err)
	}
	h.me = ann
	if _, err := c.Thank(ctx, yes.ID, "it was good"); err != nil {
		t.Fatal(err)
	}
	item, err := c.Show(ctx, yes.ID[:10])
	if err != nil || item.Agreement == nil || item.Agreement.State != circle.StateDone || len(item.Agreement.Notes) != 1 {
		t.Fatalf("Show = %+v, %v, want it done and thanked for", item, err)
	}
	all, err := c.List(ctx, client.Filter{All: true})
	if err != nil || len(all) != 2 {
		t.Errorf("List = %d items, %v, want the need and the agreement", len(all), err)
	}
	week, err := c.Week(ctx)
	if err != nil || len(week) != 7 || len(week[2].Entries) != 1 {
		t.Errorf("Week = %+v, %v, want seven days, the soup on the third", week, err)
	}
	members, err := c.Members(ctx, client.Filter{Text: "bé"})
	if err != nil || len(members) != 1 || members[0].Name != "Béla" {
		t.Errorf("Members = %+v, %v, want Béla", members, err)
	}
	who, err := c.Who(ctx, need.ID)
	if err != nil || len(who) != 2 || who[0].Name != "Farid" {
		t.Errorf("Who = %+v, %v, want Farid first, who said no yes yet", who, err)
	}
	shelves, err := c.Map(ctx)
	if err != nil || len(shelves) != 1 || len(shelves[0].Needs) != 1 {
		t.Errorf("Map = %+v, %v, want the need", shelves, err)
	}
}

func TestClientAsNeighbours(t *testing.T) {
	c, ctx := connect(t, newHome(t)), t.Context()
	made, err := c.Invite(ctx, client.InviteOptions{For: "Gül", Until: 48 * time.Hour, Uses: 1})
	if err != nil || !made.Expires.Equal(noon.Add(48*time.Hour)) {
		t.Fatalf("Invite = %+v, %v, want two days", made, err)
	}
	if _, err := c.RevokeInvite(ctx, made.ID[:8]); err != nil {
		t.Error(err)
	}
	if all, err := c.Invites(ctx); err != nil || len(all) != 1 || !all[0].Revoked {
		t.Errorf("Invites = %+v, %v, want one, revoked", all, err)
	}
	if j, err := c.Join(ctx, "TEND:ABC", "Gül", time.Millisecond); err != nil || j.State != "knocking" {
		t.Errorf("Join = %+v, %v, want knocking", j, err)
	}
	code, err := qr.Encode("TEND:ABC")
	if err != nil {
		t.Fatal(err)
	}
	png, err := code.PNG()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := c.ReadPicture(ctx, bytes.NewReader(png)); err != nil || read.Text != "TEND:ABC" {
		t.Errorf("ReadPicture = %+v, %v", read, err)
	}
	if v, err := c.Version(ctx); err != nil || v.API != "v1" {
		t.Errorf("Version = %+v, %v", v, err)
	}
	if s, err := c.Sync(ctx, time.Millisecond); err != nil || s.State != "alone" {
		t.Errorf("Sync = %+v, %v, want alone", s, err)
	}
}

func TestClientCarries(t *testing.T) {
	c, ctx := connect(t, newHome(t)), t.Context()
	var file bytes.Buffer
	out, err := c.CarryOut(ctx, &file, "")
	if err != nil || out.Ops != 7 || out.Bytes != int64(len(carryText)) || file.String() != carryText {
		t.Fatalf("CarryOut = %+v, %v", out, err)
	}
	if in, err := c.CarryIn(ctx, &file); err != nil || in.OpsNew != 7 {
		t.Errorf("CarryIn = %+v, %v", in, err)
	}
	if _, err := c.CarryOut(ctx, io.Discard, "Béla"); err == nil {
		t.Error("a carry file that was cut short passed for a whole one")
	}
	var refused *client.Error
	if _, err := c.CarryOut(ctx, io.Discard, "Farid"); !errors.As(err, &refused) || refused.Exit != 1 {
		t.Errorf("CarryOut = %v, want a refusal", err)
	}
}

func TestClientErrors(t *testing.T) {
	h := newHome(t)
	h.more = []view.Circle{{ID: named("elm").String(), Name: "Elm Row", Standing: "in"}}
	c := connect(t, h)
	var refused *client.Error
	_, err := c.Today(t.Context())
	if !errors.As(err, &refused) || refused.Exit != 2 || len(refused.IDs) != 2 || !strings.Contains(refused.Hint, "--circle") {
		t.Errorf("Today = %+v, want a question which circle", err)
	}
	_, err = c.Do(t.Context(), "whittle", client.Args{"text": {"a"}})
	if !errors.As(err, &refused) || refused.Type != "/v1/problems/unknown-verb" || refused.Error() != refused.Say {
		t.Errorf("Do(propose) = %+v, want an unknown verb", err)
	}
}
