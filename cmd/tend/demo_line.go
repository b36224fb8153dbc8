package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// storyLine is one thing that somebody types in a story.
type storyLine struct {
	day  int    // from the day on which it is played; those before are below zero
	hour string // "18:05", in the zone of this machine
	who  string
	// says is a command line without "tend". In it {+2} is the date in two days,
	// counted from the day on which the story is played, and {meals} the id of what
	// the line called meals made. Three more are the stage's own: "goes" takes the home
	// off the network, and "comes" brings it back; with "loses" it is gone for good, and
	// what its person says next they say on another.
	says string
	as   string // what its answer is called by later lines; may be empty
}

// at is the time of a line in a story that is played on a day.
func (l storyLine) at(today time.Time) (time.Time, error) {
	clock, err := time.Parse("15:04", l.hour)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no hour: %w", l.hour, err)
	}
	return time.Date(today.Year(), today.Month(), today.Day()+l.day, clock.Hour(), clock.Minute(), 0, 0, today.Location()), nil
}

var placeholder = regexp.MustCompile(`\{([^{}]+)\}`)

// filled returns what is said with its dates and ids in it.
func filled(says string, today time.Time, made map[string]string) (string, error) {
	var missing error
	text := placeholder.ReplaceAllStringFunc(says, func(found string) string {
		name := found[1 : len(found)-1]
		if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") || name == "0" {
			days, err := strconv.Atoi(name)
			missing = errors.Join(missing, err)
			return today.AddDate(0, 0, days).Format(time.DateOnly)
		}
		if made[name] == "" {
			missing = errors.Join(missing, fmt.Errorf("nothing is called %s", found))
		}
		return made[name]
	})
	return text, missing
}

// typedWords parts a command line into words; double quotes keep words together.
func typedWords(text string) []string {
	var words []string
	word, within, begun := "", false, false
	for _, r := range text {
		switch {
		case r == '"':
			within, begun = !within, true
		case r == ' ' && !within:
			if begun {
				words = append(words, word)
			}
			word, begun = "", false
		default:
			word, begun = word+string(r), true
		}
	}
	if begun {
		words = append(words, word)
	}
	return words
}

// play plays lines in their order, the clock going with them.
func (st *stage) play(ctx context.Context, today time.Time, lines []storyLine) error {
	for i, l := range lines {
		at, err := l.at(today)
		if err == nil && (i == 0 || l.day != lines[i-1].day) {
			err = st.converge(ctx)
			st.clock.reach(at)
			err = errors.Join(err, st.turnDay(ctx))
		}
		if err == nil && i > 0 && l.who != lines[i-1].who {
			err = st.converge(ctx) // what others said before has reached that home
		}
		if err == nil {
			st.clock.reach(at)
			err = st.one(ctx, today, l)
		}
		if err != nil {
			return fail(exitFailed, "fail.story", "who", l.who, "n", -l.day, "line", l.says, "why", asFailure(err).say).behind(err)
		}
	}
	return st.converge(ctx)
}

// one plays a line.
func (st *stage) one(ctx context.Context, today time.Time, l storyLine) error {
	p, err := st.actor(ctx, l.who)
	if err != nil {
		return err
	}
	switch l.says {
	case "goes", "comes":
		return p.setApart(ctx, l.says == "goes")
	case "loses":
		return st.lose(p)
	}
	says, err := filled(l.says, today, st.made)
	if err != nil {
		return err
	}
	answer, err := p.insists(ctx, typedWords(says))
	if err == nil && l.as != "" {
		err = st.keep(l.as, answer)
	}
	return err
}

// insists is tend for somebody who waits a little for what they speak of: a newcomer
// says their name a moment after they came in.
func (p *actor) insists(ctx context.Context, words []string) ([]byte, error) {
	for until := time.Now().Add(demoHear); ; {
		answer, err := p.tend(ctx, words)
		if err == nil || asFailure(err).code != exitMissing || time.Now().After(until) {
			return answer, err
		}
		if err := pause(ctx, demoLook); err != nil {
			return nil, err
		}
	}
}
