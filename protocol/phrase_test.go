package protocol_test

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/protocol"
)

//go:embed words.txt
var wordList []byte

// The list is BIP-39's, to the byte.
func TestWordList(t *testing.T) {
	const want = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
	sum := sha256.Sum256(wordList)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("SHA-256 of the word list = %s, want %s", got, want)
	}
}

// The vectors are those of the reference implementation (trezor/python-mnemonic).
func TestPhraseVectors(t *testing.T) {
	for _, row := range []struct{ seed, phrase string }{
		{strings.Repeat("00", 32), strings.Repeat("abandon ", 23) + "art"},
		{strings.Repeat("7f", 32), strings.Repeat("legal winner thank year wave sausage worth useful ", 2) + "legal winner thank year wave sausage worth title"},
		{strings.Repeat("80", 32), strings.Repeat("letter advice cage absurd amount doctor acoustic avoid ", 2) + "letter advice cage absurd amount doctor acoustic bless"},
		{strings.Repeat("ff", 32), strings.Repeat("zoo ", 23) + "vote"},
	} {
		raw, err := hex.DecodeString(row.seed)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(protocol.Phrase([32]byte(raw)), " "); got != row.phrase {
			t.Errorf("Phrase(%s) = %q, want %q", row.seed, got, row.phrase)
		}
	}
}

func TestPhraseRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed"))
		phrase := protocol.Phrase(seed)
		for _, text := range []string{strings.Join(phrase, " "), strings.ToUpper(strings.Join(phrase, "\n 7. ")), shortened(phrase)} {
			got, err := protocol.ParsePhrase(text)
			if err != nil || got != seed {
				t.Fatalf("ParsePhrase(%q) = %x, %v, want %x", text, got, err, seed)
			}
		}
		at := rapid.IntRange(0, 23).Draw(t, "at")
		other := protocol.Phrase([32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "other")))
		wrong := append([]string(nil), phrase...)
		wrong[at] = other[at]
		if got, err := protocol.ParsePhrase(strings.Join(wrong, " ")); err == nil && wrong[at] != phrase[at] && got == seed {
			t.Fatalf("another word gave the same seed")
		}
	})
}

func shortened(phrase []string) string {
	var out []string
	for _, w := range phrase {
		out = append(out, w[:min(len(w), 4)])
	}
	return strings.Join(out, " ")
}

func TestParsePhraseRefuses(t *testing.T) {
	good := strings.Repeat("abandon ", 23) + "art"
	for name, text := range map[string]string{
		"empty":       "",
		"too few":     strings.Repeat("abandon ", 23),
		"too many":    good + " art",
		"no word":     strings.Repeat("abandon ", 22) + "qqqq art",
		"checksum":    strings.Repeat("abandon ", 24),
		"three cut":   strings.Repeat("abandon ", 23) + "ar",
		"over limits": good + strings.Repeat(" ", 1024),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := protocol.ParsePhrase(text); !errors.Is(err, protocol.ErrPhrase) {
				t.Errorf("ParsePhrase(%q) = %v, want ErrPhrase", text, err)
			}
		})
	}
}

func TestRootsDiffer(t *testing.T) {
	seen := map[[32]byte]bool{}
	for seed := range byte(3) {
		for i := range uint32(8) {
			seen[protocol.RootSeed([32]byte{seed}, i)] = true
		}
	}
	if len(seen) != 24 {
		t.Errorf("24 roots of 3 seeds are %d different ones", len(seen))
	}
	if protocol.InceptionNonce([32]byte{1}, 0) == protocol.InceptionNonce([32]byte{1}, 2) {
		t.Error("two inceptions have one nonce")
	}
}
