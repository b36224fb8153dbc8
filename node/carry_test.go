package node_test

import (
	"bytes"
	"errors"
	"testing"

	"tend/crdt/circle"
	"tend/node"
	"tend/node/words"
)

// carry copies what from holds to to, by a file.
func carry(t *testing.T, from, to *home, file *bytes.Buffer, opts ...func([]byte) []byte) (node.Carried, error) {
	t.Helper()
	data := file.Bytes()
	for _, o := range opts {
		data = o(data)
	}
	return to.CarryIn(t.Context(), bytes.NewReader(data), int64(len(data)))
}

func TestOnlyFilesCross(t *testing.T) { unhurried(t, onlyFilesCross) }

func onlyFilesCross(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	for range 300 {
		ann.do(id, wish("from Ann"))
		ben.do(id, wish("from Ben"))
	}
	var out bytes.Buffer
	if _, err := ann.CarryOut(t.Context(), id, nil, &out); err != nil {
		t.Fatal(err)
	}
	in, err := carry(t, ann, ben, &out)
	if err != nil || in.OpsNew != 300 || in.Waiting != 0 {
		t.Fatalf("Ben takes in %+v, %v, want 300 new", in, err)
	}
	me, back := ann.view(id).Me, bytes.Buffer{}
	made, err := ben.CarryOut(t.Context(), id, &me, &back)
	if err != nil || made.Ops < 300 || made.Ops > 310 {
		t.Fatalf("Ben writes %+v for Ann, %v, want little more than the 300 she lacks", made, err)
	}
	if in, err := carry(t, ben, ann, &back); err != nil || in.OpsNew != 300 || in.Waiting != 0 {
		t.Fatalf("Ann takes in %+v, %v, want 300 new", in, err)
	}
	equal(t, id, ann, ben)
	if again, err := carry(t, ben, ann, &back); err != nil || again.OpsNew != 0 {
		t.Errorf("the same file again: %+v, %v, want nothing new", again, err)
	}
}

func TestADamagedFileChangesNothing(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	ann.do(id, wish("soup"))
	var out bytes.Buffer
	if _, err := ann.CarryOut(t.Context(), id, nil, &out); err != nil {
		t.Fatal(err)
	}
	before, _ := ben.Status(id)
	for name, change := range map[string]func([]byte) []byte{
		"cut":        func(b []byte) []byte { return b[:len(b)-1] },
		"lengthened": func(b []byte) []byte { return append(bytes.Clone(b), 0) },
		"changed":    func(b []byte) []byte { c := bytes.Clone(b); c[len(c)/2] ^= 1; return c },
		"empty":      func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := carry(t, ann, ben, &out, change)
			var p *circle.Problem
			if !errors.As(err, &p) || p.Code != circle.Failed || words.Told.HintOf(p.Said) == "" {
				t.Errorf("CarryIn: %v, want a problem with code 1 and a hint", err)
			}
			if after, _ := ben.Status(id); after.Frontier != before.Frontier {
				t.Error("a damaged file changed the log")
			}
		})
	}
}
