package main

import (
	"path/filepath"
	"time"
)

// storyWalk is a way through a story for whoever looks at it, step by step.
type storyWalk struct {
	name, title string
	tells       []string // what it is about, a line each
	steps       []storyStep
}

// storyStep is one command line at somebody's keyboard, written as in [storyLine],
// and what it is for.
type storyStep struct{ who, does, says string }

// walkView is a walk as it is answered in JSON.
type walkView struct {
	Name  string     `json:"name"`
	Title string     `json:"title"`
	Tells []string   `json:"tells"`
	Steps []stepView `json:"steps"`
}

// stepView is one step: the home, the words after "tend --home HOME", and the line as
// it is typed.
type stepView struct {
	Home  string   `json:"home"`
	Words []string `json:"words"`
	Line  string   `json:"line"`
	Says  string   `json:"says,omitempty"`
}

// walks fills the ways through the story with what it made; the homes are named as
// they lie in dir.
func (st *stage) walks(today time.Time, dir string) ([]walkView, error) {
	named := map[string]string{}
	for name, value := range st.made {
		if st.made[name+".id"] == value {
			value = short(value)
		}
		named[name] = value
	}
	var out []walkView
	for _, w := range demoWalks {
		v := walkView{Name: w.name, Title: w.title, Tells: w.tells}
		for _, s := range w.steps {
			does, err := filled(s.does, today, named)
			if err != nil {
				return nil, err
			}
			home := demoHome(dir, s.who)
			v.Steps = append(v.Steps, stepView{Home: home, Words: typedWords(does), Line: "tend --home " + home + " " + does, Says: s.says})
		}
		out = append(out, v)
	}
	return out, nil
}

// demoGuide is the file in which all walks stand, to be read beside them.
const demoGuide = "walks.txt"

// guide says where to look, and how each walk begins.
func (s *speaker) guide(dir string, walks []walkView) {
	s.say("demo.made")
	s.say("demo.let_run")
	s.line("")
	s.under("demo.run", "dir", dir)
	s.line("")
	s.say("demo.look_around")
	s.line("")
	for _, p := range demoHomes {
		s.under("demo.today", "home", demoHome(dir, p))
	}
	s.under("demo.page", "home", demoHome(dir, demoHomes[0]))
	for _, w := range walks {
		s.line("")
		s.line("%s", w.Title)
		for _, line := range w.Tells {
			s.line("%s", line)
		}
		s.line("")
		s.line("  %s", w.Steps[0].Line)
	}
	s.line("")
	s.say("demo.steps", "file", filepath.Join(dir, demoGuide))
}

// steps are all walks, step by step.
func (s *speaker) steps(walks []walkView) {
	for _, w := range walks {
		s.line("%s", w.Title)
		for _, line := range w.Tells {
			s.line("%s", line)
		}
		s.line("")
		for _, step := range w.Steps {
			if step.Says != "" {
				s.line("  # %s", step.Says)
			}
			s.line("  %s", step.Line)
		}
		s.line("")
	}
}
