package circle

import "tend/crdt"

// reviewOn is the day on which the people in an agreement look at it again: the one that
// one of them named last, else of an agreement without a date one a while after it was
// made; "" for none.
func (a *agreement) reviewOn() string {
	if day := a.rec.tag(tagReview, a.has); day != "" {
		if w, err := parseWhen(day); err == nil && w.slot() == day && len(day) == len(dateForm) {
			return day
		}
	}
	if a.slot == "" && a.newest().terms.When == "" {
		return dayOf(a.made.HLC.Time()).AddDate(0, 0, reviewDays).Format(dateForm)
	}
	return ""
}

// reviewDays is after how many days an agreement that goes on is looked at again where
// nobody named a day.
const reviewDays = 90

// reviewDue: what goes on has come to the day on which its people look at it again. It
// goes on all the same; nothing ends by that.
func (r *reader) reviewDue(a *agreement) (Attention, bool) {
	day := a.reviewOn()
	today := dayOf(r.now)
	if a.state != StateAgreed || day == "" || day > today.Format(dateForm) {
		return Attention{}, false
	}
	next := today.AddDate(0, 0, reviewDays).Format(dateForm)
	return Attention{Kind: LookReviewDue, About: append([]crdt.ID{a.id}, a.body.About...), Choices: []Choice{
		say("choice.still_good", "change", a.id, "--review", next),
		say("choice.rounded_off", "done", a.id),
		say("choice.give_back", "cannot", a.id),
	}}.Saying("looks.review_due", a.newest().terms.What), true
}
