package circle

import (
	"slices"
	"strings"

	"tend/crdt"
)

// whom is an audience as a person names it. At most one of circle and pod is set;
// to holds the members that the words come to.
type whom struct {
	named  bool // something was said
	circle bool
	pod    bool // my own pod, and nobody beside it
	to     []crdt.ID
}

// Readers returns whom words as a person gives them with --to come to, as in
// [ParseCommand]: nil for the circle, else members, ascending. The error is a
// [*Problem].
func Readers(s *State, env Env, to []string) ([]crdt.ID, error) {
	p := &parser{s: s, env: env, args: Args{"to": to}, used: map[string]bool{}}
	members, _ := p.some("to")
	if p.err != nil {
		return nil, p.err
	}
	return members, nil
}

// podWord begins a pod that is named by its owner.
const podWord = "pod:"

// whom reads members, pod (mine), pod:MEMBER, groups of one's own, and circle.
func (p *parser) whom(name string) whom {
	words := p.all(name)
	out := whom{named: len(words) > 0}
	for _, w := range words {
		switch w := fold(w); {
		case w == "circle":
			out.circle = true
		case w == "pod":
			out.pod = len(words) == 1
			out.to = append(out.to, p.s.ownPod(p.env)...)
		case strings.HasPrefix(w, podWord):
			out.to = append(out.to, p.theirPod(strings.TrimPrefix(w, podWord))...)
		default:
			if group, ok := p.env.Groups[w]; ok {
				out.to = append(out.to, p.group(group)...)
			} else {
				out.to = append(out.to, p.named(w))
			}
		}
	}
	if out.circle {
		return whom{named: true, circle: true}
	}
	slices.SortFunc(out.to, crdt.ID.Compare)
	out.to = slices.Compact(out.to)
	return out
}

// group leaves out those who are gone.
func (p *parser) group(members []crdt.ID) []crdt.ID {
	return slices.DeleteFunc(slices.Clone(members), func(m crdt.ID) bool { return !p.env.here(m) })
}

func (p *parser) theirPod(owner string) []crdt.ID {
	m := p.named(owner)
	if p.err != nil {
		return nil
	}
	pod := p.s.podOf(p.env, m)
	if pod == nil {
		p.fail(kept("no.pod_not_mine", p.s.who(m)))
	}
	return pod
}

// some reads an audience of a record: nil is the circle. It is a problem if the
// words come to nobody but oneself.
func (p *parser) some(name string) (to []crdt.ID, named bool) {
	w := p.whom(name)
	if p.err == nil && w.named && !w.circle && !slices.ContainsFunc(w.to, func(m crdt.ID) bool { return m != p.env.Me }) {
		if w.pod {
			p.fail(kept("no.pod_nobody"))
		}
		p.fail(kept("no.nobody_else"))
	}
	return w.to, w.named
}
