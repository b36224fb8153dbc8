package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/api"
	"tend/node/view"
)

// home is a home in memory: one circle of three with a real state, written to by
// real commands. It behaves like a node whose network is off.
type home struct {
	mu      sync.Mutex // guards what follows
	id      crdt.ID
	state   *circle.State
	me      crdt.ID
	made    uint64
	invites []view.Invite
	empty   bool // no circle yet
	more    []view.Circle
	broken  error // what Do fails with
	panics  bool

	revisions chan api.Revision
	signals   chan string
}

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func named(word string) crdt.ID { return sha256.Sum256([]byte(word)) }

var (
	oak   = named("oak street")
	ann   = named("ann")
	bela  = named("bela")
	farid = named("farid")
)

func newHome(t testing.TB) *home {
	t.Helper()
	h := &home{id: oak, state: circle.NewState(oak), me: ann, revisions: make(chan api.Revision, 16), signals: make(chan string, 16)}
	for i, name := range []string{"Ann", "Béla", "Farid"} {
		h.as(t, []crdt.ID{ann, bela, farid}[i], circle.SetSection{Section: circle.SectionName, Values: []string{name}})
	}
	return h
}

// as carries out a command of any member.
func (h *home) as(t testing.TB, who crdt.ID, cmd circle.Command) circle.Result {
	t.Helper()
	result, err := h.write(who, cmd)
	if err != nil {
		t.Fatalf("%T as %s: %v", cmd, who.Short(), err)
	}
	return result
}

// apart carries out a command of a member who knows no more than state.
func (h *home) apart(t testing.TB, state *circle.State, who crdt.ID, cmd circle.Command) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, err := h.writeOn(state, who, cmd); err != nil {
		t.Fatalf("%T as %s: %v", cmd, who.Short(), err)
	}
}

func (h *home) write(who crdt.ID, cmd circle.Command) (circle.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.writeOn(h.state, who, cmd)
}

func (h *home) writeOn(known *circle.State, who crdt.ID, cmd circle.Command) (circle.Result, error) {
	env := h.env()
	env.Me = who
	drafts, result, err := circle.Decide(known, env, cmd)
	if err != nil {
		return circle.Result{}, err
	}
	next := h.state.Fork()
	var made []crdt.ID
	for _, d := range drafts {
		h.made++
		id := crdt.ID(sha256.Sum256(binary.BigEndian.AppendUint64([]byte("op"), h.made)))
		audience := circle.Audience{Members: d.To}
		if d.To != nil {
			audience.Nook = membership.EpochID{1}
		}
		next.Apply(circle.Change{Meta: circle.Meta{ID: id, Author: who, HLC: crdt.At(noon.UnixMilli() + int64(h.made)*1000), Audience: audience},
			Body: d.Make(made)})
		made = append(made, id)
	}
	h.state = next
	return result(made), nil
}

func (h *home) env() circle.Env {
	return circle.Env{Me: h.me, Now: noon, Zone: "Europe/Berlin", Members: []crdt.ID{ann, bela, farid}}
}

func (h *home) Do(_ context.Context, id crdt.ID, cmd circle.Command) (circle.Result, error) {
	switch {
	case h.panics:
		panic("secret inside")
	case h.broken != nil:
		return circle.Result{}, h.broken
	case id != h.id:
		return circle.Result{}, &circle.Problem{Code: circle.NotFound, Said: circle.Words("There is no such circle.")}
	}
	return h.write(h.me, cmd)
}

func (h *home) View(crdt.ID) (view.Source, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return view.Source{Circle: h.id, State: h.state, People: people{}, Env: h.env()}, nil
}

func (h *home) Watch(ctx context.Context) iter.Seq[api.Revision] { return received(ctx, h.revisions) }

func (h *home) Signals(ctx context.Context) iter.Seq[string] { return received(ctx, h.signals) }

func received[T any](ctx context.Context, from <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case v := <-from:
				if !yield(v) {
					return
				}
			}
		}
	}
}

// people is a circle of three; Farid is new.
type people struct{}

func (people) Members() []membership.Member {
	return []membership.Member{
		{ID: ann, Standing: membership.In, Voice: true, Welcomed: true, Devices: []membership.Device{{}}},
		{ID: bela, Standing: membership.In, Voice: true, Welcomed: true},
		{ID: farid, Standing: membership.In},
	}
}

func (p people) Everyone() []membership.Member { return p.Members() }

func (p people) Member(id crdt.ID) (membership.Member, bool) {
	for _, m := range p.Members() {
		if m.ID == id {
			return m, true
		}
	}
	return membership.Member{}, false
}

func (people) Charter() membership.Charter {
	return membership.Charter{Name: "Oak Street", Purpose: "to look after one another", Bounds: membership.Bounds{Reply: "2d"}}
}

func (h *home) Circles(context.Context) ([]view.Circle, error) {
	if h.empty {
		return nil, nil
	}
	own := view.Circle{ID: oak.String(), Name: "Oak Street", Standing: "in", Me: view.Person{ID: ann.String(), Name: "Ann"}, Members: 3}
	return append([]view.Circle{own}, h.more...), nil
}

func (h *home) Begin(_ context.Context, o api.BeginOptions) (crdt.ID, error) {
	if o.History == "wrong" {
		return crdt.ID{}, &circle.Problem{Code: circle.Usage, Said: circle.Words("History is all or from-joining.")}
	}
	return oak, nil
}

func (h *home) Welcome(_ context.Context, _, member crdt.ID) (crdt.ID, error) { return member, nil }

func (h *home) Leave(_ context.Context, _ crdt.ID, farewell string) error {
	if strings.Contains(farewell, "!") {
		return &circle.Problem{Code: circle.Kept, Said: circle.Words("Softly.")}
	}
	return nil
}

func (h *home) Invite(_ context.Context, _ crdt.ID, o api.InviteOptions) (view.Invite, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	until := o.Until
	if until == 0 {
		until = 72 * time.Hour
	}
	i := view.Invite{ID: named(fmt.Sprint("invite", len(h.invites))).String(), Text: "TEND:ABC", Expires: noon.Add(until), Uses: max(o.Uses, 1), For: o.For}
	h.invites = append([]view.Invite{i}, h.invites...)
	return i, nil
}

func (h *home) Invites(context.Context, crdt.ID) ([]view.Invite, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.invites, nil
}

func (h *home) RevokeInvite(_ context.Context, _ crdt.ID, prefix string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.invites {
		if strings.HasPrefix(h.invites[i].ID, prefix) {
			h.invites[i].Revoked = true
			return nil
		}
	}
	return &circle.Problem{Code: circle.NotFound, Said: circle.Words("There is no such invitation.")}
}

func (h *home) ReadCode(_ context.Context, text string) (view.Code, error) {
	if !strings.HasPrefix(text, "TEND:") {
		return view.Code{}, &circle.Problem{Code: circle.Usage, Said: circle.Words("That is no code of Tend.")}
	}
	return view.Code{Kind: "invite", Text: text, Circle: oak.String()}, nil
}

func (h *home) Join(ctx context.Context, _, _ string) (view.Joining, error) {
	<-ctx.Done() // nobody opens here
	return view.Joining{Circle: oak.String(), State: "knocking"}, nil
}

func (h *home) ShowCode(context.Context, string) (view.Shown, error) {
	return view.Shown{Text: "TEND:FACE"}, nil
}

func (h *home) Joins(context.Context) ([]view.Joining, error) { return nil, nil }

func (h *home) LetIn(ctx context.Context, _ crdt.ID, _ string) (crdt.ID, error) {
	<-ctx.Done()
	return crdt.ID{}, &circle.Problem{Code: circle.NotYet, Said: circle.Words("Their home was not met yet.")}
}

func (h *home) Status(context.Context) (view.Status, error) {
	return view.Status{State: "alone", Reason: "no network in a test", Circles: []view.CircleStatus{}}, nil
}

func (h *home) Sync(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (h *home) Peers(context.Context) ([]view.Peer, error) { return nil, nil }

func (h *home) AddPeer(_ context.Context, addr string) error {
	if !strings.HasPrefix(addr, "/") {
		return &circle.Problem{Code: circle.Usage, Said: circle.Words("That is no multiaddr.")}
	}
	return nil
}

// carryText is a carry file of this home; "cut" makes it break off.
const carryText = "tend-carry-1\nand then the ops"

func (h *home) CarryOut(_ context.Context, _ crdt.ID, w io.Writer, to crdt.ID) (int, error) {
	if to == farid {
		return 0, &circle.Problem{Code: circle.Failed, Said: circle.Words("Farid has it all.")}
	}
	if _, err := io.WriteString(w, carryText); err != nil {
		return 0, err
	}
	if to == bela {
		return 0, errors.New("the disk went away")
	}
	return 7, nil
}

func (h *home) CarryIn(_ context.Context, r io.Reader) (view.CarriedIn, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return view.CarriedIn{}, err
	}
	if string(data) != carryText {
		return view.CarriedIn{}, &circle.Problem{Code: circle.Failed, Said: circle.Words("That is no carry file.")}
	}
	return view.CarriedIn{OpsNew: 7}, nil
}

func (h *home) Verify(context.Context) (view.Verified, error) {
	return view.Verified{OK: true, Ops: 7}, nil
}
func (h *home) Rebuild(context.Context) (view.Verified, error) {
	return view.Verified{OK: true, Ops: 7}, nil
}
func (h *home) MoveKey(_ context.Context, place, passphrase, fresh string) (view.Key, error) {
	if place == api.KeyInPassphrase && (passphrase != "the old one" || fresh != "the new one") {
		return view.Key{}, &circle.Problem{Code: circle.Failed, Said: circle.Words("This needs the passphrase again.")}
	}
	return view.Key{Key: place}, nil
}
func (h *home) PageLink(_ context.Context, plain bool) (view.PageLink, error) {
	if plain {
		return view.PageLink{Link: "http://127.0.0.1:1/enter?code=x", Expires: noon}, nil
	}
	return view.PageLink{}, &circle.Problem{Code: circle.Failed, Said: circle.Words("This node serves no page.")}
}
func (h *home) Sheet(_ context.Context, _ crdt.ID, sheet string) ([]byte, error) {
	return []byte(sheet), nil
}
func (h *home) CalendarLink(_ context.Context, _ crdt.ID, fresh bool) (view.CalendarLink, error) {
	if fresh {
		return view.CalendarLink{Link: "http://127.0.0.1:1/calendar/y.ics"}, nil
	}
	return view.CalendarLink{Link: "http://127.0.0.1:1/calendar/x.ics"}, nil
}
func (h *home) Screens(context.Context) ([]view.Screen, error) { return nil, nil }
func (h *home) DismissScreen(_ context.Context, id string) error {
	if id != "here" {
		return &circle.Problem{Code: circle.NotFound, Said: circle.Words("There is no such screen.")}
	}
	return nil
}

func (h *home) Backup(_ context.Context, w io.Writer, o api.BackupOptions) (view.Backup, error) {
	if (o.Seal == "") == (len(o.To) == 0) {
		return view.Backup{}, &circle.Problem{Code: circle.Usage, Said: circle.Words("A passphrase, or recipients.")}
	}
	if _, err := io.WriteString(w, backupText); err != nil {
		return view.Backup{}, err
	}
	if o.Seal == "cut" {
		return view.Backup{}, errors.New("the disk went away")
	}
	return view.Backup{Count: 1, Ops: 7}, nil
}

// backupText is a backup of this home.
const backupText = "age-encryption.org/v1\nand then all"

func (h *home) BackupKept(context.Context) error { return nil }

func (h *home) Restore(_ context.Context, r io.Reader, k api.BackupKey) (view.Backup, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return view.Backup{}, err
	}
	if string(data) != backupText || k.Passphrase != "the backup's" && k.Identities != "AGE-SECRET-KEY-1" {
		return view.Backup{}, &circle.Problem{Code: circle.Failed, Said: circle.Words("That is not the passphrase of this backup.")}
	}
	return view.Backup{Count: 1, Ops: 7}, nil
}

func (h *home) Alone(context.Context, crdt.ID) (crdt.ID, error) { return oak, nil }

func (h *home) Doctor(context.Context) ([]view.Check, error) { return nil, nil }
func (h *home) Version() view.Version                        { return view.Version{Version: "test", Go: "go", API: "v1"} }

var quiet = slog.New(slog.DiscardHandler)

func handler(h *home) *api.Handler { return api.New(h, h, quiet) }

// ask sends one request and returns its answer.
func ask(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
