package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/view"
	"tend/node/web"
)

// ownDeeds is what was done to the home in memory.
type ownDeeds struct {
	name, phrase, seal, place, fresh string
	left, kept, aside, cut           bool
	added, ended, stood, meant       string
	trustees                         []crdt.ID
	of                               int
	calendar                         int // how many addresses were made
	restored                         []byte
	opened                           web.BackupKey
}

// Codes and words as far as they go here.
const (
	linkText    = "TEND:LINK234"
	recoverText = "TEND:BACK234"
	sixWords    = "one two three four five six"
	homeWord    = "the word of this home"
)

var phraseWords = strings.Fields(strings.Repeat("apple boat cedar dune ", 6))

func wish(code circle.Code, say string) error {
	return &circle.Problem{Code: code, Said: circle.Words(say)}
}

// recheck is a passphrase asked for again, where one is set.
func (h *home) recheck(passphrase string) error {
	if h.keeping.Key == "passphrase" && passphrase != homeWord {
		return wish(circle.Failed, "This needs the passphrase of this home again.")
	}
	return nil
}

func (h *home) Devices(context.Context, crdt.ID) ([]view.Device, error) {
	heard := noon
	return []view.Device{{ID: "00", This: true, State: "in", Added: noon}, {ID: "01", State: "out", Added: noon}, {ID: "02", State: "in", Added: noon, Heard: &heard}}, nil
}

func (h *home) RevokeDevice(_ context.Context, _ crdt.ID, dev string) (crdt.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own.ended = dev
	return oak, nil
}

func (h *home) CalendarLink(_ context.Context, _ crdt.ID, fresh bool) (view.CalendarLink, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.own.calendar == 0 || fresh {
		h.own.calendar++
	}
	return view.CalendarLink{Link: fmt.Sprintf("http://127.0.0.1:4711/calendar/secret%d.ics", h.own.calendar)}, nil
}

func (h *home) ShowLink(context.Context) (view.Shown, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.linking = &web.Linking{Code: linkText}
	return view.Shown{Text: linkText}, nil
}

func (h *home) Linking(context.Context) (web.Linking, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.linking == nil {
		return web.Linking{}, false
	}
	return *h.linking, true
}

func (h *home) MeetDevice(_ context.Context, code string) (view.Linking, error) {
	switch code {
	case linkText:
		return view.Linking{Words: sixWords}, nil
	case linkText + "5":
		return view.Linking{}, wish(circle.NotYet, "The new device was not reached yet.")
	}
	return view.Linking{}, wish(circle.Usage, "This is not the code of a device.")
}

func (h *home) AddDevice(_ context.Context, code, words, passphrase string) (view.Linking, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.recheck(passphrase); err != nil {
		return view.Linking{}, err
	}
	if words != sixWords {
		return view.Linking{}, wish(circle.Kept, "These are not the words this device shows, so nothing was shared.")
	}
	h.own.added = code
	return view.Linking{Words: words, Done: true}, nil
}

func (h *home) Phrases(_ context.Context, passphrase string) ([]view.Phrase, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.recheck(passphrase); err != nil {
		return nil, err
	}
	return []view.Phrase{{Words: phraseWords, Circles: []string{h.called}}, {Circles: []string{h.called}, Lost: true}}, nil
}

func (h *home) Keeping(context.Context) (web.Keeping, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := h.keeping
	if k.Key == "" {
		k.Key = "file"
	}
	return k, nil
}

func (h *home) MoveKey(_ context.Context, place, passphrase, fresh string) (view.Key, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.recheck(passphrase); err != nil {
		return view.Key{}, err
	}
	h.keeping.Key, h.own.place, h.own.fresh = place, place, fresh
	return view.Key{Key: place}, nil
}

var errDisk = errors.New("the disk went away")

func (h *home) Backup(_ context.Context, w io.Writer, passphrase, seal string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.recheck(passphrase); err != nil {
		return err
	}
	if len(seal) < 8 {
		return wish(circle.Usage, "A passphrase needs at least 8 characters.")
	}
	h.own.seal = seal
	if _, err := io.WriteString(w, "sealed "); err != nil || h.own.cut {
		return errors.Join(err, errDisk)
	}
	_, err := io.WriteString(w, "for "+fmt.Sprint(len(seal)))
	return err
}

func (h *home) BackupKept(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own.kept, h.keeping.Backup, h.keeping.BackupDue = true, noon, false
	return nil
}

func (h *home) BackupAside(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own.aside, h.keeping.BackupDue = true, false
	return nil
}

func (h *home) Restore(_ context.Context, r io.Reader, k web.BackupKey) (view.Backup, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, err := io.ReadAll(r)
	if err != nil {
		return view.Backup{}, err
	}
	if !strings.HasPrefix(string(data), "sealed") {
		return view.Backup{}, wish(circle.Failed, "This file is not a backup of Tend.")
	}
	h.own.restored, h.own.opened, h.empty, h.restored = data, k, false, true
	return view.Backup{Circles: []view.BackupCircle{{ID: oak.String(), Name: h.called}}}, nil
}

func (h *home) Alone(context.Context, crdt.ID) (crdt.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.restored = false
	return oak, nil
}

func (h *home) ComeBack(_ context.Context, code, _, phrase string) (view.Joining, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if code == "" {
		return view.Joining{}, wish(circle.Usage, "This is not an invitation, or not all of it.")
	}
	h.own.phrase = phrase
	if phrase != "" && phrase != strings.Join(phraseWords, " ") {
		return view.Joining{}, wish(circle.Usage, "These are not your 24 words: a word is unknown.")
	}
	h.back = phrase == ""
	return view.Joining{Circle: oak.String(), State: "knocking"}, nil
}

func (h *home) ComingBack(context.Context) (view.Recovery, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return view.Recovery{Text: recoverText, Words: sixWords}, h.back
}

func (h *home) ReadRecovery(_ context.Context, code string) (view.Recovery, error) {
	if code != recoverText {
		return view.Recovery{}, wish(circle.Usage, "This is not an invitation, or not all of it.")
	}
	return view.Recovery{Text: code, Words: sixWords}, nil
}

func (h *home) NameTrustees(_ context.Context, _ crdt.ID, list []crdt.ID, k int) (crdt.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own.trustees, h.own.of = list, k
	return oak, nil
}

func (h *home) StandFor(_ context.Context, _, member crdt.ID, code string) (crdt.ID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if member == farid {
		return crdt.ID{}, wish(circle.Kept, "They named others to help them back, and this is for these to do.")
	}
	h.own.stood = member.String() + " " + code
	return oak, nil
}

func (h *home) Meant(_ context.Context, _ crdt.ID, name string, member crdt.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.own.meant = name + " " + member.String()
	return nil
}

func (h *home) LeaveOut(context.Context, crdt.ID, crdt.ID) (crdt.ID, error) { return oak, nil }
func (h *home) ObjectReturn(context.Context, crdt.ID) (crdt.ID, error)      { return oak, nil }

func (h *home) Return(context.Context, crdt.ID, crdt.ID) (crdt.ID, error) {
	return crdt.ID{}, wish(circle.NotYet, "Enough people stand for them; now it waits three days, so that nobody can be hurried into it.")
}

// Recoveries are all three coming back, each as far as another.
func (p people) Recoveries() []membership.RecoveryInfo {
	if !p.home.coming {
		return nil
	}
	made := crdt.At(noon.UnixMilli() - 86_400_000)
	return []membership.RecoveryInfo{
		{Target: bela, Stood: []crdt.ID{ann, farid}, Needs: 2, Ripe: made, Ready: true, Made: made},
		{Target: ann, Stood: []crdt.ID{farid}, Needs: 2, Made: made},
		{Target: farid, Stood: []crdt.ID{ann, bela}, Needs: 2, Made: made, Ripe: crdt.At(noon.UnixMilli() + 86_400_000)},
	}
}

// TrusteesOf says that Ann named some.
func (people) TrusteesOf(id crdt.ID) (membership.Trustees, bool) {
	return membership.Trustees{K: 1}, id == ann
}
