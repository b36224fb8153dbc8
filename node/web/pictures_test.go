package web_test

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// TestWhenPeopleAreFree holds the picture of free times to their list: a mark for each
// day of the seven that a time is on, and every time in words.
func TestWhenPeopleAreFree(t *testing.T) {
	f := fill(t, "soup")
	f.as(t, farid, circle.SetSection{Section: circle.SectionFree, Values: []string{"FREQ=DAILY"}, Circle: true})
	page := newBrowser(t, site(f.home)).get(base + "/offers")
	part := page[strings.Index(page, "When people are free"):]
	if n := strings.Count(part[:strings.Index(part, "</svg>")], "<circle"); n != 3+7 {
		t.Errorf("the picture has %d marks, want Wednesday, Friday, Sunday and every day", n)
	}
	for _, want := range []string{"every week: Wednesday and Friday", "Sunday 6 December, 09:00–12:00", "again and again", "every day"} {
		if !strings.Contains(bare(part), want) {
			t.Errorf("the list lacks %q:\n%s", want, part)
		}
	}
}

// TestPicturesAreSpoken holds that every picture which says something has a label, that
// no label has markup, and that all others are left unspoken.
func TestPicturesAreSpoken(t *testing.T) {
	f := fill(t, "soup")
	b := newBrowser(t, site(f.home))
	spoken := map[string]bool{}
	for _, at := range f.addresses() {
		for _, tag := range regexp.MustCompile(`<svg\b[^>]*>`).FindAllString(b.get(at), -1) {
			label := regexp.MustCompile(`aria-label="([^"]+)"`).FindStringSubmatch(tag)
			switch {
			case strings.Contains(tag, `aria-hidden="true"`):
			case !strings.Contains(tag, `role="img"`) || label == nil || strings.ContainsAny(label[1], "<>"):
				t.Errorf("%s has a picture that nobody hears: %s", at, tag)
			default:
				spoken[label[1]] = true
			}
		}
	}
	if len(spoken) < 5 {
		t.Errorf("only these pictures speak: %v", spoken)
	}
}

// crowd is a circle of n, Ann first.
type crowd struct {
	people
	n int
}

func (c crowd) Members() (out []membership.Member) {
	for i := range c.n {
		out = append(out, membership.Member{ID: faceOf(i), Standing: membership.In, Voice: true, Welcomed: true})
	}
	return out
}

func (c crowd) Everyone() []membership.Member { return c.Members() }

func (c crowd) Member(id crdt.ID) (membership.Member, bool) {
	for _, m := range c.Members() {
		if m.ID == id {
			return m, true
		}
	}
	return membership.Member{}, false
}

func faceOf(i int) crdt.ID {
	switch i {
	case 0:
		return ann
	case 1:
		return bela
	}
	return sha256.Sum256([]byte(fmt.Sprint("face", i)))
}

// TestTheRingOfManyPeople holds that a large circle shows those one has something
// going on with, and a number for the others; and that from twelve people on nobody
// can tell from it who is in touch.
func TestTheRingOfManyPeople(t *testing.T) {
	for _, row := range []struct {
		people, faces int
		others        string
		presence      bool
	}{
		{3, 3, "", true}, {11, 11, "", true}, {12, 12, "", false}, {14, 14, "", false}, {15, 14, "and one other", false}, {60, 14, "and 46 others", false},
	} {
		h := newHome(t)
		h.crowd = row.people
		yes := h.as(t, bela, circle.PostOffer{Posted: circle.Posted{Title: "Tea", People: 1}}).ID
		h.as(t, ann, circle.SayYes{ID: yes})
		page := newBrowser(t, site(h)).get(base)
		ring := page[strings.Index(page, `<figure class="ring">`):strings.Index(page, "</figure>")]
		if n := strings.Count(ring, `<g class="face`); n != row.faces {
			t.Errorf("%d people: %d faces, want %d", row.people, n, row.faces)
		}
		if got := strings.Contains(ring, "<figcaption>"); got != (row.others != "") || !strings.Contains(ring, row.others) {
			t.Errorf("%d people: the others are not %q", row.people, row.others)
		}
		if got := strings.Contains(ring, "in touch") || strings.Contains(ring, `"face near"`); got != row.presence {
			t.Errorf("%d people: it tells who is in touch: %v, want %v", row.people, got, row.presence)
		}
		if !strings.Contains(ring, ">Bé<") {
			t.Errorf("%d people: Béla, with whom something is agreed, is not in the ring", row.people)
		}
	}
}
