package web

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/crdt/circle"
	"tend/node/qr"
	"tend/node/view"
)

// circleModel is the circle itself: its people, and how they do things.
type circleModel struct {
	Ring      ring
	People    []personLine
	Gone      []personLine
	Purpose   string
	Bounds    []sectionLine
	Decisions []card
}

func (in *inside) people() error {
	st, err := in.site.upkeep.Glance(in.r.Context())
	if err != nil {
		return err
	}
	members := in.src.Members(view.Filter{})
	charter := in.src.Charter()
	m := circleModel{Ring: in.ring(members, connectedIn(st, in.id.String())), Purpose: charter.Purpose,
		Bounds: in.boundLines(charter.Bounds)}
	for _, one := range in.src.Members(view.Filter{All: true}) {
		if slices.ContainsFunc(members, func(x view.Member) bool { return x.ID == one.ID }) {
			m.People = append(m.People, in.person(one))
		} else {
			m.Gone = append(m.Gone, in.person(one))
		}
	}
	for _, d := range in.src.Decisions(view.Filter{}) {
		m.Decisions = append(m.Decisions, in.decisionCard(d))
	}
	return in.show("circle", "circle", escaped(charter.Name), m)
}

// inviteModel is the list of invitations, and one to show.
type inviteModel struct {
	Code    template.HTML // the QR code as a picture; "" in the list
	Text    string
	For     string
	Until   template.HTML
	Open    bool
	End     string
	OnPaper string
	Invites []inviteLine
	Typed   map[string]string
	Most    int // invitations on one sheet
}

type inviteLine struct {
	Href  string
	For   string
	State template.HTML
	Until template.HTML
}

// inviteForm makes invitations, and lists those that are open.
func (in *inside) inviteForm() error {
	m := inviteModel{Typed: in.typedAll("for", "until", "many"), Most: maxSlips}
	all, err := in.site.upkeep.Invites(in.r.Context(), in.id)
	if err != nil {
		return err
	}
	for _, i := range all {
		if !in.opens(i) {
			continue
		}
		m.Invites = append(m.Invites, inviteLine{Href: in.head.Circle.Base + "/invite/" + i.ID, For: i.For, Until: in.until(i.Expires)})
	}
	return in.show("invite", "circle", in.lang.say("invite.title"), m)
}

// opens reports whether an invitation still lets somebody in.
func (in *inside) opens(i view.Invite) bool {
	return !i.Revoked && i.Used < i.Uses && i.Expires.After(in.now)
}

// until names the moment at which something runs out.
func (in *inside) until(t time.Time) template.HTML {
	t = t.In(in.now.Location())
	return in.lang.say("date.at", "day", in.lang.day(t, in.now), "time", t.Format("15:04"))
}

// invite makes an invitation and shows it.
func (in *inside) invite() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	o := InviteOptions{For: strings.TrimSpace(form.Get("for"))}
	if span, ok := map[string]time.Duration{"day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour}[form.Get("until")]; ok {
		o.Until = span
	}
	if many, err := strconv.Atoi(form.Get("many")); err == nil && many > 1 {
		o.For = "" // a name is one person's
		return in.inviteSeveral(min(many, maxSlips), o)
	}
	made, err := in.site.upkeep.Invite(in.r.Context(), in.id, o)
	if err != nil {
		return in.problemAt(err, in.inviteForm)
	}
	return in.to("/invite/"+made.ID, "")
}

// maxSlips is how many invitations are drawn on one sheet, as on the command line.
const maxSlips = 40

// slipDigits is how much of an invitation's id stands in the address of a sheet.
const slipDigits = 16

// inviteSeveral makes several invitations for one person each, all of them or none, and
// shows them on one sheet.
func (in *inside) inviteSeveral(n int, o InviteOptions) error {
	var made []string
	for range n {
		one, err := in.site.upkeep.Invite(in.r.Context(), in.id, o)
		if err != nil {
			for _, id := range made {
				err = errors.Join(err, in.site.upkeep.RevokeInvite(in.r.Context(), in.id, id))
			}
			return in.problemAt(err, in.inviteForm)
		}
		made = append(made, one.ID)
	}
	sheet := url.Values{}
	for _, id := range made {
		sheet.Add("invite", id[:slipDigits])
	}
	return in.to("/print/slips?"+sheet.Encode(), "")
}

func (in *inside) showInvite() error {
	all, err := in.site.upkeep.Invites(in.r.Context(), in.id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(i view.Invite) bool { return i.ID == in.r.PathValue("invite") })
	if i < 0 {
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	one := all[i]
	m := inviteModel{Text: one.Text, For: one.For, Until: in.until(one.Expires), End: in.head.Circle.Base + "/invite/" + one.ID + "/end",
		OnPaper: in.head.Circle.Base + "/print/invite/" + one.ID, Open: in.opens(one)}
	if m.Open && one.Text != "" {
		if m.Code, err = drawn(one.Text, in.lang.plain("invite.picture")); err != nil {
			return err
		}
	}
	return in.show("invitation", "circle", in.lang.say("invite.title"), m)
}

// drawn is a code as a picture in the page.
func drawn(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text)
	if err != nil {
		return "", err
	}
	return template.HTML(code.SVG(label)), nil
}

func (in *inside) endInvite() error {
	if err := in.site.upkeep.RevokeInvite(in.r.Context(), in.id, in.r.PathValue("invite")); err != nil {
		return in.problemAt(err, in.inviteForm)
	}
	return in.to("/invite", "invite_ended")
}

// letInModel is the door for somebody standing beside one.
type letInModel struct {
	Words string
	Name  string
}

func (in *inside) letInDoor() error {
	return in.show("letin", "circle", in.lang.say("letin.title"), letInModel{Words: in.typed("words")})
}

// letIn lets in whose code was scanned or pasted.
func (in *inside) letIn() error {
	words, fields, err := readWords(in.w, in.r)
	in.form = map[string][]string{"words": {fields["words"]}}
	if err != nil {
		return in.problemAt(err, in.letInDoor)
	}
	ctx, cancel := waiting(in.r.Context())
	defer cancel()
	member, err := in.site.upkeep.LetIn(ctx, in.id, words)
	if err != nil {
		return in.problemAt(err, in.letInDoor)
	}
	return in.to("/show/"+member.String(), "let_in")
}

// proposeModel is the form of a decision.
type proposeModel struct{ Typed map[string]string }

func (in *inside) proposeForm() error {
	return in.show("propose", "circle", in.lang.say("propose.title"), proposeModel{in.typedAll("text", "closes", "review", "as")})
}

func (in *inside) propose() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	args := argsOf(form, "text", "closes", "review", "renew", "as", "lapse")
	if why := form.Get("why"); why != "" {
		args["text"] = []string{why}
	}
	done, err := in.do("propose", args)
	if err != nil {
		again := in.proposeForm
		if form.Get("renew") == circle.RenewCharter {
			again = in.charter
		}
		if whom := form.Get("lapse"); whom != "" {
			again = func() error { return in.thing(whom) }
		}
		return in.problemAt(err, again)
	}
	return in.to("/show/"+done.ID, "propose")
}

// podModel is the few whom one would turn to.
type podModel struct {
	Mine          []podLine
	IAmIn, AsksMe []podLine
	Add           []option
	CheckIns      bool
	To            string
}

type podLine struct {
	personLine
	ID   string
	Said string
}

func (in *inside) podScreen() error {
	pod := in.src.Pod()
	m := podModel{CheckIns: pod.CheckIns == "open", To: in.head.Circle.Base + "/pod"}
	line := func(p view.Person) podLine {
		return podLine{personLine: personLine{Href: in.href(p.ID), Name: p.Name, Initials: initials(p.Name)}, ID: p.ID}
	}
	taken := map[string]bool{in.me: true}
	for _, p := range pod.Mine {
		l := line(p.Member)
		l.Said, l.Word = p.Said, in.lang.say("pod.said_"+p.Said)
		m.Mine = append(m.Mine, l)
		taken[p.Member.ID] = true
	}
	for _, p := range pod.IAmIn {
		m.IAmIn = append(m.IAmIn, line(p))
	}
	for _, p := range pod.AsksMe {
		m.AsksMe = append(m.AsksMe, line(p))
	}
	for _, one := range in.src.Members(view.Filter{}) {
		if !taken[one.ID] {
			m.Add = append(m.Add, option{Value: one.ID, Label: in.name(view.Person{ID: one.ID, Name: one.Name})})
		}
	}
	return in.show("pod", "me", in.lang.say("pod.title"), m)
}

func (in *inside) podWish() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	if _, err := in.do("pod", argsOf(form, "text", "member", "check_ins")); err != nil {
		return in.problemAt(err, in.podScreen)
	}
	return in.to("/pod", "pod")
}

// meModel is what a member says about themselves.
type meModel struct {
	Typed     map[string]string
	Rooms     []option
	Until     string
	Card      []sectionLine
	Bounds    []sectionLine
	Listening template.HTML
	Hidden    bool
	Unlisted  bool
	Away      bool
	To        string
	Free      freeModel
	Ceiling   ceilingModel
	Answers   []answerLine
	WhoMay    []option // who may ask directly
	Readers   []option // who may read how to reach them
}

// meFields are the fields of the first form, by the name of their command.
var meFields = []string{"name", "languages", "area", "contact", "presence", "listed"}

func (in *inside) meScreen() error {
	item, err := in.src.Show(in.me, false)
	if err != nil {
		return err
	}
	if item.Member == nil {
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	v := item.Member
	m := meModel{Away: v.State == "away", Unlisted: v.Unlisted, To: in.head.Circle.Base + "/me/", Typed: map[string]string{"name": v.Name, "languages": strings.Join(v.Languages, ", "), "area": v.Area,
		"contact": strings.Join(v.Contact, "\n")}}
	for name := range in.form {
		m.Typed[name] = in.typed(name)
	}
	level := ""
	if v.Room != nil {
		level, m.Until = v.Room.Level, v.Room.Until
	}
	for _, l := range []string{"open", "some", "little", "resting"} {
		m.Rooms = append(m.Rooms, option{Value: l, Label: in.lang.say("room." + l), On: l == level})
	}
	for _, key := range cardKeys {
		m.Card = append(m.Card, sectionLine{Key: key, Label: in.lang.say("card." + key), Text: v.Card[key], Readers: in.mayRead("card." + key)})
	}
	for _, key := range boundsKeys {
		m.Bounds = append(m.Bounds, sectionLine{Key: key, Label: in.lang.say("bounds." + key), Text: v.Bounds[key]})
	}
	if v.Listening != nil {
		m.Listening = in.lang.say("me.listening_until", "when", in.lang.when(v.Listening.Until, in.now))
	}
	if sec, ok := in.src.State.Section(in.src.Env.Me, circle.SectionPresence); ok {
		m.Hidden = hasValue(sec.Values, "hidden")
	}
	m.Free = in.freeForm(v.Free)
	m.Ceiling, m.Answers = in.ceiling(), in.answers()
	for _, who := range []string{"", "everyone", "known", "pod"} {
		key := "who." + who
		if who == "" {
			key = "who.unsaid"
		}
		m.WhoMay = append(m.WhoMay, option{Value: who, Label: in.lang.say(key), On: who == v.Bounds["who"]})
	}
	if who := v.Bounds["who"]; !slices.ContainsFunc(m.WhoMay, func(o option) bool { return o.On }) {
		m.WhoMay = append(m.WhoMay, option{Value: who, Label: isolated(who), On: true}) // in words of one's own
	}
	m.Readers = in.mayRead(circle.SectionContact)
	return in.show("me", "me", in.lang.say("me.title"), m)
}

// mayRead are those whom a section may be for, the ones whom it is for now chosen.
func (in *inside) mayRead(section string) []option {
	to, pod := in.src.State.SectionReaders(in.src.Env, section)
	out := []option{{Value: "pod", Label: in.lang.say("readers.pod"), On: pod}}
	for _, g := range in.src.Groups() {
		out = append(out, option{Value: g.Name, Label: in.lang.say("groups.one", "name", g.Name)})
	}
	out = append(out, option{Value: "circle", Label: in.lang.say("readers.circle"), On: to == nil})
	if pod || to == nil {
		return out
	}
	var others []view.Person
	for _, m := range to {
		if m != in.src.Env.Me {
			others = append(others, in.src.Person(m))
		}
	}
	now := option{Label: in.lang.say("readers.me"), On: true}
	if len(others) > 0 {
		now.Label = in.lang.say("readers.now", "names", in.names(others))
	}
	return append([]option{now}, out...)
}

// otherReaders are those whom the field of a form names, where the section is not for
// them already; nil where nothing is said about them.
func (in *inside) otherReaders(section, field string) []string {
	for _, o := range in.mayRead(section) {
		if o.On && o.Value == in.typed(field) {
			return nil
		}
	}
	return argsOf(in.form, field)[field]
}

// meWish says one thing about oneself.
func (in *inside) meWish() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	verb, said := in.r.PathValue("verb"), "me"
	switch verb {
	case "me":
		args := circle.Args{}
		for _, name := range meFields {
			if len(form[name]) > 0 && name != "contact" {
				args[name] = []string{strings.TrimSpace(form.Get(name))}
			}
		}
		if _, err = in.do("me", args); err == nil && len(form["contact"]) > 0 {
			// An empty line says that there is none.
			_, err = in.do("me", circle.Args{"contact": append(lines(form.Get("contact")), ""), "to": in.otherReaders(circle.SectionContact, "to.contact")})
		}
	case "room":
		_, err = in.do("room", argsOf(form, "text", "until"))
	case "listen":
		_, err = in.do("listen", argsOf(form, "text", "until"))
	case "free":
		err = in.saveFree()
	case "ceiling":
		_, err = in.do(verb, ceilingArgs(form))
		said = "kept_here"
	case "reflect":
		_, err = in.do(verb, circle.Args{"text": form["answer"]})
		said = "kept_here"
	case "consent-in-advance", "tender-date":
		return in.beforehandWish(verb, form)
	case "follow", "remind", "digest":
		return in.hearingWish(verb, form)
	case "away":
		_, err = in.do(verb, argsOf(form, "until"))
		said = verb
	case "back":
		_, err = in.do(verb, circle.Args{})
		said = verb
	case "card", "bounds":
		err = in.saveSections(verb)
	default:
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	if err != nil {
		return in.problemAt(err, in.meScreen)
	}
	return in.to("/me", said)
}

func lines(text string) []string {
	out := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// saveSections says those sections of the card or the bounds that changed.
func (in *inside) saveSections(verb string) error {
	item, err := in.src.Show(in.me, false)
	if err != nil {
		return err
	}
	keys, now := cardKeys, item.Member.Card
	if verb == "bounds" {
		keys, now = boundsKeys, item.Member.Bounds
	}
	for _, key := range keys {
		text := strings.TrimSpace(strings.ReplaceAll(in.typed("section."+key), "\r\n", "\n"))
		to := in.otherReaders(verb+"."+key, "to."+key)
		if len(in.form["section."+key]) == 0 || text == now[key] && (text == "" || to == nil) {
			continue
		}
		if _, err := in.do(verb, circle.Args{"text": {key, text}, "to": to}); err != nil {
			return err
		}
	}
	return nil
}

// leaveModel shows what leaving would hand over.
type leaveModel struct {
	Handover []card
	Farewell string
}

func (in *inside) leaveDoor() error {
	m := leaveModel{Farewell: in.typed("farewell")}
	for _, id := range in.src.Handover() {
		if item, err := in.src.Show(id, false); err == nil {
			m.Handover = append(m.Handover, in.items([]view.Item{item})...)
		}
	}
	for i := range m.Handover {
		m.Handover[i].Buttons = nil
	}
	return in.show("leave", "me", in.lang.say("leave.title"), m)
}

func (in *inside) leave() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	if err := in.site.upkeep.Leave(in.r.Context(), in.id, form.Get("farewell")); err != nil {
		return in.problemAt(err, in.leaveDoor)
	}
	return in.to("", "left")
}
