package web

import (
	"fmt"
	"html/template"
	"math"
	"slices"

	"tend/node/view"
)

// ringFaces is how many faces the ring shows; beyond, those who have something
// going on with this member, and a number for the others.
const ringFaces = 14

// ringPresence is the size of a circle from which on the ring no longer says who is
// in touch: a ring of who is there would be a quiet attendance list.
const ringPresence = 12

// ring is the circle drawn as a ring of initials. It is the same picture for a
// screen reader: one sentence.
type ring struct {
	Spoken template.HTML
	Middle template.HTML
	Below  template.HTML
	Faces  []face
	Others int
}

// face is one member in the ring, at X and Y of a square of 320.
type face struct {
	X, Y     string
	Initials string
	Name     string
	Class    string // "me", "near", "far" or "resting"
	// MoonX and MoonY are where the moon of one who rests stands.
	MoonX, MoonY string
}

// ring draws the circle. connected are those whose home is in touch just now.
func (in *inside) ring(members []view.Member, connected []view.Person) ring {
	hidden := len(members) >= ringPresence
	near := func(id string) bool {
		return slices.ContainsFunc(connected, func(p view.Person) bool { return p.ID == id })
	}
	shown := in.neighbours(members)
	r := ring{Others: len(members) - len(shown)}
	touch := 1 // oneself
	var names []template.HTML
	for i, m := range shown {
		angle := 2 * math.Pi * float64(i) / float64(len(shown))
		x, y := 160+122*math.Sin(angle), 160-122*math.Cos(angle)
		at := func(v float64) string { return fmt.Sprintf("%.1f", v) }
		f := face{X: at(x), Y: at(y), MoonX: at(x + 12), MoonY: at(y - 34), Initials: initials(m.Name), Name: m.Name}
		switch {
		case m.ID == in.me:
			f.Class, f.Initials = "me", in.lang.plain("ring.you")
		case m.Room != nil && m.Room.Level == "resting":
			f.Class = "resting"
		case hidden:
			f.Class = "far plain"
		case near(m.ID):
			f.Class = "near"
			touch++
		default:
			f.Class = "far"
		}
		if m.ID != in.me {
			names = append(names, in.lang.say("ring."+spokenClass(f.Class), "name", in.name(view.Person{ID: m.ID, Name: m.Name})))
		}
		r.Faces = append(r.Faces, f)
	}
	r.Middle = in.lang.say("ring.people", "n", len(members))
	if !hidden && len(members) > 1 {
		r.Below = in.lang.say("ring.in_touch", "n", touch)
	}
	r.Spoken = in.lang.say("ring.spoken", "n", len(members), "names", in.lang.list(names))
	if len(names) == 0 {
		r.Spoken = in.lang.say("ring.alone")
	}
	return r
}

func spokenClass(class string) string {
	if class == "far plain" {
		return "plain"
	}
	return class
}

// neighbours are the members that the ring has room for, oneself first.
func (in *inside) neighbours(members []view.Member) []view.Member {
	busy := map[string]int{}
	for _, a := range in.src.Agreements(view.Filter{Mine: true}) {
		for _, p := range a.Parties {
			busy[p.Member.ID]++
		}
	}
	all := slices.Clone(members)
	order := func(m view.Member) int {
		switch {
		case m.ID == in.me:
			return 0
		case busy[m.ID] > 0:
			return 1
		}
		return 2
	}
	if len(all) > ringFaces {
		slices.SortStableFunc(all, func(a, b view.Member) int { return order(a) - order(b) })
		return all[:ringFaces]
	}
	slices.SortStableFunc(all, func(a, b view.Member) int { return min(order(a), 1) - min(order(b), 1) })
	return all
}
