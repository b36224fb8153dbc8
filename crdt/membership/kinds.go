package membership

import (
	"fmt"
	"maps"
	"slices"

	"tend/crdt/canon"
)

// Numbers of the control kinds. A number's shape is frozen; any change is a new
// number, and numbers are never used again. 21–31 are reserved.
const (
	KindGenesis      uint64 = 1
	KindInvite       uint64 = 2
	KindInviteRevoke uint64 = 3
	KindAdmit        uint64 = 4
	KindSponsor      uint64 = 5
	KindObject       uint64 = 6
	KindPropose      uint64 = 7
	KindStand        uint64 = 8
	KindEnact        uint64 = 9
	KindLeave        uint64 = 10
	KindAway         uint64 = 11
	KindBack         uint64 = 12
	KindDeviceAdd    uint64 = 13
	KindDeviceRevoke uint64 = 14
	KindPrekey       uint64 = 15
	KindRotate       uint64 = 16
	KindTrustees     uint64 = 17
	KindForkProof    uint64 = 18
	KindEpoch        uint64 = 19
	KindBeat         uint64 = 20
)

// Body is what a control op says. The bodies are pointers: [*Genesis], [*Invite],
// [*Admit] and so on; a kind below 64 that this version does not know is an
// [*Unknown].
type Body interface {
	// Kind is the body's number.
	Kind() uint64
	// check holds the rules of the fields that the bytes alone decide.
	check() error
}

// kinds is the table of control kinds.
var kinds = map[uint64]struct {
	name string
	read func(payload []byte) (Body, error)
	// voice says that the author needs voice at the op's control past. Two kinds
	// have exceptions, which [Set.Judge] knows: invite.revoke and object.
	voice bool
	// evidence says that the op is never void: what somebody did stays proof.
	evidence bool
}{
	KindGenesis:      {"genesis", read[Genesis], false, true},
	KindInvite:       {"invite", read[Invite], true, false},
	KindInviteRevoke: {"invite.revoke", read[InviteRevoke], false, false},
	KindAdmit:        {"admit", read[Admit], true, false},
	KindSponsor:      {"sponsor", read[Sponsor], true, false},
	KindObject:       {"object", read[Object], false, true},
	KindPropose:      {"propose", read[Propose], true, true},
	KindStand:        {"stand", read[Stand], true, true},
	KindEnact:        {"enact", read[Enact], true, true},
	KindLeave:        {"leave", read[Leave], false, true},
	KindAway:         {"away", read[Away], false, false},
	KindBack:         {"back", read[Back], false, false},
	KindDeviceAdd:    {"device.add", read[DeviceAdd], false, false},
	KindDeviceRevoke: {"device.revoke", read[DeviceRevoke], false, true},
	KindPrekey:       {"device.prekey", read[Prekey], false, false},
	KindRotate:       {"rotate", read[Rotate], false, false},
	KindTrustees:     {"trustees", read[Trustees], false, false},
	KindForkProof:    {"fork.proof", read[ForkProof], false, true},
	KindEpoch:        {"epoch", read[Epoch], false, false},
	KindBeat:         {"beat", nil, false, false},
}

// Kinds are the numbers of the control kinds, ascending.
func Kinds() []uint64 { return slices.Sorted(maps.Keys(kinds)) }

// KindName is the name of a control kind, for people who look into a log.
func KindName(kind uint64) string {
	if row, ok := kinds[kind]; ok {
		return row.name
	}
	return fmt.Sprintf("kind %d", kind)
}

// read decodes one payload canonically.
func read[T any, P interface {
	*T
	Body
}](payload []byte) (Body, error) {
	b := P(new(T))
	if err := canon.Unmarshal(payload, b); err != nil {
		return nil, err
	}
	return b, nil
}

// Unknown is a control op of a kind that this version does not know. Its author
// needs voice; it is kept and relayed, and has no effect.
type Unknown struct {
	Number  uint64
	Payload []byte
}

// Kind is the number in the op.
func (b *Unknown) Kind() uint64 { return b.Number }

func (b *Unknown) check() error {
	if len(b.Payload) > MaxUnknownPayload {
		return fmt.Errorf("payload of %d bytes, limit %d", len(b.Payload), MaxUnknownPayload)
	}
	return nil
}
