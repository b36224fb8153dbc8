package circle

// Kind numbers of content bodies. A number is never used again, and the fields of
// a kind never change: a change is a new number. 82–95 are kept for later.
const (
	KindNeedPosted       = 64
	KindOfferPosted      = 65
	KindPostEdited       = 66
	KindPostStatusSet    = 67
	KindAudienceChanged  = 68
	KindAgreementMade    = 69
	KindAgreementPlace   = 70
	KindTermsChanged     = 71
	KindWordGiven        = 72
	KindMarkAdded        = 73
	KindMarkRemoved      = 74
	KindNoteWritten      = 75
	KindRetracted        = 76
	KindMemberSectionSet = 77
	KindDecisionOpened   = 78
	KindDecisionClosed   = 79
	KindTalkOpened       = 80
	KindPodAsked         = 81
)

// MaxPayload is the greatest length of a content payload, in bytes.
const MaxPayload = 60_000

// Kind describes one kind of body.
type Kind struct {
	Number uint64
	// Name is that of the Go type and of the row in SPEC.md.
	Name string
	// Makes says that the op makes a record with its own id.
	Makes  bool
	decode func(unmarshal, []byte) (Body, error)
}

// kinds is the table: a new kind is one line here, and a file of its own.
var kinds = []Kind{
	{KindNeedPosted, "NeedPosted", true, pointed[NeedPosted]},
	{KindOfferPosted, "OfferPosted", true, pointed[OfferPosted]},
	{KindPostEdited, "PostEdited", false, decoder[PostEdited]},
	{KindPostStatusSet, "PostStatusSet", false, decoder[PostStatusSet]},
	{KindAudienceChanged, "AudienceChanged", false, decoder[AudienceChanged]},
	{KindAgreementMade, "AgreementMade", true, decoder[AgreementMade]},
	{KindAgreementPlace, "AgreementPlace", false, decoder[AgreementPlace]},
	{KindTermsChanged, "TermsChanged", false, decoder[TermsChanged]},
	{KindWordGiven, "WordGiven", false, decoder[WordGiven]},
	{KindMarkAdded, "MarkAdded", false, decoder[MarkAdded]},
	{KindMarkRemoved, "MarkRemoved", false, decoder[MarkRemoved]},
	{KindNoteWritten, "NoteWritten", false, decoder[NoteWritten]},
	{KindRetracted, "Retracted", false, decoder[Retracted]},
	{KindMemberSectionSet, "MemberSectionSet", false, decoder[MemberSectionSet]},
	{KindDecisionOpened, "DecisionOpened", true, decoder[DecisionOpened]},
	{KindDecisionClosed, "DecisionClosed", false, decoder[DecisionClosed]},
	{KindTalkOpened, "TalkOpened", true, decoder[TalkOpened]},
	{KindPodAsked, "PodAsked", true, decoder[PodAsked]},
}

// Kinds returns the table of kinds, ascending. The slice is the caller's.
func Kinds() []Kind { return append([]Kind(nil), kinds...) }

// Knows reports whether a number is that of a kind in the table.
func Knows(number uint64) bool { _, ok := kindOf(number); return ok }

func kindOf(number uint64) (Kind, bool) {
	if number < KindNeedPosted || number >= KindNeedPosted+uint64(len(kinds)) {
		return Kind{}, false
	}
	return kinds[number-KindNeedPosted], true
}

// unmarshal is [canon.Unmarshal], or [canon.UnmarshalOwn].
type unmarshal func(data []byte, v any) error

// pointed reads one T, which is a body by pointer.
func pointed[T any, P interface {
	*T
	Body
}](read unmarshal, payload []byte) (Body, error) {
	b := new(T)
	if err := read(payload, b); err != nil {
		return nil, err
	}
	return P(b), nil
}

// decoder reads one T.
func decoder[T Body](read unmarshal, payload []byte) (Body, error) {
	var b T
	if err := read(payload, &b); err != nil {
		return nil, err
	}
	return b, nil
}
