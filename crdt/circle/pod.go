package circle

import (
	"cmp"
	"slices"

	"tend/crdt"
)

// What somebody said to being in a pod, as interface JSON has it.
const (
	PodYes    = "yes"
	PodAsk    = "asked"
	PodNotNow = "not_now"
)

// MaxPod is how many people one pod may hold: a section names them all.
const MaxPod = MaxValues

// Pod is the few a person would turn to, and those whose pod they are in.
type Pod struct {
	// Mine are those whom this person asked, ascending by member.
	Mine []PodMember
	// IAmIn are those whose pod this person said yes to, AsksMe those who wait for
	// a word; both ascending.
	IAmIn, AsksMe []crdt.ID
	// CheckIns says that the pod may read check-ins about this person.
	CheckIns bool
}

// PodMember is one whom a person asked into their pod.
type PodMember struct {
	Member crdt.ID
	// Said is PodYes, PodAsk or PodNotNow.
	Said string
}

// podPair is what an owner and a person said about the person being in the owner's
// pod. Two devices of the owner may have asked; then the words on both count.
type podPair struct {
	owner, person crdt.ID
	asked         []*record // those that the owner did not take back, ascending
	words         []word    // the person's on them, by clock and id
}

// said is the person's word: the most careful one that stands.
func (p *podPair) said() string {
	switch careful(p.words).value {
	case WordNone:
		return PodAsk
	case WordYes:
		return PodYes
	}
	return PodNotNow
}

// podPairs reads the pairs that member is the owner or the person of, whose other
// half is in the circle; ascending by owner, then person.
func (s *State) podPairs(env Env, member crdt.ID) []*podPair {
	ids, _ := s.links.get(member)
	var out []*podPair
	for _, id := range ids {
		r := s.record(id)
		made, _ := r.maker()
		b, ok := made.Body.(PodAsked)
		if !ok || !env.here(made.Author) || !env.here(b.Person) {
			continue
		}
		i := slices.IndexFunc(out, func(p *podPair) bool { return p.owner == made.Author && p.person == b.Person })
		if i < 0 {
			i, out = len(out), append(out, &podPair{owner: made.Author, person: b.Person})
		}
		words := r.words()
		own := slices.DeleteFunc(slices.Clone(words), func(w word) bool { return w.by != made.Author })
		if careful(own).value == WordReleased {
			continue
		}
		out[i].asked = append(out[i].asked, r)
		for _, w := range words {
			if w.by == b.Person {
				out[i].words = append(out[i].words, w)
			}
		}
	}
	out = slices.DeleteFunc(out, func(p *podPair) bool { return len(p.asked) == 0 })
	for _, p := range out {
		slices.SortFunc(p.words, func(a, b word) int { return cmp.Or(cmp.Compare(a.hlc, b.hlc), a.id.Compare(b.id)) })
	}
	slices.SortFunc(out, func(a, b *podPair) int { return cmp.Or(a.owner.Compare(b.owner), a.person.Compare(b.person)) })
	return out
}

// podPair finds the pair of an owner and a person; nil if the owner does not ask
// them, or no longer.
func (s *State) podPair(env Env, owner, person crdt.ID) *podPair {
	for _, p := range s.podPairs(env, person) {
		if p.owner == owner && p.person == person {
			return p
		}
	}
	return nil
}

// Pod returns this person's pod, and the pods they are in.
func (s *State) Pod(env Env) Pod {
	out := Pod{Mine: []PodMember{}, IAmIn: []crdt.ID{}, AsksMe: []crdt.ID{}}
	for _, p := range s.podPairs(env, env.Me) {
		switch said := p.said(); {
		case p.owner == env.Me:
			out.Mine = append(out.Mine, PodMember{Member: p.person, Said: said})
		case said == PodYes:
			out.IAmIn = append(out.IAmIn, p.owner)
		case said == PodAsk:
			out.AsksMe = append(out.AsksMe, p.owner)
		}
	}
	sec, ok := s.Section(env.Me, SectionCheckIns)
	out.CheckIns = ok && sec.Values[0] == checkInsOpen
	return out
}

// ownPod returns this person and those who said yes to being in their pod,
// ascending.
func (s *State) ownPod(env Env) []crdt.ID {
	out := []crdt.ID{env.Me}
	for _, p := range s.podPairs(env, env.Me) {
		if p.owner == env.Me && p.said() == PodYes {
			out = append(out, p.person)
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return slices.Compact(out)
}

// podOf returns who is in the owner's pod, the owner among them, ascending; nil if
// this person is not in it. The owner tells those in it who they are (section pod).
func (s *State) podOf(env Env, owner crdt.ID) []crdt.ID {
	if owner == env.Me {
		return s.ownPod(env)
	}
	pair := s.podPair(env, owner, env.Me)
	if pair == nil || pair.said() != PodYes {
		return nil
	}
	out := []crdt.ID{owner, env.Me}
	sec, _ := s.Section(owner, SectionPod)
	for _, v := range sec.Values {
		if id, err := crdt.ParseID(v); err == nil && env.here(id) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return slices.Compact(out)
}

// checkInReaders returns who reads a check-in on member: the two, or all of the
// member's pod where the writer is in it and the member opened it to them.
func (s *State) checkInReaders(env Env, member crdt.ID) []crdt.ID {
	sec, ok := s.Section(member, SectionCheckIns)
	if ok && sec.Values[0] == checkInsOpen {
		if pod := s.podOf(env, member); pod != nil {
			return pod
		}
	}
	return []crdt.ID{member}
}

// podAsked is what waits for this person's word on being in a pod.
func (r *reader) podAsked() []Attention {
	var out []Attention
	for _, p := range r.s.podPairs(r.env, r.env.Me) {
		if made, _ := p.asked[0].maker(); p.person != r.env.Me || p.said() != PodAsk || r.liesStill(p.owner, made.ID, made.HLC) {
			continue
		}
		out = append(out, Attention{Kind: LookPodAsked, About: []crdt.ID{p.asked[0].id},
			Choices: []Choice{Choose(As("choice.yes"), "tend pod yes "+cmdID(p.owner)),
				Choose(As("choice.not_now"), "tend pod not-now "+cmdID(p.owner))}}.Saying("looks.pod_asked", r.s.who(p.owner)))
	}
	return out
}

// PodOf reports whether id is what stands between owner and somebody they asked
// into their pod.
func (s *State) PodOf(id, owner crdt.ID) bool {
	made, ok := s.record(id).maker()
	if !ok {
		return false
	}
	_, is := made.Body.(PodAsked)
	return is && made.Author == owner
}
