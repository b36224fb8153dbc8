package circle

import "testing"

// TestSearchFindsWordsInAnyForm holds what somebody looks for against what somebody
// wrote.
func TestSearchFindsWordsInAnyForm(t *testing.T) {
	for _, tt := range []struct {
		words, text string
		want        bool
	}{
		{"meals", "A warm meal", true},
		{"WALKING dog", "Someone to walk our dogs", true},
		{"babies", "Mind the baby", true},
		{"baby", "Clothes for babies", true},
		{"Hauser", "zwei Häuser weiter", true},
		{"HÄUSER", "im Haus gegenüber", true},
		{"Strasse", "Hauptstraße 3", true},
		{"straße", "HAUPTSTRASSE", true},
		{"Suppe", "Linsensuppen", true}, // within another word
		{"Besuche", "Jemand zu Besuch", true},
		{"Cafe", "im Café\u0301", true},
		{"cafe\u0301", "CAFÉ", true},
		{"الحساء", "حساءٌ دافئ", true}, // the article and the marks of vowels
		{"احمد", "أحمد يحتاج", true},   // alef with and without hamza
		{"مدرسه", "إلى المدرسة", true}, // ta marbuta as people type it
		{"散歩", "犬の散歩をお願いします", true},    // no blanks between words
		{"ウォーク", "ｳｫｰｸ", true},         // half-width signs
		{"помощь", "Нужна ПОМОЩЬ", true},
		{"ΟΔΟΣ", "οδος", true},
		{"कुत्ता", "कुत्ता घुमाना", true},
		{"🌻", "sunflowers 🌻", true},
		{"🌻", "sunflowers", false},
		{"meals lift", "A warm meal", false},
		{"drill", "A warm meal", false},
		{"be", "A warm meal", false},
		{"", "anything", true},
	} {
		if got := Matches(tt.words, tt.text); got != tt.want {
			t.Errorf("Matches(%q, %q) = %v, want %v (%q in %q)", tt.words, tt.text, got, tt.want, queryOf(tt.words), searchFold(tt.text))
		}
	}
}

// TestStemLeavesSomething: no ending is cut so that a word says nothing.
func TestStemLeavesSomething(t *testing.T) {
	for _, w := range []string{"ring", "bed", "son", "day", "ende", "eis", "gas", "als", "ing", "ال", "مال"} {
		if got := []rune(stem(w)); len(got) < leastStemRunes && string(got) != w {
			t.Errorf("stem(%q) = %q", w, string(got))
		}
	}
}
