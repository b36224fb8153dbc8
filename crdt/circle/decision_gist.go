package circle

import "tend/crdt/membership"

// Gist is what a body says in a few words, for the one who wrote it; "" for one
// that has none. What is no text of a person has a name in the catalogues.
func Gist(b Body) Said {
	switch b := b.(type) {
	case WordGiven:
		return wordGist(b.Value)
	case MemberSectionSet:
		return As("gist.section", b.Section)
	}
	return Words(gist(b))
}

// ControlGist is a few words for what a person did for the circle itself; false for
// what a home does on its own.
func ControlGist(b membership.Body) (Said, bool) {
	switch b.(type) {
	case *membership.Invite:
		return As("gist.invitation"), true
	case *membership.Admit:
		return As("gist.let_in"), true
	case *membership.Sponsor:
		return As("gist.welcome"), true
	case *membership.Trustees:
		return As("gist.trustees"), true
	case *membership.DeviceAdd:
		return As("gist.device"), true
	}
	return Said{}, false
}

func gist(b Body) string {
	switch b := b.(type) {
	case *NeedPosted:
		return b.Title
	case *OfferPosted:
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

func wordGist(v WordValue) Said {
	switch v {
	case WordYes:
		return As("gist.yes", v.String())
	case WordNotNow:
		return As("gist.not_now", v.String())
	case WordConsent:
		return As("gist.consent", v.String())
	case WordStandAside:
		return As("gist.aside", v.String())
	case WordConcern:
		return As("gist.concern", v.String())
	}
	return As("gist.word", v.String())
}
