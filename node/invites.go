package node

import (
	"context"
	"io"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
)

// Bounds of an invite (SPEC.md §6.2).
const (
	inviteDefault = 72 * time.Hour
	inviteLongest = 30 * 24 * time.Hour
	inviteUses    = 64
)

// InviteOptions say what invite to make.
type InviteOptions struct {
	For   string        // whom it is meant for; stays on this home
	Until time.Duration // how long it is good; 0: 72 hours
	Uses  int           // how many may join by it; 0: one
	// Contacts are the homes it names: this one first, then others that are on.
	Contacts []protocol.Contact
}

// Invite is an invite as this home shows it.
type Invite struct {
	ID      crdt.ID
	Text    string // the TEND: code; "" for an invite of somebody else
	Expires time.Time
	Uses    int
	Used    int
	Revoked bool
	For     string
}

// Invite writes an invite and returns its code. The code's secret is kept first,
// so that it can be shown again.
func (n *Node) Invite(ctx context.Context, id crdt.ID, o InviteOptions) (Invite, error) {
	x, err := n.runner(id)
	if err != nil {
		return Invite{}, unknownCircle(id)
	}
	if o.Until == 0 {
		o.Until = inviteDefault
	}
	if o.Uses == 0 {
		o.Uses = 1
	}
	if err := checkInvite(o); err != nil {
		return Invite{}, err
	}
	code := protocol.Invite{Circle: id, Contacts: o.Contacts}
	if _, err := io.ReadFull(n.cfg.Rand, code.Seed[:]); err != nil {
		return Invite{}, err
	}
	expires := n.now().Add(o.Until).Add(time.Hour - time.Nanosecond).Truncate(time.Hour)
	code.Expiry = uint64(expires.Unix() / 3600)
	body := &membership.Invite{ID: code.ID(), Pub: code.Public(), Expiry: code.Expiry, Uses: uint64(o.Uses)}
	var op crdt.ID
	err = n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		if !w.People().HasVoice(x.me()) {
			return noVoice("typed.invite")
		}
		var err error
		op, err = w.Propose(body, clock)
		return err
	})
	if err != nil {
		return Invite{}, err
	}
	copy(code.Ctl[:], op[:16])
	if err := x.ring.update(func(c *CircleKeys) {
		c.Invites = append(c.Invites, InviteSeed{Op: op, Seed: code.Seed, For: o.For})
	}); err != nil {
		return Invite{}, err
	}
	n.moves.send(Move{Circle: id, Knocking: true})
	return Invite{ID: op, Text: code.Text(), Expires: expires, Uses: o.Uses, For: o.For}, nil
}

func checkInvite(o InviteOptions) error {
	switch {
	case o.Uses < 1 || o.Uses > inviteUses:
		return circle.Refuse(circle.Usage, "no.invite_uses", inviteUses, o.Uses)
	case o.Until < time.Hour || o.Until > inviteLongest:
		return circle.Refuse(circle.Usage, "no.invite_long")
	case o.Uses > 1 && o.Until > inviteDefault:
		return circle.Refuse(circle.Usage, "no.invite_several")
	}
	return nil
}

// noVoice says that whoever is new here may not do something yet; what names it.
func noVoice(what string) error {
	return circle.Refuse(circle.Kept, "no.new_here", circle.As(what))
}

// Invites lists the invites of a circle, the newest first.
func (n *Node) Invites(id crdt.ID, contacts []protocol.Contact) ([]Invite, error) {
	x, err := n.runner(id)
	if err != nil {
		return nil, unknownCircle(id)
	}
	var out []Invite
	kept := x.ring.held().Invites
	for _, info := range x.snap.Load().People.Invites() {
		i := Invite{ID: info.Op, Expires: time.Unix(int64(info.Invite.Expiry)*3600, 0), Uses: int(info.Invite.Uses),
			Used: info.Used, Revoked: info.Revoked || info.Lost}
		if at := slices.IndexFunc(kept, func(s InviteSeed) bool { return s.Op == info.Op }); at >= 0 {
			code := protocol.Invite{Circle: id, Seed: kept[at].Seed, Expiry: info.Invite.Expiry, Contacts: contacts}
			copy(code.Ctl[:], info.Op[:16])
			i.Text, i.For = code.Text(), kept[at].For
		}
		out = append(out, i)
	}
	slices.Reverse(out)
	return out, nil
}

// RevokeInvite ends an invite. One's own ends at once; another's once two
// members with voice have said so.
func (n *Node) RevokeInvite(ctx context.Context, id, invite crdt.ID) error {
	x, err := n.runner(id)
	if err != nil {
		return unknownCircle(id)
	}
	known := slices.ContainsFunc(x.snap.Load().People.Invites(), func(i membership.InviteInfo) bool { return i.Op == invite })
	if !known {
		return circle.Refuse(circle.NotFound, "no.invitation", invite.Short())
	}
	return n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		_, err := w.Propose(&membership.InviteRevoke{Invite: invite}, clock)
		return err
	})
}

// DoorOpen reports whether a stranger may knock: an invite is live in a circle in
// which this member has voice, or was taken back lately, so that whoever comes with it
// hears that; or this home shows a code of its own.
func (n *Node) DoorOpen() bool {
	if n.entrance.shows() || n.links.shows() {
		return true
	}
	now := uint64(n.now().UnixMilli() / 3_600_000)
	for _, x := range n.runners() {
		s := x.snap.Load()
		if !s.In() || !s.People.HasVoice(s.Me) {
			continue
		}
		if slices.ContainsFunc(s.People.Invites(), func(i membership.InviteInfo) bool { return live(i, now) || n.takenBackLately(i) }) {
			return true
		}
	}
	return false
}

// live reports whether an invite may still be used; hour is the Unix hour.
func live(i membership.InviteInfo, hour uint64) bool {
	return !i.Revoked && !i.Lost && i.Used < int(i.Invite.Uses) && hour < i.Invite.Expiry
}

// tellFor is for how long the door is answered for an invite that was taken back: no
// longer than one for several may live. Whoever holds it knew the way here before.
const tellFor = 72 * time.Hour

// takenBackLately reports whether whoever comes with an invite is told that it was taken
// back. After its time they know without asking that it opens nothing.
func (n *Node) takenBackLately(i membership.InviteInfo) bool {
	now := n.now()
	return i.Revoked && uint64(now.UnixMilli()/3_600_000) < i.Invite.Expiry && now.Sub(i.RevokedAt.Time()).Abs() < tellFor
}

func (x *runner) me() crdt.ID { return x.snap.Load().Me }

// Welcome says that this member knows another: it counts towards that one's
// standing and voice.
func (n *Node) Welcome(ctx context.Context, id, member crdt.ID) (crdt.ID, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.ID{}, unknownCircle(id)
	}
	var made crdt.ID
	err = n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		v := w.People()
		m, ok := v.Member(member)
		switch {
		case !ok || m.Standing != membership.In:
			return circle.Refuse(circle.NotFound, "no.not_here.name")
		case member == x.me():
			return circle.Refuse(circle.Kept, "no.welcome_self")
		case m.Admission.IsZero(), m.By == x.me(), v.Sponsored(m.Admission, x.me()):
			made = m.Admission
			return nil
		case !v.HasVoice(x.me()):
			return noVoice("typed.welcome")
		}
		var err error
		made, err = w.Propose(&membership.Sponsor{Admit: m.Admission}, clock)
		return err
	})
	return made, err
}
