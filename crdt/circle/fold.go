package circle

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// searchFold writes text as search reads it: in small letters, without accents, vowel
// marks and stretches, and with the letters that people type for one another as one
// (ß and ss, the Arabic alefs, a final ya and alef maqsura).
func searchFold(text string) string {
	if ascii(text) {
		return strings.ToLower(text)
	}
	var out strings.Builder
	out.Grow(len(text))
	for _, c := range norm.NFKD.String(text) {
		switch {
		case unicode.Is(unicode.Mn, c) || c == 'ـ' || c == '\u200c' || c == '\u200d' || c == '\u00ad':
			continue
		case c == 'ß' || c == 'ẞ':
			out.WriteString("ss")
			continue
		case c == 'ى':
			c = 'ي'
		case c == 'ة':
			c = 'ه'
		case c == 'ı':
			c = 'i'
		case c == 'ς':
			c = 'σ'
		case c == 'ø' || c == 'Ø':
			c = 'o'
		case c == 'ł' || c == 'Ł':
			c = 'l'
		}
		out.WriteRune(unicode.ToLower(c))
	}
	return out.String()
}

// appendFold appends [searchFold] of a text.
func appendFold(to []byte, text string) []byte {
	if !ascii(text) {
		return append(to, searchFold(text)...)
	}
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// searchWords are the words of a text folded, each cut down to what its forms have in
// common. In scripts that write without blanks a run of signs is one word.
func searchWords(text string) []string {
	words := strings.FieldsFunc(searchFold(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.Is(unicode.Mc, c)
	})
	for i, w := range words {
		words[i] = stem(w)
	}
	return words
}

// Endings and beginnings that words of the languages Tend speaks take, the longest
// first. Something of a word must be left: see [stem].
var (
	latinEndings  = []string{"ungen", "ings", "ing", "ies", "ern", "ung", "est", "ed", "er", "en", "em", "es", "y", "s", "e", "n"}
	arabicBefore  = []string{"وال", "بال", "كال", "فال", "لل", "ال"}
	arabicEndings = []string{"ات", "ون", "ين", "ان", "ها", "هم", "نا", "ه", "ي"}
	// weakEndings end many words that are whole without them.
	weakEndings    = []string{"en", "er", "es", "em", "ern", "est"}
	leastStemRunes = 3
)

// stem cuts an ending off a folded word, and of an Arabic one the article, so that
// other forms of the word hold what is left. A word of which less than three letters
// would be left, or of a weak ending less than four, stays as it is.
func stem(word string) string {
	endings := latinEndings
	if first, _ := utf8.DecodeRuneInString(word); unicode.Is(unicode.Arabic, first) {
		endings = arabicEndings
		for _, b := range arabicBefore {
			if rest, ok := strings.CutPrefix(word, b); ok && utf8.RuneCountInString(rest) >= leastStemRunes {
				word = rest
				break
			}
		}
	} else if !unicode.Is(unicode.Latin, first) {
		return word
	}
	for _, e := range endings {
		least := leastStemRunes
		if len(e) == 1 && e != "y" && e != "s" || slices.Contains(weakEndings, e) {
			least++
		}
		if rest, ok := strings.CutSuffix(word, e); ok && utf8.RuneCountInString(rest) >= least {
			return rest
		}
	}
	return word
}
