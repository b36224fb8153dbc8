package protocol_test

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

func runContent(in fields) (fields, error) {
	c, err := circle.Decode(circle.Meta{ID: crdt.ID{1}, Author: crdt.ID{2}, HLC: 4}, in.number("kind"), in.bytes("payload"))
	if err != nil {
		return nil, err
	}
	kind, payload := circle.Encode(c.Body)
	return fields{"again": hexOf(payload), "kind": number(kind), "record": c.Record().String()}, nil
}

func contentCases(*testing.T) []vector {
	id, rev := fill[crdt.ID]("record"), circle.Rev(fill[[32]byte]("rev"))
	posted := circle.Posted{Title: "Soup on Tuesday", When: []string{"2026-11-24T18:00"}, Zone: "Europe/Berlin", Rule: "FREQ=WEEKLY;COUNT=6",
		Skips: []string{"2026-12-08"}, People: 2, Area: "Nordend", By: "2026-11-23", Fade: 30, How: []uint64{circle.HowCall, circle.HowSit}}
	terms := circle.Terms{What: "Soup on Tuesday", When: "2026-11-24T18:00", Area: "Nordend"}
	snapshot := func(b circle.Body) []byte {
		kind, payload := circle.Encode(b)
		return canon.MustMarshal(circle.Snapshot{Kind: kind, Author: id, HLC: 5, Body: payload})
	}
	good := []circle.Body{
		(*circle.NeedPosted)(&posted), (*circle.OfferPosted)(&posted),
		circle.PostEdited{Post: id, Edits: []circle.Edit{{Field: circle.FieldTitle, Value: canon.MustMarshal("Soup on Wednesday")}}},
		circle.PostStatusSet{Post: id, Status: circle.StatusMet},
		circle.AudienceChanged{Target: id, Snapshot: snapshot((*circle.NeedPosted)(&posted))},
		circle.AgreementMade{About: []crdt.ID{id}, Slot: "2026-11-24T18:00", Terms: terms},
		circle.AgreementPlace{Agreement: id, Where: "Second door on the left", Code: "1234", Phone: "0123"},
		circle.TermsChanged{Accord: id, Terms: terms, Parents: []circle.Rev{rev}},
		circle.WordGiven{On: id, Rev: rev, Value: circle.WordYes, Note: "gladly", Replaces: []crdt.ID{id}},
		circle.MarkAdded{On: id, What: 0},
		circle.MarkRemoved{On: id, Mark: id},
		circle.NoteWritten{On: id, What: circle.NoteThanks, Text: "Thank you.\nIt was warm."},
		circle.Retracted{Op: id},
		circle.MemberSectionSet{Member: id, Section: "name", Values: []string{"Anna"}},
		circle.DecisionOpened{Text: "We meet on the first Sunday.", Closes: 1_790_000_000, ReviewOn: "2027-06-01", Tag: "rhythm"},
		circle.DecisionClosed{Decision: id, Rev: rev, Heard: []crdt.ID{id}},
		circle.TalkOpened{With: id, Sentence: "May we talk about Tuesday?", Fade: 30},
		circle.PodAsked{Person: id},
	}
	var cases []vector
	add := func(name string, kind uint64, payload []byte, reject string) {
		cases = append(cases, vector{Name: name, In: fields{"kind": number(kind), "payload": hexOf(payload)}, Reject: reject})
	}
	for _, b := range good {
		kind, payload := circle.Encode(b)
		name := strings.TrimPrefix(strings.TrimLeft(fmt.Sprintf("%T", b), "*"), "circle.")
		add(name, kind, payload, "")
		add(name+" with an element more", kind, append([]byte{payload[0] + 1}, append(payload[1:len(payload):len(payload)], 0)...), "content")
		add(name+" cut", kind, payload[:len(payload)-1], "content")
	}
	bad := func(name string, b circle.Body) {
		kind, payload := circle.Encode(b)
		add(name, kind, payload, "content")
	}
	change := func(f func(p *circle.Posted)) circle.Body {
		p := posted
		f(&p)
		return (*circle.NeedPosted)(&p)
	}
	bad("no title", change(func(p *circle.Posted) { p.Title = "" }))
	bad("title of 121 characters", change(func(p *circle.Posted) { p.Title = strings.Repeat("a", circle.MaxTitle+1) }))
	bad("title of 481 bytes", change(func(p *circle.Posted) { p.Title = strings.Repeat("€", 120)[:360] + strings.Repeat("𝄞", 31) }))
	bad("title with a line break", change(func(p *circle.Posted) { p.Title = "a\nb" }))
	bad("title with a change of direction", change(func(p *circle.Posted) { p.Title = "a\u202eb" }))
	bad("a date that does not exist", change(func(p *circle.Posted) { p.When = []string{"2026-02-30"} }))
	bad("a rule without a date", change(func(p *circle.Posted) { p.When = nil }))
	bad("a rule in another order", change(func(p *circle.Posted) { p.Rule = "COUNT=6;FREQ=WEEKLY" }))
	bad("nobody wanted", change(func(p *circle.Posted) { p.People = 0 }))
	bad("201 people", change(func(p *circle.Posted) { p.People = circle.MaxPeople + 1 }))
	bad("sign-up 2", change(func(p *circle.Posted) { p.SignUp = 2 }))
	bad("an audience out of order", change(func(p *circle.Posted) { p.To = []crdt.ID{{2}, {1}} }))
	bad("an edit of a field that is fixed", circle.PostEdited{Post: id, Edits: []circle.Edit{{Field: circle.FieldFor, Value: canon.MustMarshal(id)}}})
	bad("status 6", circle.PostStatusSet{Post: id, Status: 6})
	bad("an agreement about nothing", circle.AgreementMade{Terms: terms})
	bad("both a text and terms", circle.TermsChanged{Accord: id, Text: "a", Terms: terms})
	bad("word 0", circle.WordGiven{On: id, Rev: rev})
	bad("word 15", circle.WordGiven{On: id, Rev: rev, Value: 15})
	bad("five words replaced", circle.WordGiven{On: id, Rev: rev, Value: circle.WordYes, Replaces: []crdt.ID{{1}, {2}, {3}, {4}, {5}}})
	bad("mark 8", circle.MarkAdded{On: id, What: 8})
	bad("an empty note", circle.NoteWritten{On: id, What: circle.NoteComment})
	bad("a note of 4,001 characters", circle.NoteWritten{On: id, What: circle.NoteComment, Text: strings.Repeat("a", circle.MaxNote+1)})
	bad("note 9", circle.NoteWritten{On: id, What: 9, Text: "a"})
	bad("a section in capitals", circle.MemberSectionSet{Member: id, Section: "Name", Values: []string{"Anna"}})
	bad("retraction of nothing", circle.Retracted{})
	add("kind 82", 82, []byte{0x80}, "content")
	kind, payload := circle.Encode(circle.AudienceChanged{Target: id, Snapshot: snapshot(circle.TalkOpened{With: id, Sentence: "…", Fade: 30})})
	add("a talk as a third is told of it", kind, payload, "")
	bad("a snapshot of a word", circle.AudienceChanged{Target: id, Snapshot: snapshot(circle.WordGiven{On: id, Value: circle.WordYes})})
	kind, payload = circle.Encode(circle.MemberSectionSet{Member: id, Section: "consents.1.9f2c", Values: []string{"I am in hospital", "feed the cat", "pod", id.String()}, Until: "2027-06-01"})
	add("a standing consent", kind, payload, "")
	kind, payload = circle.Encode(circle.MemberSectionSet{Member: id, Section: "dates.2.9f2c", Values: []string{"2026-11-24", "the day my mother died", "welcome:a walk", "yearly", "after:1w", "after:12m"}})
	add("a tender date", kind, payload, "")
	kind, payload = circle.Encode(change(func(p *circle.Posted) { p.For, p.Under = id, 1 }))
	add("a need under a standing consent", kind, payload, "")
	return cases
}

func runControl(in fields) (fields, error) {
	// What a body must agree with in its header: a genesis has no control heads.
	op := crdt.Op{Header: crdt.Header{Dev: crdt.Device(in.bytes("dev")), Seq: 2, Class: crdt.Control, BodyLen: 1, Ctl: []crdt.ID{fixtureCircle}}}
	switch in["kind"] {
	case "1":
		op.Ctl = nil
	case "20":
		op.BodyLen = 0
	}
	b, err := membership.Decode(fixtureCircle, &op, in.number("kind"), in.bytes("payload"))
	if err != nil {
		return nil, err
	}
	kind, payload := membership.Encode(b)
	return fields{"again": hexOf(payload), "kind": number(kind)}, nil
}

func controlCases(t *testing.T) []vector {
	id, cert := fill[crdt.ID]("op"), someCert(t, "dora")
	sig := make([]byte, 64)
	seen := []membership.Seen{{Dev: crdt.Device{1}, Tip: crdt.ID{2}}, {Dev: crdt.Device{1}, Tip: crdt.ID{3}}}
	pub := pubOf[[32]byte]("invite")
	ops := chain(t, "dev", 1, 20)
	other := chain(t, "dev", 1, 30)
	epoch := secret(t, "epoch")
	box := membership.Box{Enc: make([]byte, 1120), CT: make([]byte, 48)}
	nook := func(boxes int) *membership.Epoch {
		e := &membership.Epoch{Scope: membership.ScopeNook, ID: epoch.NookID(), Commit: epoch.NookCommit(), SealedRoster: []byte{1}}
		for range boxes {
			e.Boxes = append(e.Boxes, box)
		}
		return e
	}
	var many []membership.Seen
	for i := range 17 {
		many = append(many, membership.Seen{Dev: crdt.Device{byte(i + 1)}, Tip: id})
	}
	charter := membership.DefaultCharter("The house")
	recovery := membership.Recovery{NewRoot: pubOf[[32]byte]("new root"), NextRootHash: fill[[32]byte]("next"), List: []crdt.ID{{1}, {2}}, Salt: sig[:16]}
	var cases []vector
	add := func(name, reject string, b membership.Body) {
		kind, payload := membership.Encode(b)
		cases = append(cases, vector{Name: name, In: fields{"kind": number(kind), "dev": cert.Dev.String(), "payload": hexOf(payload)}, Reject: reject})
	}
	genesis := membership.Genesis{Charter: charter, Inception: someInception("dora"), Cert: cert, Nonce: [16]byte{1}}
	genesis.Cert.Circle = crdt.ID{}
	signed := genesis.Cert.Signed()
	genesis.Cert.SigRoot, genesis.Cert.SigDev, genesis.Cert.SigPeer = ed25519.Sign(keyOf("root dora"), signed), ed25519.Sign(keyOf("dev dora"), signed), ed25519.Sign(keyOf("peer dora"), signed)
	admit := membership.Admit{Member: someInception("dora").ID(), Inception: someInception("dora"), Cert: cert, Invite: id,
		Proofs: membership.Proofs{NonceJ: [16]byte{1}, NonceD: [16]byte{2}, SigInvite: sig, SigRoot: sig, SigPeer: sig}}
	add("genesis", "", &genesis)
	add("admit", "", &admit)
	stranger := admit
	stranger.Member = id
	add("admit of another than the inception's", "control", &stranger)
	bare := admit
	bare.Invite = crdt.ID{}
	add("admit without an invite, with its signature", "control", &bare)
	invite := membership.Invite{ID: membership.InviteID{1}, Pub: pub, Expiry: 497_300, Uses: 64}
	add("invite", "", &invite)
	add("invite.revoke", "", &membership.InviteRevoke{Invite: id})
	add("sponsor", "", &membership.Sponsor{Admit: id})
	add("object", "", &membership.Object{Target: id, Reason: id})
	add("object without a reason", "", &membership.Object{Target: id})
	add("propose to remove", "", &membership.Propose{What: membership.Remove, Target: id, Reason: id})
	add("propose a lapse", "", &membership.Propose{What: membership.Lapse, Target: id})
	add("propose a charter", "", &membership.Propose{What: membership.ChangeTo, Payload: membership.EncodeCharter(charter)})
	add("propose a recovery", "", &membership.Propose{What: membership.Recover, Target: id, Payload: membership.EncodeRecovery(recovery)})
	add("stand", "", &membership.Stand{Proposal: id})
	add("enact", "", &membership.Enact{Proposal: id, Seen: seen})
	add("leave", "", &membership.Leave{Seen: seen})
	add("away", "", &membership.Away{Until: 20_800})
	add("back", "", &membership.Back{})
	add("device.add", "", &membership.DeviceAdd{Cert: cert})
	add("device.revoke", "", &membership.DeviceRevoke{Dev: cert.Dev, Seen: seen})
	add("device.prekey", "", &membership.Prekey{Box: cert.Box})
	add("rotate", "", &membership.Rotate{NewRoot: pubOf[[32]byte]("root dora"), NextRootHash: id, Enact: id, Cert: cert})
	add("trustees", "", &membership.Trustees{Hash: id, K: 3, SigRoot: sig})
	add("fork.proof", "", membership.NewForkProof(&ops[0], &other[0]))
	add("epoch", "", &membership.Epoch{Gen: 1, ID: epoch.EpochID(), Commit: epoch.Commit()})
	add("epoch of a nook", "", nook(4))
	add("beat", "", &membership.Beat{})

	change := func(f func(i *membership.Invite)) *membership.Invite {
		i := invite
		f(&i)
		return &i
	}
	add("invite for no use", "control", change(func(i *membership.Invite) { i.Uses = 0 }))
	add("invite for 65 uses", "control", change(func(i *membership.Invite) { i.Uses = 65 }))
	add("invite with a key of low order", "control", change(func(i *membership.Invite) { i.Pub = [32]byte{1} }))
	add("17 tips seen", "control", &membership.Leave{Seen: many})
	add("tips seen out of order", "control", &membership.Leave{Seen: []membership.Seen{seen[1], seen[0]}})
	add("removal with a payload", "control", &membership.Propose{What: membership.Remove, Target: id, Payload: []byte{1}})
	add("proposal 5", "control", &membership.Propose{What: 5, Target: id})
	add("charter without a name", "control", &membership.Propose{What: membership.ChangeTo, Payload: membership.EncodeCharter(membership.DefaultCharter(""))})
	add("stand on nothing", "control", &membership.Stand{})
	add("prekey of 1,215 bytes", "control", &membership.Prekey{Box: cert.Box[1:]})
	add("trustees of whom none must stand", "control", &membership.Trustees{Hash: id, SigRoot: sig})
	add("fork that is none", "control", membership.NewForkProof(&ops[0], &ops[0]))
	add("epoch of generation 0", "control", &membership.Epoch{ID: epoch.EpochID(), Commit: epoch.Commit()})
	add("nook of 5 lockboxes", "control", nook(5))
	forged := cert
	forged.SigPeer = sig
	add("certificate that the transport key did not sign", "control", &membership.DeviceAdd{Cert: forged})
	moved := cert
	moved.Circle = crdt.ID{9}
	add("certificate for another circle", "control", &membership.DeviceAdd{Cert: moved})
	add("propose of nothing", "control", &membership.Propose{What: membership.Lapse})
	add("lapse with a payload", "control", &membership.Propose{What: membership.Lapse, Target: id, Payload: []byte{1}})
	add("recovery of nobody", "control", &membership.Propose{What: membership.Recover, Payload: membership.EncodeRecovery(recovery)})
	spoilt := func(f func(r *membership.Recovery)) *membership.Propose {
		r := recovery
		f(&r)
		return &membership.Propose{What: membership.Recover, Target: id, Payload: membership.EncodeRecovery(r)}
	}
	add("recovery with a list and no salt", "control", spoilt(func(r *membership.Recovery) { r.Salt = nil }))
	add("recovery with a salt and no list", "control", spoilt(func(r *membership.Recovery) { r.List = nil }))
	add("recovery with a list out of order", "control", spoilt(func(r *membership.Recovery) { r.List = []crdt.ID{{2}, {1}} }))
	add("recovery to a root of low order", "control", spoilt(func(r *membership.Recovery) { r.NewRoot = [32]byte{1} }))
	add("recovery with 17 trustees", "control", spoilt(func(r *membership.Recovery) {
		r.List = nil
		for i := range 17 {
			r.List = append(r.List, crdt.ID{byte(i + 1)})
		}
	}))
	chartered := func(f func(c *membership.Charter)) *membership.Propose {
		c := charter
		f(&c)
		return &membership.Propose{What: membership.ChangeTo, Payload: membership.EncodeCharter(c)}
	}
	add("charter with a name of 201 bytes", "control", chartered(func(c *membership.Charter) { c.Name = strings.Repeat("a", 201) }))
	add("charter with a purpose of 4,001 bytes", "control", chartered(func(c *membership.Charter) { c.Purpose = strings.Repeat("a", 4_001) }))
	add("charter with a bound of 1,001 bytes", "control", chartered(func(c *membership.Charter) { c.Bounds.Emergency = strings.Repeat("a", 1_001) }))
	add("charter with an empty category", "control", chartered(func(c *membership.Charter) { c.Categories = []string{""} }))
	add("charter with 65 categories", "control", chartered(func(c *membership.Charter) { c.Categories = slices.Repeat([]string{"a"}, 65) }))
	add("charter reviewed on no day", "control", chartered(func(c *membership.Charter) { c.ReviewOn = "2026-02-30" }))
	add("charter with k_div 0", "control", chartered(func(c *membership.Charter) { c.KDiv = 0 }))
	add("charter with b_div 101", "control", chartered(func(c *membership.Charter) { c.BDiv = 101 }))
	add("charter with a window of no days", "control", chartered(func(c *membership.Charter) { c.WindowDays = 0 }))
	add("charter with a window of 367 days", "control", chartered(func(c *membership.Charter) { c.WindowDays = 367 }))
	add("charter with history 2", "control", chartered(func(c *membership.Charter) { c.History = 2 }))
	add("charter with sponsors from 1,000,001", "control", chartered(func(c *membership.Charter) { c.SponsorsFrom = 1_000_001 }))
	add("invite without an id", "control", change(func(i *membership.Invite) { i.ID = membership.InviteID{} }))
	add("revocation of no invite", "control", &membership.InviteRevoke{})
	add("sponsor of nothing", "control", &membership.Sponsor{})
	add("objection to nothing", "control", &membership.Object{})
	add("enact of nothing", "control", &membership.Enact{})
	add("enact with 17 tips seen", "control", &membership.Enact{Proposal: id, Seen: many})
	add("device revoked with a short signature", "control", &membership.DeviceRevoke{Dev: cert.Dev, SigRoot: sig[:63]})
	add("device revoked with a tip twice", "control", &membership.DeviceRevoke{Dev: cert.Dev, Seen: []membership.Seen{seen[0], seen[0]}})
	add("away beyond all days", "control", &membership.Away{Until: 1 << 40})
	add("trustees of whom 17 must stand", "control", &membership.Trustees{Hash: id, K: 17, SigRoot: sig})
	add("trustees with a short signature", "control", &membership.Trustees{Hash: id, K: 1, SigRoot: sig[:63]})
	add("rotate to another root than the certificate's", "control", &membership.Rotate{NewRoot: pubOf[[32]byte]("new root"), NextRootHash: id, Enact: id, Cert: cert})
	add("rotate to a root of low order", "control", &membership.Rotate{NewRoot: [32]byte{1}, NextRootHash: id, Enact: id, Cert: cert})
	add("rotate by nothing", "control", &membership.Rotate{NewRoot: pubOf[[32]byte]("root dora"), NextRootHash: id, Cert: cert})
	add("epoch without an id", "control", &membership.Epoch{Gen: 1, Commit: epoch.Commit()})
	add("epoch of generation 2^40", "control", &membership.Epoch{Gen: 1 << 40, ID: epoch.EpochID(), Commit: epoch.Commit()})
	rosterless, large, cut := nook(4), nook(0), nook(4)
	rosterless.SealedRoster, large.SealedRoster = nil, make([]byte, membership.MaxRoster+1)
	cut.Boxes[3].CT = cut.Boxes[3].CT[1:]
	add("nook without a roster", "control", rosterless)
	add("nook with a roster of 16,385 bytes", "control", large)
	add("nook with a lockbox cut", "control", cut)
	swapped := *membership.NewForkProof(&ops[0], &other[0])
	swapped.A, swapped.B = swapped.B, swapped.A
	add("fork with its headers in the other order", "control", &swapped)
	unsigned := *membership.NewForkProof(&ops[0], &other[0])
	unsigned.A.Sig = sig
	add("fork with a signature that does not verify", "signature", &unsigned)
	low := genesis
	low.Inception.Root = [32]byte{1}
	low.Cert.Member = low.Inception.ID()
	add("genesis with a root of low order", "control", &low)
	author := vector{Name: "genesis by another device", Reject: "control"}
	author.In = cases[0].In.with(fields{"dev": crdt.Device{1}.String()})
	cases = append(cases, author, vector{Name: "kind 0", In: fields{"kind": "0", "dev": cert.Dev.String(), "payload": "80"}, Reject: "control"})
	for _, c := range slices.Clone(cases) {
		b := c.In.bytes("payload")
		if c.Reject != "" || len(b) == 0 {
			continue
		}
		more := append([]byte{b[0] + 1}, append(b[1:len(b):len(b)], 0)...)
		cases = append(cases, vector{Name: c.Name + " with an element more", In: c.In.with(fields{"payload": hexOf(more)}), Reject: "control"},
			vector{Name: c.Name + " cut", In: c.In.with(fields{"payload": hexOf(b[:len(b)-1])}), Reject: "control"})
	}
	cases = append(cases, vector{Name: "kind 64 in a control op", In: fields{"kind": "64", "dev": cert.Dev.String(), "payload": "80"}, Reject: "control"})
	return cases
}
