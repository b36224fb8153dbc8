package circle

// Gist is what a body says in a few words, for the one who wrote it; "" for one
// that has none.
func Gist(b Body) string {
	switch b := b.(type) {
	case NeedPosted:
		return b.Title
	case OfferPosted:
		return b.Title
	case AgreementMade:
		return b.Terms.What
	case TermsChanged:
		return b.Text + b.Terms.What
	case WordGiven:
		return b.Value.String()
	case NoteWritten:
		return b.Text
	case DecisionOpened:
		return b.Text
	case MemberSectionSet:
		return b.Section
	}
	return ""
}
