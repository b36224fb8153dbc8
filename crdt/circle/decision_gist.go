package circle

import "tend/crdt/membership"

// Gist is what a body says in a few words, for the one who wrote it; "" for one
// that has none. What is no text of a person has a name in the catalogues.
func Gist(b Body) Sentence {
	switch b := b.(type) {
	case WordGiven:
		return wordGist(b.Value)
	case MemberSectionSet:
		return phrase("gist.section", b.Section)
	}
	return Sentence{English: gist(b)}
}

// ControlGist is a few words for what a person did for the circle itself; false for
// what a home does on its own.
func ControlGist(b membership.Body) (Sentence, bool) {
	switch b.(type) {
	case *membership.Invite:
		return phrase("gist.invitation", "an invitation"), true
	case *membership.Admit:
		return phrase("gist.let_in", "letting somebody in"), true
	case *membership.Sponsor:
		return phrase("gist.welcome", "a welcome"), true
	case *membership.Trustees:
		return phrase("gist.trustees", "who may stand for you"), true
	case *membership.DeviceAdd:
		return phrase("gist.device", "another device of yours"), true
	}
	return Sentence{}, false
}

func gist(b Body) string {
	switch b := b.(type) {
	case NeedPosted:
		return b.Title
	case OfferPosted:
		return b.Title
	case AgreementMade:
		return b.Terms.What
	case TermsChanged:
		return b.Text + b.Terms.What
	case NoteWritten:
		return b.Text
	case DecisionOpened:
		return b.Text
	}
	return ""
}

func wordGist(v WordValue) Sentence {
	switch v {
	case WordYes:
		return phrase("gist.yes", v.String())
	case WordNotNow:
		return phrase("gist.not_now", v.String())
	case WordConsent:
		return phrase("gist.consent", v.String())
	case WordStandAside:
		return phrase("gist.aside", v.String())
	case WordConcern:
		return phrase("gist.concern", v.String())
	}
	return phrase("gist.word", v.String())
}
