package protocol_test

import (
	"bytes"
	"slices"
	"testing"

	"tend/crdt"
	"tend/protocol"
)

// runBackup reads what is sealed in a backup to its end, and checks each op by
// itself: its own signature where it has one, and its body where that is there.
func runBackup(in fields) (fields, error) {
	records, err := readBackup(in.bytes("file"))
	if err != nil {
		return nil, err
	}
	out, circle := fields{"rows": ""}, crdt.ID{}
	for i, rec := range records {
		at := " " + number(uint64(i))
		switch rec := rec.(type) {
		case *protocol.BackupHead:
			out["made"], out["program"] = number(uint64(rec.Made)), rec.Program
			for _, s := range rec.Seeds {
				out["seeds"] += hexOf(s[:])
			}
		case *protocol.BackupCircle:
			circle = rec.Circle
			out["circle"+at], out["name"+at], out["log key"+at] = circle.String(), rec.Name, hexOf(rec.LogKey[:])
			out["secrets"+at], out["packed"+at] = hexOf(rec.Secrets), hexOf(rec.Packed)
			out["roots"+at] = hexOf(append(rec.Root[:], rec.Next[:]...))
		case *protocol.BackupOp:
			op, err := rec.Op(circle)
			if err != nil {
				return nil, err
			}
			if len(op.Sig) > 0 {
				if err := op.Verify(circle); err != nil {
					return nil, err
				}
			}
			out["op"+at], out["body"+at] = op.ID.String(), number(uint64(len(op.Body)))
			if op.Gone {
				out["body"+at] = "gone"
			}
		case *protocol.BackupRow:
			out["rows"] += rec.What + " "
		}
	}
	return out, nil
}

func backupCases(t *testing.T) []vector {
	ops := chain(t, "dev", 3, 20)
	ops[1].Body, ops[1].Gone = nil, true
	ops[1].Sig = nil // the next one covers it
	file := func(change func(*protocol.BackupHead, *protocol.BackupCircle, []crdt.Op)) []byte {
		var b bytes.Buffer
		head := protocol.BackupHead{Made: 1_790_000_000_000, Program: "tend 1.0", Seeds: []protocol.Secret{{1}, {2}}}
		circle := protocol.BackupCircle{Circle: fixtureCircle, Name: "Mill Lane", Root: protocol.Secret{3}, Next: protocol.Secret{4},
			LogKey: protocol.Secret{5}, Secrets: bytes.Repeat([]byte{6}, 64), Packed: bytes.Repeat([]byte{7}, 96)}
		all := slices.Clone(ops)
		change(&head, &circle, all)
		w, err := protocol.NewBackupWriter(&b, head)
		noError(t, err)
		noError(t, w.Circle(circle))
		for i := range all {
			noError(t, w.Op(&all[i]))
		}
		noError(t, w.Row("group", []byte("the stairs"), []byte("members")))
		noError(t, w.Close())
		return b.Bytes()
	}
	good := file(func(*protocol.BackupHead, *protocol.BackupCircle, []crdt.Op) {})
	head := protocol.BackupHead{Kind: 1, Program: "tend 1.0"}
	end := func(circles, ops uint64) any { return protocol.BackupEnd{Kind: 5, Circles: circles, Ops: ops} }
	var cases []vector
	for _, row := range []struct {
		name   string
		file   []byte
		reject string
	}{
		{"a circle", good, ""},
		{"no circle", rawBackup(head, end(0, 0)), ""},
		{"empty", nil, "no-backup"},
		{"another file", []byte("tend-carry-1\nand so on"), "no-backup"},
		{"another version", append([]byte("tend-backup-2\n"), good[14:]...), "backup-version"},
		{"a record of a later version", rawBackup(head, []uint64{6}, end(0, 0)), "backup-version"},
		{"cut", good[:len(good)-1], "backup-damaged"},
		{"an altered byte", altered(good, 40), "backup-damaged"},
		{"an altered digest", altered(good, -1), "backup-damaged"},
		{"bytes after the digest", append(slices.Clone(good), 0), "backup-damaged"},
		{"no head", rawBackup(end(0, 0)), "backup-damaged"},
		{"no end", rawBackup(head), "backup-damaged"},
		{"fewer circles than it says", rawBackup(head, end(1, 0)), "backup-damaged"},
		{"something after the end", rawBackup(head, end(0, 0), head), "backup-damaged"},
		{"another body", file(func(_ *protocol.BackupHead, _ *protocol.BackupCircle, all []crdt.Op) { all[0].Body = []byte("another") }), "backup-damaged"},
		{"another signature", file(func(_ *protocol.BackupHead, _ *protocol.BackupCircle, all []crdt.Op) {
			all[0].Sig = altered(all[0].Sig, 0)
		}), "signature"},
	} {
		cases = append(cases, vector{Name: row.name, In: fields{"file": hexOf(row.file)}, Reject: row.reject})
	}
	return cases
}
