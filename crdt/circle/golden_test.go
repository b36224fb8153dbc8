package circle_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

var update = flag.Bool("update", false, "rewrite testdata/bodies.txt; never after a release: the bytes of a kind are frozen")

// TestBodiesKeepTheirBytes holds every kind, the hash of a text and the state digest
// to the bytes that other versions write. If it fails, the format has changed: give
// the change a new kind number instead.
func TestBodiesKeepTheirBytes(t *testing.T) {
	var got strings.Builder
	s := circle.NewState(circleID)
	for i, k := range circle.Kinds() {
		_, payload := circle.Encode(full[k.Number])
		fmt.Fprintf(&got, "%d %s %x\n", k.Number, k.Name, payload)
		s.Apply(circle.Change{Meta: circle.Meta{ID: crdt.ID{100, byte(i)}, Author: crdt.ID{1}, HLC: crdt.HLC(i + 1)}, Body: full[k.Number]})
	}
	made := crdt.ID{100, circle.KindAgreementMade - circle.KindNeedPosted}
	a, ok := s.Agreement(circle.Env{Me: crdt.ID{1}, Now: monday}, made)
	if !ok {
		t.Fatal("the agreement is not there")
	}
	fmt.Fprintf(&got, "rev of AgreementMade %x\n", a.Rev)
	fmt.Fprintf(&got, "state_digest of all, op ids 6400…, 6401… by author 01… at hlc 1 2 3… %s\n", s.Digest(0))
	const file = "testdata/bodies.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("bodies are\n%s\nwant\n%s", got.String(), want)
	}
}
