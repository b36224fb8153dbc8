package view

import (
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
)

// Pod returns this member's pod, and the pods they are in.
func (s Source) Pod() Pod {
	p := s.State.Pod(s.Env)
	v := Pod{Mine: []PodMember{}, IAmIn: s.byName(p.IAmIn), AsksMe: s.byName(p.AsksMe), CheckIns: "closed"}
	if p.CheckIns {
		v.CheckIns = "open"
	}
	for _, m := range p.Mine {
		v.Mine = append(v.Mine, PodMember{Member: s.Person(m.Member), Said: m.Said})
	}
	return v
}

// Groups returns this member's own lists of people, and the people in each, by name.
func (s Source) Groups() []Group {
	out := []Group{}
	for _, name := range slices.Sorted(maps.Keys(s.Env.Groups)) {
		out = append(out, Group{Name: name, Members: s.byName(s.Env.Groups[name])})
	}
	return out
}

// Widening reads what asking more people would do. The error is a
// [*circle.Problem].
func (s Source) Widening(args circle.Args) (Widening, error) {
	cmd, err := circle.ParseCommand(s.State, s.Env, "widen", args)
	if err != nil {
		return Widening{}, err
	}
	w, err := s.State.Widening(s.Env, cmd.(circle.Widen))
	if err != nil {
		return Widening{}, err
	}
	return Widening{ID: w.ID.String(), Title: w.Title, Details: w.Details, Readers: s.audience(w.Readers),
		New: s.byName(w.New), NotesStay: w.Notes}, nil
}

// Faces reads whom words of an audience come to, the reader left out. The error is a
// [*circle.Problem].
func (s Source) Faces(to []string) (Faces, error) {
	members, err := circle.Readers(s.State, s.Env, to)
	if err != nil {
		return Faces{}, err
	}
	members = slices.DeleteFunc(members, func(m crdt.ID) bool { return m == s.Env.Me })
	f := Faces{Readers: s.audience(members)}
	for _, m := range members {
		f.Asked = append(f.Asked, s.Asked(m))
	}
	return f, nil
}

// forgetting says how far a retraction got.
func (s Source) forgetting(op crdt.ID) Forgetting {
	if s.Forgotten == nil {
		return Forgetting{}
	}
	confirmed, devices, _ := s.Forgotten(op)
	return Forgetting{Confirmed: confirmed, Devices: devices}
}

func (s Source) retracted(r circle.Retraction) *Retracted {
	return &Retracted{ID: r.ID.String(), Kind: KindRetracted, Author: s.Person(r.By), Made: s.at(r.HLC), Asked: s.forgetting(r.Op)}
}
