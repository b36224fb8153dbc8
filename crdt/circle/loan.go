package circle

import "tend/crdt"

// homeAgain: the last day of what was lent is over. Its keeper is asked whether it is
// home again, and nobody else.
func (r *reader) homeAgain(a *agreement) (Attention, bool) {
	if a.post == nil || a.post.need || a.post.owner != r.env.Me || a.state != StatePassed {
		return Attention{}, false
	}
	w, err := parseWhen(a.newest().terms.When)
	if err != nil || w.Timed || w.End.IsZero() {
		return Attention{}, false
	}
	longer := When{Start: w.Start, End: dayOf(r.now).AddDate(0, 0, longerDays)}
	return Attention{Kind: LookHomeAgain, About: []crdt.ID{a.id, a.post.id}, Choices: []Choice{
		say("choice.home_again", "done", a.id),
		say("choice.longer", "change", a.id, "--when", longer.String()),
	}}.Saying("looks.home_again", a.newest().terms.What, UntilDay(w.End.Format(dateForm))), true
}

// longerDays is by how much a loan is made longer with one tap.
const longerDays = 7
