package web

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"tend/crdt"
	"tend/node/view"
)

// returnsModel is help for whoever lost everything: those who ask at this door,
// those who come back, and who may help this member, should it be them.
type returnsModel struct {
	To     string // where wishes go
	Asking []askingLine
	Coming []returnLine
	Named  template.HTML // whom this member named, and how many of them stand; "" if nobody
	People []option      // whom they could name
	Of     []option
}

// askingLine is somebody who asks at the door.
type askingLine struct {
	Name   string
	Says   template.HTML
	Code   string // "" while nobody said who they are
	Member string
	People []option
}

// returnLine is somebody who comes back.
type returnLine struct {
	Member         string
	Title          template.HTML
	Stood, State   template.HTML
	Mine           bool
	Ready, LeftOut bool
}

// others are the other members, to choose from.
func (in *inside) others(chosen ...string) []option {
	var out []option
	for _, m := range in.src.Members(view.Filter{}) {
		if m.ID == in.me {
			continue
		}
		on := false
		for _, c := range chosen {
			on = on || c == m.ID
		}
		out = append(out, option{Value: m.ID, Label: in.name(view.Person{ID: m.ID, Name: m.Name}), On: on})
	}
	return out
}

func (in *inside) returns() error {
	m := returnsModel{To: in.head.Circle.Base + "/returns/"}
	for _, a := range in.src.Asking {
		line := askingLine{Name: a.Name, Says: in.lang.say("returns.asks", "name", a.Name, "when", in.lang.ago(a.Last, in.now))}
		if a.Member != nil {
			line.Code, line.Member = a.Text, a.Member.ID
		} else {
			line.People = in.others()
		}
		m.Asking = append(m.Asking, line)
	}
	for _, r := range in.src.Returns() {
		m.Coming = append(m.Coming, in.returning(r))
	}
	named, of := in.src.Trustees()
	var chosen []string
	for _, p := range named {
		chosen = append(chosen, p.ID)
	}
	if len(named) > 0 {
		m.Named = in.lang.say("trustees.named", "names", in.names(named), "n", of)
	}
	if typed := in.form["member"]; len(typed) > 0 {
		chosen = typed
	}
	m.People = in.others(chosen...)
	for n := 1; n <= min(len(m.People), maxOf); n++ {
		m.Of = append(m.Of, option{Value: strconv.Itoa(n), Label: template.HTML(strconv.Itoa(n)), On: in.typed("of") == strconv.Itoa(n) || in.form == nil && n == of})
	}
	return in.show("returns", "", in.lang.say("returns.title"), m)
}

// maxOf is how many of the named can be asked for: as many as can be named.
const maxOf = 16

// returning says how far one who comes back is.
func (in *inside) returning(r view.Return) returnLine {
	name := in.name(r.Member)
	line := returnLine{Member: r.Member.ID, Title: in.lang.say("returns.comes", "name", name), Mine: r.Member.ID == in.me, Ready: r.Ready, LeftOut: r.LeftOut}
	line.Stood = in.lang.say("returns.stood", "names", in.names(r.Stood))
	switch {
	case r.Ready:
		line.State = in.lang.say("returns.ready")
	case r.Missing > 0:
		line.State = in.lang.say("returns.missing", "n", r.Missing)
	case r.Ripe != nil && r.Ripe.After(in.now):
		line.State = in.lang.say("returns.ripens", "when", in.until(*r.Ripe))
	default:
		line.State = in.lang.say("returns.unseen")
	}
	if line.Mine {
		line.Title = in.lang.say("returns.comes_mine")
	}
	return line
}

// standModel compares six words before somebody is stood for.
type standModel struct {
	To, Code, Six string
	People        []option
}

// readReturn reads the code of somebody who comes back: scanned, pasted, or from the
// door where they ask.
func (in *inside) readReturn() error {
	words, fields, err := readWords(in.w, in.r)
	in.form = map[string][]string{"words": {fields["words"]}}
	if err != nil {
		return in.problemAt(err, in.returnsCode)
	}
	return in.drawStand(words, fields["member"])
}

// returnsCode is the door for a code.
func (in *inside) returnsCode() error {
	return in.show("returncode", "", in.lang.say("returns.code_title"), addModel{Words: in.typed("words")})
}

func (in *inside) drawStand(code, member string) error {
	rec, err := in.site.upkeep.ReadRecovery(in.r.Context(), code)
	if err != nil {
		return in.problemAt(err, in.returnsCode)
	}
	return in.show("stand", "", in.lang.say("stand.title"), standModel{To: in.head.Circle.Base + "/returns/stand", Code: rec.Text, Six: rec.Words, People: in.others(member)})
}

// returnsWish carries out what the screen of returns offers.
func (in *inside) returnsWish() error {
	verb := in.r.PathValue("verb")
	if verb == "read" {
		return in.readReturn()
	}
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	var members []crdt.ID
	for _, text := range form["member"] {
		if text == "" {
			continue
		}
		id, err := crdt.ParseID(text)
		if err != nil {
			return &notice{status: http.StatusUnprocessableEntity, key: "form.unreadable"}
		}
		members = append(members, id)
	}
	return in.helpReturn(verb, members)
}

func (in *inside) helpReturn(verb string, members []crdt.ID) error {
	ctx, up := in.r.Context(), in.site.upkeep
	var one crdt.ID
	if len(members) == 1 {
		one = members[0]
	}
	if one.IsZero() && verb != "object" && verb != "trustees" {
		return in.problemAt(&notice{status: http.StatusUnprocessableEntity, key: "returns.who"}, in.againAt(verb))
	}
	var err error
	switch verb {
	case "stand":
		if in.typed("heard") == "" {
			return in.problemAt(&notice{status: http.StatusUnprocessableEntity, key: "stand.heard_needed"}, in.againAt(verb))
		}
		_, err = up.StandFor(ctx, in.id, one, in.typed("code"))
	case "meant":
		err = up.Meant(ctx, in.id, in.typed("name"), one)
	case "without":
		_, err = up.LeaveOut(ctx, in.id, one)
	case "finish":
		_, err = up.Return(ctx, in.id, one)
	case "object":
		_, err = up.ObjectReturn(ctx, in.id)
	case "trustees":
		if len(members) == 0 {
			return in.problemAt(&notice{status: http.StatusUnprocessableEntity, key: "trustees.whom"}, in.returns)
		}
		of, _ := strconv.Atoi(strings.TrimSpace(in.typed("of"))) // 0, and so more than half, where none was chosen
		_, err = up.NameTrustees(ctx, in.id, members, of)
	default:
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	if err != nil {
		return in.problemAt(err, in.againAt(verb))
	}
	return in.to("/returns", "return_"+verb)
}

// againAt is the screen that a wish came from.
func (in *inside) againAt(verb string) func() error {
	if verb != "stand" {
		return in.returns
	}
	return func() error { return in.drawStand(in.typed("code"), in.typed("member")) }
}
