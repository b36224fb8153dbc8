package main

import (
	"context"
	"os/exec"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
	catalogue "tend/node/words"
)

// noticeWish is whether this machine may say on its screen that somebody asks something.
type noticeWish struct{ on bool }

func (n *noticeWish) flags(set *pflag.FlagSet) {
	one := pflag.NewFlagSet("notices", pflag.ContinueOnError)
	one.BoolVar(&n.on, "notices", false, "")
	mirror(one)
	set.AddFlagSet(one)
}

// notifier shows a few words on the screen of this machine.
type notifier func(ctx context.Context, text string) error

// noticeWait is how long the program that shows them may take.
const noticeWait = 10 * time.Second

// findNotifier returns that of this machine; false if it has none. What it is given are
// sentences of ours alone, so nothing that a person wrote comes to a command line.
func findNotifier() (notifier, bool) {
	name, args := "notify-send", func(text string) []string { return []string{"--app-name=Tend", "--", "Tend", text} }
	if runtime.GOOS == "darwin" {
		name, args = "osascript", func(text string) []string {
			return []string{"-e", "on run words", "-e", "display notification (item 1 of words) with title \"Tend\"", "-e", "end run", "--", text}
		}
	}
	program, err := exec.LookPath(name)
	if err != nil || runtime.GOOS == "windows" {
		return nil, false
	}
	return func(ctx context.Context, text string) error {
		ctx, stop := context.WithTimeout(ctx, noticeWait)
		defer stop()
		return exec.CommandContext(ctx, program, args(text)...).Run()
	}, true
}

// noticeGap is how often a node looks whether something may interrupt: what comes
// meanwhile is said at once, in the same few words.
const noticeGap = 5 * time.Second

// noticing is what this node looked at last in one circle, and said already.
type noticing struct {
	state *circle.State // never changed, so the same one has nothing new
	still bool
	said  map[crdt.ID]uint64 // by record, its changes by others
}

// look returns the words for what is new, as names in the catalogues, and remembers it.
func (n *noticing) look(s view.Source) (words []string) {
	_, still := s.State.Still(s.Env, s.Env.Me)
	if n.state == s.State && n.still == still {
		return nil
	}
	n.state, n.still = s.State, still
	asked, agreed := false, false
	for _, i := range s.State.Interrupts(s.Env) {
		if i.Changes > n.said[i.ID] {
			n.said[i.ID] = i.Changes
			asked, agreed = asked || !i.Agreed, agreed || i.Agreed
		}
	}
	if asked {
		words = append(words, "notice.asked")
	}
	if agreed {
		words = append(words, "notice.agreed")
	}
	return words
}

// notices says on the screen what may interrupt, until ctx ends. What there was when the
// node began is for whoever looks.
func (m *machine) notices(ctx context.Context, show notifier) {
	circles := map[crdt.ID]*noticing{}
	for first := true; ; first = false {
		for _, id := range m.at().All() {
			s, err := m.View(id)
			if err != nil {
				continue // it was left just now
			}
			if circles[id] == nil {
				circles[id] = &noticing{said: map[crdt.ID]uint64{}}
			}
			for _, word := range circles[id].look(s) {
				if first {
					break
				}
				if err := show(ctx, catalogue.Of(s.LanguagesOf(s.Env.Me)).Say(word)); err != nil && ctx.Err() == nil {
					m.log.Debug("show a notice", "err", err)
				}
			}
		}
		if pause(ctx, noticeGap) != nil {
			return
		}
	}
}
