package node_test

import (
	"testing"

	"tend/storage"
	"tend/storage/storagetest"
)

// TestARebuildThatWasCutIsDoneAgain stops a rebuild at every write it makes; the
// next start must find the same state as before.
func TestARebuildThatWasCutIsDoneAgain(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	for range 5 {
		ann.do(id, wish("soup"))
	}
	want, err := ann.Status(id)
	if err != nil {
		t.Fatal(err)
	}
	ann.shut()
	kept := ann.store.(*storage.Mem)
	for n, done := 1, false; !done; n++ {
		faulty := storagetest.NewFaulty(kept.Snapshot())
		ann.store = faulty
		ann.open()
		faulty.FailAfterWrite(n)
		done = ann.Rebuild(t.Context()) == nil
		if done && n < 3 {
			t.Fatalf("a rebuild makes only %d writes", n-1)
		}
		ann.store = faulty.Store
		ann.start()
		got, err := ann.Status(id)
		if err != nil {
			t.Fatal(err)
		}
		if got.Frontier != want.Frontier || got.StateDigest != want.StateDigest {
			t.Errorf("cut after write %d: %+v, want %+v", n, got, want)
		}
		if findings, err := ann.Verify(t.Context()); err != nil || len(findings) > 0 {
			t.Errorf("cut after write %d: verify says %v, %v", n, findings, err)
		}
		ann.shut()
	}
}
