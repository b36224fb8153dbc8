package node_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node"
	"tend/node/replica"
	"tend/node/words"
	"tend/protocol"
	"tend/storage"
	"tend/storage/storagetest"
)

// backup is what a home writes as its backup.
func (h *home) backup() []byte {
	h.t.Helper()
	var out bytes.Buffer
	if _, err := h.Backup(h.t.Context(), &out, "tend test"); err != nil {
		h.t.Fatalf("%s writes a backup: %v", h.name, err)
	}
	return out.Bytes()
}

// restore makes an empty home one that a backup came back in.
func (h *home) restore(file []byte) node.BackedUp {
	h.t.Helper()
	info, err := h.Restore(h.t.Context(), bytes.NewReader(file))
	if err != nil {
		h.t.Fatalf("%s restores a backup: %v", h.name, err)
	}
	return info
}

// verified wants a home to check.
func (h *home) verified() {
	h.t.Helper()
	if found, err := h.Verify(h.t.Context()); err != nil || len(found) > 0 {
		h.t.Fatalf("%s verifies: %q, %v", h.name, found, err)
	}
}

// refused wants an error to be a problem of this code, and returns its sentence.
func refused(t testing.TB, err error, code circle.Code) string {
	t.Helper()
	var p *circle.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("error %v, want a problem of code %d", err, code)
	}
	return words.Told.Tell(p.Said)
}

func TestBackupBringsAllBack(t *testing.T) { unhurried(t, backupBringsAllBack) }

func backupBringsAllBack(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	letter := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "for Ben alone", People: 1, To: []crdt.ID{ben.view(id).Me}}}).ID
	taken := ann.do(id, wish("said in haste")).ID
	ann.do(id, circle.Retract{ID: taken})
	ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "carry a sofa", People: 2}, Place: "behind the church"})
	ann.do(id, circle.SetGroup{Group: circle.Group{Name: "the stairs", Members: []crdt.ID{ben.view(id).Me}}})
	meet(ben, ann, id)
	was := ann.view(id)
	file := ann.backup()
	second := ann.begin("Choir") // after the backup, of the same recovery seed

	again := newHome(t, "Ann's new laptop")
	info := again.restore(file)
	if len(info.Circles) != 1 || info.Circles[0].ID != id || info.Circles[0].Name != "Oak Street" || info.Ops != int(was.Ops) || info.Program != "tend test" {
		t.Errorf("restored %+v, want Oak Street with %d ops", info, was.Ops)
	}
	now := again.view(id)
	if now.Frontier().Digest != was.Frontier().Digest || digest(again, id) != digest(ann, id) || now.Waiting != was.Waiting {
		t.Errorf("restored %d ops, %d waiting, state %x, want %d, %d, %x", now.Ops, now.Waiting, digest(again, id), was.Ops, was.Waiting, digest(ann, id))
	}
	if now.Me != was.Me || now.Dev == was.Dev || !now.Restored {
		t.Errorf("restored as %s on %s", now.Me.Short(), now.Dev.Short())
	}
	if _, ok := now.State.Post(again.env(id), letter); !ok {
		t.Error("what was written to one person cannot be read")
	}
	if got := again.env(id).Groups["the stairs"]; len(got) != 1 {
		t.Errorf("the group holds %d, want 1", len(got))
	}
	again.verified()

	// It only reads, whatever is tried, also after a start.
	again.shut()
	again.start()
	say := refused(t, tried(again.Do(t.Context(), id, wish("too soon"))), circle.Failed)
	if !strings.Contains(say, "backup") {
		t.Errorf("the refusal is %q", say)
	}
	_, err := again.Invite(t.Context(), id, node.InviteOptions{})
	refused(t, err, circle.Failed)
	if again.view(id).Ops != was.Ops {
		t.Error("something was written")
	}

	// It meets Ben, by an invitation of his and no words.
	if _, err := again.Join(ben.invites(id, node.InviteOptions{}), ""); err != nil {
		t.Fatal(err)
	}
	if told, err := returns(again, ben); err != nil || told != "" {
		t.Fatalf("the door said %q, %v, want in", told, err)
	}
	if len(again.Knocks()) != 0 {
		t.Error("still knocking")
	}
	meet(again, ben, id)
	made := again.do(id, wish("written on the new laptop")).ID
	meet(again, ben, id)
	meet(ann, ben, id)
	meet(again, ben, id)
	for _, h := range []*home{ann, ben, again} {
		if _, ok := h.view(id).State.Post(h.env(id), made); !ok {
			t.Errorf("%s does not know what was written", h.name)
		}
		if h.view(id).Frontier().Digest != ben.view(id).Frontier().Digest || digest(h, id) != digest(ben, id) {
			t.Errorf("%s holds something else than Ben", h.name)
		}
	}
	devices, err := again.OwnDevices(id)
	if err != nil || len(devices) != 2 || devices[0].Dev == devices[1].Dev || devices[0].Cert.Peer == devices[1].Cert.Peer || !devices[1].This {
		t.Errorf("devices %+v, %v, want two of their own keys, the second this one", devices, err)
	}
	if _, err := again.RevokeDevice(t.Context(), id, was.Dev); err != nil {
		t.Errorf("the lost laptop is not ended: %v", err)
	}

	// What it begins is of a seed of its own.
	third := again.begin("Garden")
	if again.view(third).Me == ann.view(second).Me {
		t.Error("a member was made twice of one seed")
	}
}

// digest is the state digest that a home says of a circle.
func digest(h *home, id crdt.ID) crdt.ID {
	h.t.Helper()
	s, err := h.Status(id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s.StateDigest
}

// tried is the error of a wish.
func tried(_ circle.Result, err error) error { return err }

// TestBackupTwice: the same backup in two homes makes two devices.
func TestBackupTwice(t *testing.T) { unhurried(t, backupTwice) }

func backupTwice(t *testing.T) {
	ann := newHome(t, "Ann")
	id := ann.begin("Oak Street")
	file := ann.backup()
	one, two := newHome(t, "one"), newHome(t, "two")
	one.restore(file)
	two.restore(file)
	for _, h := range []*home{one, two} {
		if _, err := h.Alone(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		h.do(id, wish("from "+h.name))
		h.verified()
	}
	if one.view(id).Dev == two.view(id).Dev || one.view(id).Dev == ann.view(id).Dev {
		t.Error("a device key is in two places")
	}
	// By a file they come together: none of them forked.
	carryAll(t, id, one, two)
	carryAll(t, id, two, one)
	carryAll(t, id, two, ann)
	for _, h := range []*home{one, ann} {
		if h.view(id).Frontier().Digest != two.view(id).Frontier().Digest || h.view(id).Waiting != 0 {
			t.Errorf("%s did not come together with two", h.name)
		}
	}
	if forks := two.view(id).Frontier().Forked; len(forks) > 0 {
		t.Errorf("%d devices forked", len(forks))
	}
}

// carryAll brings what from holds to to, in a file.
func carryAll(t *testing.T, id crdt.ID, from, to *home) {
	t.Helper()
	var file bytes.Buffer
	if _, err := from.CarryOut(t.Context(), id, nil, &file); err != nil {
		t.Fatal(err)
	}
	if _, err := to.CarryIn(t.Context(), bytes.NewReader(file.Bytes()), int64(file.Len())); err != nil {
		t.Fatal(err)
	}
}

func TestAloneAgain(t *testing.T) { unhurried(t, aloneAgain) }

func aloneAgain(t *testing.T) {
	ann, again := newHome(t, "Ann"), newHome(t, "Ann's new laptop")
	id := ann.begin("Oak Street")
	need := ann.do(id, wish("a ladder")).ID
	again.restore(ann.backup())
	first, err := again.Alone(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := again.view(id).People.Device(again.view(id).Dev)
	if !ok || d.Revoked || first.IsZero() {
		t.Fatalf("this device is not in")
	}
	again.do(id, circle.Retract{ID: need})
	again.shut()
	again.start()
	again.do(id, wish("a longer ladder"))
	again.verified()
	_, err = again.Alone(t.Context(), id)
	refused(t, err, circle.Kept)
}

// TestMeetingCutShort: a door that closes after it handed over does not make a
// second first op.
func TestMeetingCutShort(t *testing.T) {
	ann, ben, again := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's new laptop")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	again.restore(ann.backup())
	if _, err := again.Join(ben.invites(id, node.InviteOptions{}), ""); err != nil {
		t.Fatal(err)
	}
	j := again.Knocks()[0]
	a, b, _ := pipes()
	go func() {
		defer close(b.out)
		first, err := b.Receive(protocol.MaxJoinMessage)
		if err != nil {
			return
		}
		opening, err := protocol.DecodeOpening(first)
		if err != nil {
			return
		}
		deaf := &deafPipe{pipe: b}
		_ = ben.Recovered(t.Context(), again.peer(), *opening.(*protocol.RecoverKnock), deaf)
	}()
	_, err := again.Recover(t.Context(), j.ID, ben.peer(), a)
	close(a.out)
	if err != nil {
		t.Logf("the first try: %v", err)
	}
	if _, in := ben.view(id).People.Device(again.view(id).Dev); in {
		t.Fatal("Ben heard the first op; this test wants that he did not")
	}
	refused(t, tried(again.Do(t.Context(), id, wish("too soon"))), circle.Failed)
	again.shut()
	again.start()
	if _, err := again.Join(ben.invites(id, node.InviteOptions{}), ""); err != nil {
		t.Fatal(err)
	}
	if told, err := returns(again, ben); err != nil || told != "" {
		t.Fatalf("the door said %q, %v, want in", told, err)
	}
	meet(again, ben, id)
	again.do(id, wish("now"))
	meet(again, ben, id)
	if _, forked := ben.view(id).Frontier().Forked[again.view(id).Dev]; forked {
		t.Error("the new device forked")
	}
}

// deafPipe hears nothing after the proof.
type deafPipe struct {
	*pipe
	heard int
}

func (d *deafPipe) Receive(most int) ([]byte, error) {
	if d.heard++; d.heard > 1 {
		return nil, io.ErrUnexpectedEOF
	}
	return d.pipe.Receive(most)
}

func TestRestoreWantsAnEmptyHome(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	ann.begin("Oak Street")
	mine := ben.begin("Mill Lane")
	_, err := ben.Restore(t.Context(), bytes.NewReader(ann.backup()))
	refused(t, err, circle.Kept)
	if all := ben.All(); len(all) != 1 || all[0] != mine {
		t.Errorf("Ben's home holds %v", all)
	}
}

// TestSpoiltBackup: whatever byte of it is changed, a backup changes nothing.
func TestSpoiltBackup(t *testing.T) {
	ann, again := newHome(t, "Ann"), newHome(t, "Ann's new laptop")
	id := ann.begin("Oak Street")
	ann.do(id, wish("a ladder"))
	file := ann.backup()
	for at := 0; at < len(file); at += 97 {
		bad := bytes.Clone(file)
		bad[at] ^= 0x10
		if _, err := again.Restore(t.Context(), bytes.NewReader(bad)); err == nil {
			t.Fatalf("a backup changed at %d was taken", at)
		}
		if _, err := node.CheckBackup(t.Context(), bytes.NewReader(file[:at])); err == nil {
			t.Fatalf("a backup cut at %d checks", at)
		}
	}
	// The digest is right, and what it covers is not what was signed.
	for name, change := range map[string]func(r *protocol.BackupOp){
		"a signature": func(r *protocol.BackupOp) { r.Sig[7] ^= 1 },
		"a body":      func(r *protocol.BackupOp) { r.Body[7] ^= 1 },
		"no signature": func(r *protocol.BackupOp) {
			r.Sig = nil
		},
	} {
		bad := rewritten(t, file, change)
		say := refused(t, tried2(again.Restore(t.Context(), bytes.NewReader(bad))), circle.Failed)
		if !strings.Contains(say, "not a whole backup") {
			t.Errorf("%s: %q", name, say)
		}
	}
	if len(again.All()) != 0 || len(storeOf(t, again.store)) != 0 {
		t.Error("something was kept")
	}
	again.restore(file)
}

func tried2(_ node.BackedUp, err error) error { return err }

func storeOf(t *testing.T, s storage.Store) []crdt.ID {
	t.Helper()
	ids, err := s.Circles()
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// rewritten is a backup whose last op was changed, with a good digest.
func rewritten(t *testing.T, file []byte, change func(*protocol.BackupOp)) []byte {
	t.Helper()
	r, err := protocol.NewBackupReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var w *protocol.BackupWriter
	var held *protocol.BackupOp
	put := func(op *protocol.BackupOp) {
		if op == nil {
			return
		}
		if err := w.Op(&crdt.Op{Payload: op.Header, Sig: op.Sig, Body: op.Body, Gone: op.Gone}); err != nil {
			t.Fatal(err)
		}
	}
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch rec := rec.(type) {
		case *protocol.BackupHead:
			w, err = protocol.NewBackupWriter(&out, *rec)
		case *protocol.BackupCircle:
			err = w.Circle(*rec)
		case *protocol.BackupOp:
			put(held)
			held = rec
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	change(held)
	put(held)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRestoreOnAFailingStore: whichever write fails, the home stays empty, and the
// same backup comes back later.
func TestRestoreOnAFailingStore(t *testing.T) { unhurried(t, restoreOnAFailingStore) }

func restoreOnAFailingStore(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	other := ann.begin("Choir")
	for range 3 * replica.MaxBatchOps / 2 {
		ann.do(other, wish("a chair"))
	}
	file := ann.backup()
	probe := storagetest.NewFaulty(storage.NewMem())
	h := newHome(t, "probe").on(probe)
	before := probe.Writes()
	h.restore(file)
	writes := probe.Writes() - before
	if writes < 4 {
		t.Fatalf("only %d writes", writes)
	}
	for n := 1; n <= writes; n++ {
		for _, after := range []bool{false, true} {
			f := storagetest.NewFaulty(storage.NewMem())
			h := newHome(t, "Ann's new laptop").on(f)
			if after {
				f.FailAfterWrite(n)
			} else {
				f.FailWrite(n)
			}
			if _, err := h.Restore(t.Context(), bytes.NewReader(file)); err == nil {
				continue // a checkpoint that fails costs time, nothing else
			}
			if len(h.All()) != 0 || len(h.keys.Circles()) != 0 || len(storeOf(t, f)) != 0 {
				t.Fatalf("write %d failed, and the home holds %v", n, h.All())
			}
			h.restore(file)
			h.verified()
			h.shut()
		}
	}
}

// on puts a home on another store.
func (h *home) on(s storage.Store) *home {
	h.shut()
	h.store = s
	h.start()
	return h
}
