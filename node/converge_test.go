package node_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
)

var (
	seedFlag  = flag.Uint64("seed", 1, "seed of the first random history; 0 takes one from the clock")
	runsFlag  = flag.Int("histories", 6, "how many random histories")
	stepsFlag = flag.Int("steps", 120, "steps of a random history")
)

// TestHomesApartConverge lets some homes ask, offer, agree, join, leave, stop and
// start for a while, meeting now and then; when all have met they must hold the
// same and see the same, and nothing that was acknowledged may be lost. The
// histories are the same each time; -seed 0 -histories 1000 looks for others.
func TestHomesApartConverge(t *testing.T) {
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	runs := *runsFlag
	if testing.Short() {
		runs = min(runs, 2)
	}
	for i := range runs {
		runUnhurried(t, fmt.Sprintf("seed=%d", seed+uint64(i)), func(t *testing.T) { history(t, seed+uint64(i)) })
	}
}

type story struct {
	t     *testing.T
	r     *rand.Rand
	id    crdt.ID
	homes []*home // in the circle, or gone from it
	made  []crdt.ID
}

func history(t *testing.T, seed uint64) {
	s := &story{t: t, r: rand.New(rand.NewPCG(seed, 7))}
	first := newHome(t, fmt.Sprintf("home-0-%d", seed))
	s.id, s.homes = first.begin("Elm Street"), []*home{first}
	for range *stepsFlag {
		s.step(seed)
	}
	for range 3 {
		s.meetAll()
	}
	in := s.here()
	equal(t, s.id, in...)
	for _, id := range s.made {
		if !in[0].view(s.id).State.Has(id) {
			t.Errorf("%s was acknowledged and is gone", id.Short())
		}
	}
	for _, h := range in {
		findings, err := h.Verify(t.Context())
		if err != nil || len(findings) > 0 {
			t.Errorf("%s verifies to %v, %v", h.name, findings, err)
		}
	}
}

// meetAll lets each home meet every other one.
func (s *story) meetAll() {
	for i := range s.homes {
		for j := range s.homes[:i] {
			s.meet(s.homes[i], s.homes[j])
		}
	}
}

// here are the homes that are still in the circle.
func (s *story) here() []*home {
	var out []*home
	for _, h := range s.homes {
		if h.view(s.id).Standing == membership.In {
			out = append(out, h)
		}
	}
	return out
}

func (s *story) step(seed uint64) {
	time.Sleep(time.Duration(s.r.IntN(2000)) * time.Millisecond) // in which homes say what is due
	synctest.Wait()
	here := s.here()
	h := here[s.r.IntN(len(here))]
	switch n := s.r.IntN(20); {
	case n < 2 && len(s.homes) < 5:
		newcomer := newHome(s.t, fmt.Sprintf("home-%d-%d", len(s.homes), seed))
		if voiced := h.view(s.id).People.HasVoice(h.view(s.id).Me); !voiced {
			return
		}
		join(newcomer, h, s.id)
		s.homes = append(s.homes, newcomer)
	case n < 3 && len(here) > 2 && s.r.IntN(4) == 0:
		if err := h.Leave(s.t.Context(), s.id); err != nil {
			s.t.Fatalf("%s leaves: %v", h.name, err)
		}
	case n < 5:
		h.shut()
		h.start()
	case n < 8:
		s.meet(h, s.homes[s.r.IntN(len(s.homes))])
	default:
		s.wish(h)
	}
}

// meet syncs two homes if both still share the circle; who left, and seeks another who
// knows, hears GOODBYE.
func (s *story) meet(a, b *home) {
	if a == b {
		return
	}
	if len(a.Shared(b.peer())) == 0 || len(b.Shared(a.peer())) == 0 {
		for _, pair := range [][2]*home{{a, b}, {b, a}} {
			if seeker, other := pair[0], pair[1]; slices.Contains(seeker.Circles(), s.id) && len(seeker.Shared(other.peer())) > 0 {
				farewell(seeker, other, s.id)
			}
		}
		return
	}
	if err := try(a, b, s.id); err != nil && !errors.Is(err, node.ErrNotShared) {
		s.t.Fatalf("%s meets %s: %v", a.name, b.name, err)
	}
}

// wish does something a person might; a refusal is fine, a failure is not.
func (s *story) wish(h *home) {
	cmds := []circle.Command{wish(fmt.Sprintf("wish %d", s.r.IntN(1000)))}
	if len(s.made) > 0 {
		id := s.made[s.r.IntN(len(s.made))]
		cmds = append(cmds, circle.SayYes{ID: id}, circle.SayYes{ID: id}, circle.MarkDone{ID: id}, circle.Release{ID: id},
			circle.SetPostStatus{ID: id, Status: circle.StatusEnough}, circle.WriteNote{On: id, Kind: circle.NoteComment, Text: "thank you"},
			circle.SayNotNow{ID: id}, circle.GiveThanks{ID: id, Text: "so good"})
	}
	cmd := cmds[s.r.IntN(len(cmds))]
	res, err := h.Do(s.t.Context(), s.id, cmd)
	var refused *circle.Problem
	switch {
	case err == nil:
		if _, posted := cmd.(circle.PostNeed); posted {
			s.made = append(s.made, res.ID)
		}
	case !errors.As(err, &refused) || refused.Code == circle.Failed:
		s.t.Fatalf("%s: %T: %v", h.name, cmd, err)
	}
}
