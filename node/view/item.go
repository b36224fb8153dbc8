package view

import (
	"encoding/json"
	"fmt"
)

// Item is an entry of a mixed list: exactly one field is set. Its JSON is that
// of the field, told apart by "kind".
type Item struct {
	Post      *Post
	Agreement *Agreement
	Member    *Member
	Retracted *Retracted
	Decision  *Decision
	Talk      *Talk
}

// ID returns the id of what the item holds.
func (i Item) ID() string {
	switch {
	case i.Post != nil:
		return i.Post.ID
	case i.Agreement != nil:
		return i.Agreement.ID
	case i.Member != nil:
		return i.Member.ID
	case i.Retracted != nil:
		return i.Retracted.ID
	case i.Decision != nil:
		return i.Decision.ID
	case i.Talk != nil:
		return i.Talk.ID
	}
	return ""
}

// Kind returns "need", "offer", "agreement", "member", "decision" or "talk"; "" for an empty item.
func (i Item) Kind() string {
	switch {
	case i.Post != nil:
		return i.Post.Kind
	case i.Agreement != nil:
		return i.Agreement.Kind
	case i.Member != nil:
		return KindMember
	case i.Retracted != nil:
		return KindRetracted
	case i.Decision != nil:
		return KindDecision
	case i.Talk != nil:
		return KindTalk
	}
	return ""
}

// The kinds of an [Item].
const (
	KindNeed      = "need"
	KindOffer     = "offer"
	KindAgreement = "agreement"
	KindMember    = "member"
	KindRetracted = "retracted"
)

// MarshalJSON writes the one field that is set. A member gets its "kind" here,
// since in lists of members alone it has none.
func (i Item) MarshalJSON() ([]byte, error) {
	switch {
	case i.Post != nil:
		return json.Marshal(i.Post)
	case i.Agreement != nil:
		return json.Marshal(i.Agreement)
	case i.Member != nil:
		return json.Marshal(struct {
			Kind string `json:"kind"`
			*Member
		}{KindMember, i.Member})
	case i.Retracted != nil:
		return json.Marshal(i.Retracted)
	case i.Decision != nil:
		return json.Marshal(i.Decision)
	case i.Talk != nil:
		return json.Marshal(i.Talk)
	}
	return nil, fmt.Errorf("empty item")
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Item) UnmarshalJSON(data []byte) error {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	*i = Item{}
	switch head.Kind {
	case KindNeed, KindOffer:
		return json.Unmarshal(data, &i.Post)
	case KindAgreement:
		return json.Unmarshal(data, &i.Agreement)
	case KindMember:
		return json.Unmarshal(data, &i.Member)
	case KindRetracted:
		return json.Unmarshal(data, &i.Retracted)
	case KindDecision:
		return json.Unmarshal(data, &i.Decision)
	case KindTalk:
		return json.Unmarshal(data, &i.Talk)
	}
	return fmt.Errorf("item of unknown kind %q", head.Kind)
}
