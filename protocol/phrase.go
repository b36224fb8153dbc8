package protocol

import (
	"crypto/sha256"
	_ "embed" // the word list
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// PhraseWords is how many words a recovery phrase has.
const PhraseWords = 24

// checkWords is how many words two people compare by voice: 66 bits.
const checkWords = 6

// maxPhrase bounds what is read as a phrase, in bytes.
const maxPhrase = 1 << 10

// labels of what is derived from a recovery seed.
const (
	labelRoot      = "tend/root/1"
	labelInception = "tend/inception/1"
)

// ErrPhrase is wrapped for a text that is no recovery phrase.
var ErrPhrase = errors.New("not a recovery phrase")

// wordText is the English list of BIP-39: 2,048 words, ascending, of which the
// first four letters tell each from all others.
//
//go:embed words.txt
var wordText string

var words = strings.Fields(wordText)

// Phrase returns a recovery seed as 24 words: BIP-39's encoding of 256 bits, with
// its checksum. Only the encoding is BIP-39's: nothing is stretched or derived as
// wallets do.
func Phrase(seed [32]byte) []string {
	sum := sha256.Sum256(seed[:])
	return wordsOf(append(seed[:], sum[0]), PhraseWords)
}

// wordsOf reads 11 bits of data for each word, high bits first.
func wordsOf(data []byte, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = words[bitsAt(data, 11*i)]
	}
	return out
}

// bitsAt returns the 11 bits of data from bit at, counted from the highest.
func bitsAt(data []byte, at int) int {
	var window [4]byte
	copy(window[:], data[at/8:])
	return int(binary.BigEndian.Uint32(window[:])>>(32-11-at%8)) & 2047
}

// ParsePhrase reads a phrase as people type it: in any case, with any blanks or
// numbers between, each word whole or its first four letters. The error wraps
// [ErrPhrase] and names the first word that is wrong by its place, never itself.
func ParsePhrase(text string) ([32]byte, error) {
	if len(text) > maxPhrase {
		return [32]byte{}, fmt.Errorf("%w: %d bytes", ErrPhrase, len(text))
	}
	typed := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
	if len(typed) != PhraseWords {
		return [32]byte{}, fmt.Errorf("%w: %d words, want %d", ErrPhrase, len(typed), PhraseWords)
	}
	var data [33]byte
	for i, word := range typed {
		n := wordNumber(word)
		if n < 0 {
			return [32]byte{}, fmt.Errorf("%w: word %d is none of the list", ErrPhrase, i+1)
		}
		for bit := range 11 {
			if n>>(10-bit)&1 == 1 {
				at := 11*i + bit
				data[at/8] |= 0x80 >> (at % 8)
			}
		}
	}
	seed := [32]byte(data[:32])
	if sum := sha256.Sum256(seed[:]); sum[0] != data[32] {
		return [32]byte{}, fmt.Errorf("%w: its checksum is wrong, so a word is another than it was", ErrPhrase)
	}
	return seed, nil
}

// wordNumber returns the place of a word in the list, or -1.
func wordNumber(word string) int {
	for n, w := range words {
		if w == word || len(word) == 4 && strings.HasPrefix(w, word) {
			return n
		}
	}
	return -1
}

// CheckWords returns six words for two people to compare by voice: they differ if
// what was hashed does.
func CheckWords(digest [32]byte) string { return strings.Join(wordsOf(digest[:], checkWords), " ") }

// RootSeed returns the Ed25519 seed of root i of a recovery seed (SPEC.md §4.1). A
// member's inception names two: an even i for the root, i+1 for the one after it.
func RootSeed(seed [32]byte, i uint32) [32]byte {
	return [32]byte(derive(seed[:], nil, string(binary.BigEndian.AppendUint32([]byte(labelRoot), i)), 32))
}

// InceptionNonce returns the nonce of the inception that root i begins, so that
// the phrase alone finds the member again.
func InceptionNonce(seed [32]byte, i uint32) [16]byte {
	return [16]byte(derive(seed[:], nil, string(binary.BigEndian.AppendUint32([]byte(labelInception), i)), 16))
}
