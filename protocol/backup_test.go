package protocol_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/protocol"
)

// sampleBackup is a backup of two circles with a few records.
func sampleBackup(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := protocol.NewBackupWriter(&out, protocol.BackupHead{Made: 1_790_000_000_000, Program: "tend 1.0", Seeds: []protocol.Secret{{1}, {2}}})
	noError(t, err)
	for n := range 2 {
		noError(t, w.Circle(protocol.BackupCircle{Circle: crdt.ID{byte(n + 1)}, Name: "Mill Lane", Root: protocol.Secret{3}, Next: protocol.Secret{4},
			LogKey: protocol.Secret{5}, Secrets: bytes.Repeat([]byte{6}, 64), Packed: bytes.Repeat([]byte{7}, 96)}))
		noError(t, w.Op(&crdt.Op{Payload: []byte("a header"), Sig: bytes.Repeat([]byte{8}, 64), Body: []byte("sealed")}))
		noError(t, w.Op(&crdt.Op{Payload: []byte("a header"), Gone: true}))
		noError(t, w.Row("group", []byte("the stairs"), []byte("members")))
	}
	noError(t, w.Close())
	return out.Bytes()
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readBackup reads a backup to its end.
func readBackup(data []byte) ([]protocol.BackupRecord, error) {
	r, err := protocol.NewBackupReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var out []protocol.BackupRecord
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, rec)
	}
}

func TestBackup(t *testing.T) {
	got, err := readBackup(sampleBackup(t))
	if err != nil || len(got) != 10 {
		t.Fatalf("%d records, %v, want 10", len(got), err)
	}
	head, circle, op, gone, row, end := got[0].(*protocol.BackupHead), got[5].(*protocol.BackupCircle), got[6].(*protocol.BackupOp),
		got[7].(*protocol.BackupOp), got[8].(*protocol.BackupRow), got[9].(*protocol.BackupEnd)
	switch {
	case head.Made != 1_790_000_000_000 || head.Program != "tend 1.0" || len(head.Seeds) != 2 || head.Seeds[1] != protocol.Secret{2}:
		t.Errorf("head = %+v", head)
	case circle.Circle != crdt.ID{2} || circle.Name != "Mill Lane" || circle.LogKey != protocol.Secret{5} || len(circle.Secrets) != 64:
		t.Errorf("circle = %+v", circle)
	case string(op.Header) != "a header" || len(op.Sig) != 64 || string(op.Body) != "sealed" || op.Gone:
		t.Errorf("op = %+v", op)
	case len(gone.Body) != 0 || len(gone.Sig) != 0 || !gone.Gone:
		t.Errorf("op without its body = %+v", gone)
	case row.What != "group" || string(row.Key) != "the stairs" || string(row.Value) != "members":
		t.Errorf("row = %+v", row)
	case end.Circles != 2 || end.Ops != 4:
		t.Errorf("end = %+v", end)
	}
}

// TestBackupDamage: no backup that was cut, changed or lengthened anywhere is read
// to its end.
func TestBackupDamage(t *testing.T) {
	data := sampleBackup(t)
	for at := range data {
		if _, err := readBackup(data[:at]); !errors.Is(err, protocol.ErrBackupDamaged) && !errors.Is(err, protocol.ErrNoBackup) {
			t.Fatalf("cut at %d: %v", at, err)
		}
		changed := bytes.Clone(data)
		changed[at] ^= 4
		if _, err := readBackup(changed); err == nil {
			t.Fatalf("changed at %d: no error", at)
		}
	}
	if _, err := readBackup(append(bytes.Clone(data), 0)); !errors.Is(err, protocol.ErrBackupDamaged) {
		t.Errorf("lengthened: %v", err)
	}
	for text, want := range map[string]error{"": protocol.ErrNoBackup, "tend-carry-1\nx": protocol.ErrNoBackup, "tend-backup-2\nx": protocol.ErrNewerBackup,
		"tend-backup-1\n": protocol.ErrBackupDamaged} {
		if _, err := readBackup([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

// rawBackup is a backup of any records, with a good digest.
func rawBackup(records ...any) []byte {
	out := []byte("tend-backup-1\n")
	for _, r := range records {
		data := canon.MustMarshal(r)
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(data))), data...)
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

func TestBackupLimits(t *testing.T) {
	head := func(program string, seeds int) any {
		return protocol.BackupHead{Kind: 1, Program: program, Seeds: make([]protocol.Secret, seeds)}
	}
	circle := func(name string, secrets, packed int) any {
		return protocol.BackupCircle{Kind: 2, Name: name, Secrets: make([]byte, secrets), Packed: make([]byte, packed)}
	}
	op := func(header, sig, body int, gone bool) any {
		return protocol.BackupOp{Kind: 3, Header: make([]byte, header), Sig: make([]byte, sig), Body: make([]byte, body), Gone: gone}
	}
	row := func(what string, key, value int) any {
		return protocol.BackupRow{Kind: 4, What: what, Key: make([]byte, key), Value: make([]byte, value)}
	}
	end := func(circles, ops uint64) any { return protocol.BackupEnd{Kind: 5, Circles: circles, Ops: ops} }
	long := strings.Repeat("x", protocol.MaxBackupText)
	good := head("tend", 1)
	for name, row := range map[string]struct {
		records []any
		want    error
	}{
		"nothing in it":        {[]any{good, end(0, 0)}, nil},
		"at the limits":        {[]any{head(long, protocol.MaxBackupSeeds), circle(long, 64, 96), op(crdt.MaxHeaderSize, 64, protocol.MaxBody, false), row(long, protocol.MaxBackupText, protocol.MaxBody), end(1, 1)}, nil},
		"no head":              {[]any{end(0, 0)}, protocol.ErrBackupDamaged},
		"two heads":            {[]any{good, good, end(0, 0)}, protocol.ErrBackupDamaged},
		"a long program":       {[]any{head(long+"x", 1), end(0, 0)}, protocol.ErrBackupDamaged},
		"many seeds":           {[]any{head("tend", protocol.MaxBackupSeeds+1), end(0, 0)}, protocol.ErrBackupDamaged},
		"a long name":          {[]any{good, circle(long+"x", 0, 0), end(1, 0)}, protocol.ErrBackupDamaged},
		"half a secret":        {[]any{good, circle("", 16, 0), end(1, 0)}, protocol.ErrBackupDamaged},
		"half a packed key":    {[]any{good, circle("", 0, 95), end(1, 0)}, protocol.ErrBackupDamaged},
		"an op of no circle":   {[]any{good, op(9, 64, 9, false), end(0, 1)}, protocol.ErrBackupDamaged},
		"a row of no circle":   {[]any{good, row("group", 1, 1), end(0, 0)}, protocol.ErrBackupDamaged},
		"a long header":        {[]any{good, circle("", 0, 0), op(crdt.MaxHeaderSize+1, 64, 9, false), end(1, 1)}, protocol.ErrBackupDamaged},
		"a short signature":    {[]any{good, circle("", 0, 0), op(9, 63, 9, false), end(1, 1)}, protocol.ErrBackupDamaged},
		"a long body":          {[]any{good, circle("", 0, 0), op(9, 64, protocol.MaxBody+1, false), end(1, 1)}, protocol.ErrBackupDamaged},
		"a body that is gone":  {[]any{good, circle("", 0, 0), op(9, 64, 9, true), end(1, 1)}, protocol.ErrBackupDamaged},
		"a long row":           {[]any{good, circle("", 0, 0), row("group", 1, protocol.MaxBody+1), end(1, 0)}, protocol.ErrBackupDamaged},
		"fewer ops than said":  {[]any{good, circle("", 0, 0), end(1, 1)}, protocol.ErrBackupDamaged},
		"fewer circles":        {[]any{good, end(1, 0)}, protocol.ErrBackupDamaged},
		"something behind":     {[]any{good, end(0, 0), good}, protocol.ErrBackupDamaged},
		"no end":               {[]any{good}, protocol.ErrBackupDamaged},
		"a record of no kind":  {[]any{good, []uint64{}}, protocol.ErrBackupDamaged},
		"a kind to come":       {[]any{good, []uint64{6}, end(0, 0)}, protocol.ErrNewerBackup},
		"a field too many":     {[]any{good, []uint64{5, 0, 0, 0}}, protocol.ErrBackupDamaged},
		"a record that is not": {[]any{good, "end"}, protocol.ErrBackupDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := readBackup(rawBackup(row.records...)); !errors.Is(err, row.want) {
				t.Errorf("read = %v, want %v", err, row.want)
			}
		})
	}
}

// FuzzBackup gives every input a good digest too, so that the records are reached.
func FuzzBackup(f *testing.F) {
	f.Add(sampleBackup(f))
	f.Add(rawBackup(protocol.BackupHead{Kind: 1}, protocol.BackupEnd{Kind: 5}))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range [][]byte{data, protocol.Trailed(bytes.Clone(data))} {
			records, err := readBackup(file)
			if err != nil && !errors.Is(err, protocol.ErrBackupDamaged) && !errors.Is(err, protocol.ErrNoBackup) && !errors.Is(err, protocol.ErrNewerBackup) {
				t.Fatalf("%x: %v", file, err)
			}
			if len(records) > len(file)/5 {
				t.Fatalf("%d records in %d bytes", len(records), len(file))
			}
			for _, r := range records {
				if op, ok := r.(*protocol.BackupOp); ok {
					if _, err := op.Op(crdt.ID{1}); err != nil && !errors.Is(err, protocol.ErrBackupDamaged) {
						t.Fatalf("%x: %v", op.Header, err)
					}
				}
			}
		}
	})
}
