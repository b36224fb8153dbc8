package words_test

import (
	"testing"
	"time"

	"tend/crdt/circle"
	"tend/node/words"
)

// TestTell holds how what goes into a sentence is written in English.
func TestTell(t *testing.T) {
	at := time.Date(2026, 12, 2, 17, 0, 0, 0, time.UTC)
	ann, ben, me := circle.Who{Name: "Ann"}, circle.Who{Name: "ben"}, circle.Who{Name: "Cem", Me: true}
	rows := []struct {
		said circle.Said
		want string
	}{
		{circle.As("no.own_post"), "It is your own."},
		{circle.As("no.member", `a "b"`), `There is no member "a \"b\"" in this circle.`},
		{circle.As("no.talk_in_already", ben), "Ben is in it already."},
		{circle.As("no.talk_in_already", circle.Who{}), "Someone is in it already."},
		{circle.As("no.too_few", 2, 5), "Too few were heard: 2 of the 5 it takes."},
		{circle.As("span.days", 1), "1 day"},
		{circle.As("span.days", 2), "2 days"},
		{circle.As("looks.narrowed", circle.People{me, ann, ben}, "Soup"), "You, Ann and ben may still hold the older copy of “Soup”. What is written on it from now on is for fewer eyes."},
		{circle.As("looks.narrowed_several", circle.Count(4), "Soup"), "Four people may still hold the older copy of “Soup”. What is written on it from now on is for fewer eyes."},
		{circle.As("looks.narrowed_several", circle.Count(9), "Soup"), "9 people may still hold the older copy of “Soup”. What is written on it from now on is for fewer eyes."},
		{circle.As("mirror.heard", circle.As("mirror.names_more", circle.People{ann, ben})), "Ann, ben, and others listened to you."},
		{circle.As("mirror.heard_since", circle.SinceMonth{Time: at}), "Nobody has listened to you since December, as far as it stands here."},
		{circle.As("choice.instead", circle.OnDate("2026-12-02T17:00")), "I come on Wednesday, 2 December, 17:00 instead"},
		{circle.As("choice.instead", circle.OnDate("2026-12-02")), "I come on Wednesday, 2 December instead"},
		{circle.As("choice.instead", circle.OnDate("")), "I come instead"},
		{circle.As("looks.home_again", "drill", circle.UntilDay("2026-12-02")), "“drill” was lent until Wednesday, 2 December: is it home again?"},
		{circle.As("no.not_all_spoken", circle.Until{Time: at}), "Not everyone has spoken, and it is open until 2 December 17:00."},
		{circle.As("found.clock", circle.Stamp{Time: at}, "UTC"), "Wed 2 Dec 2026 17:00 in UTC"},
		{circle.As("found.backup", circle.DayOf{Time: at, Year: true}), "the last one is of 2 Dec 2026"},
		{circle.As("found.backup", circle.DayOf{Time: at}), "the last one is of 2 Dec"},
		{circle.As("looks.two_texts", circle.Phrases{circle.As("typed.card"), circle.Words("{a}")}), "Two versions were written at once. the card; {a}."},
		{circle.Words("what somebody wrote"), "what somebody wrote"},
		{circle.Said{}, ""},
		{circle.As("no.such_name", "x"), "no.such_name"},
	}
	for _, row := range rows {
		if got := words.Told.Tell(row.said); got != row.want {
			t.Errorf("Tell(%v) = %q, want %q", row.said, got, row.want)
		}
	}
	if got, want := words.Told.HintOf(circle.As("no.not_slot", "x", circle.Words("a, b"))), "It has a, b."; got != want {
		t.Errorf("HintOf = %q, want %q", got, want)
	}
	if got := words.Told.HintOf(circle.As("no.own_post")); got != "" {
		t.Errorf("HintOf says %q of what nothing is said of", got)
	}
}
