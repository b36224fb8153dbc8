package protocol_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/cryptotest"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/protocol"
)

var update = flag.Bool("update", false, "write testdata/vectors anew; what was released must not change")

// fields are the named values of a vector: hex, decimal or plain text.
type fields map[string]string

// vector is one example: what goes in, and what comes out or the class of the
// refusal.
type vector struct {
	Name   string `json:"name"`
	In     fields `json:"in"`
	Out    fields `json:"out,omitempty"`
	Reject string `json:"reject,omitempty"`
}

// suite is a file of vectors: run does what the file is about, and cases makes
// what goes in; Out is filled in by run, and Reject is what must come of it.
type suite struct {
	file  string
	run   func(in fields) (fields, error)
	cases func(t *testing.T) []vector
}

var suites = []suite{
	{"headers", runHeader, headerCases},
	{"envelopes", runEnvelope, envelopeCases},
	{"cbor", runCBOR, cborCases},
	{"zip215", runSignature, signatureCases},
	{"epochs", runEpoch, epochCases},
	{"bodies", runBody, bodyCases},
	{"lockboxes", runLockbox, lockboxCases},
	{"nooks", runNook, nookCases},
	{"codes", runCode, codeCases},
	{"join", runJoin, joinCases},
	{"links", runLink, linkCases},
	{"frames", runFrame, frameCases},
	{"tables", runTable, tableCases},
	{"carry", runCarry, carryCases},
	{"backups", runBackup, backupCases},
	{"control", runControl, controlCases},
	{"content", runContent, contentCases},
	{"talks", runTalks, talkCases},
}

// classes are the names by which vectors call refusals, the first that fits.
var classes = []struct {
	name string
	err  error
}{
	{"signature", crdt.ErrSignature},
	{"unknown-frame", protocol.ErrUnknownFrame},
	{"no-carry", protocol.ErrNoCarry},
	{"carry-damaged", protocol.ErrCarryDamaged},
	{"no-backup", protocol.ErrNoBackup},
	{"backup-version", protocol.ErrNewerBackup},
	{"backup-damaged", protocol.ErrBackupDamaged},
	{"frame-limit", protocol.ErrFrameLimit},
	{"frame", protocol.ErrFrame},
	{"control", membership.ErrRefused},
	{"content", circle.ErrForm},
	{"header", crdt.ErrForm},
	{"body-form", protocol.ErrBodyForm},
	{"body-epoch", protocol.ErrBodyEpoch},
	{"commit", protocol.ErrCommit},
	{"seal", protocol.ErrSeal},
	{"lockbox", protocol.ErrLockbox},
	{"nook", protocol.ErrNook},
	{"no-code", protocol.ErrNoCode},
	{"code-cut", protocol.ErrCodeCut},
	{"code-form", protocol.ErrCodeForm},
	{"code-version", protocol.ErrCodeVersion},
	{"join", protocol.ErrJoin},
	{"link", protocol.ErrLink},
	{"not-canonical", canon.ErrNotCanonical},
}

func class(err error) string {
	if err == nil {
		return ""
	}
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return "malformed"
}

// TestVectors reads every file of vectors back and checks each example.
func TestVectors(t *testing.T) {
	for _, s := range suites {
		t.Run(s.file, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 1)
			cases := s.cases(t)
			path := filepath.Join("testdata", "vectors", s.file+".json")
			if *update {
				writeVectors(t, s, path, cases)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var vectors []vector
			if err := json.Unmarshal(data, &vectors); err != nil {
				t.Fatal(err)
			}
			for _, v := range vectors {
				got, err := s.run(v.In)
				if class(err) != v.Reject {
					t.Errorf("%s: rejected as %q (%v), want %q", v.Name, class(err), err, v.Reject)
				}
				if v.Reject == "" && !maps.Equal(got, v.Out) {
					t.Errorf("%s = %v, want %v", v.Name, got, v.Out)
				}
			}
			for i, c := range cases {
				if i >= len(vectors) || vectors[i].Name != c.Name {
					t.Fatalf("%s lacks %q at %d; write it with -update", path, c.Name, i)
				}
			}
		})
	}
}

func writeVectors(t *testing.T, s suite, path string, cases []vector) {
	t.Helper()
	seen := map[string]bool{}
	for i, c := range cases {
		out, err := s.run(c.In)
		if class(err) != c.Reject || seen[c.Name] {
			t.Fatalf("%s: rejected as %q (%v), want %q; or its name is used twice", c.Name, class(err), err, c.Reject)
		}
		seen[c.Name] = true
		if err == nil {
			cases[i].Out = out
		}
	}
	b, err := json.MarshalIndent(cases, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (f fields) bytes(name string) []byte {
	b, err := hex.DecodeString(f[name])
	if err != nil {
		panic(err) // a vector file that we wrote
	}
	return b
}

func (f fields) id(name string) crdt.ID { return crdt.ID(f.bytes(name)) }

func (f fields) number(name string) uint64 {
	n, err := strconv.ParseUint(f[name], 10, 64)
	if err != nil {
		panic(err) // a vector file that we wrote
	}
	return n
}

func hexOf[T ~[]byte](b T) string { return hex.EncodeToString(b) }

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// with returns f with some names set otherwise.
func (f fields) with(more fields) fields {
	out := maps.Clone(f)
	maps.Copy(out, more)
	return out
}

// altered returns b with one byte changed; a negative position counts from the end.
func altered(b []byte, at int) []byte {
	out := slices.Clone(b)
	if at < 0 {
		at += len(out)
	}
	out[at] ^= 1
	return out
}
