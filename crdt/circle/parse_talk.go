package circle

import "strings"

// talk reads a step of a talk: step is its word, as in "tend talk WORD".
func (p *parser) talk() Command {
	step := p.text("step")
	if step == "with" {
		about := p.text("about")
		c := OpenTalk{Member: p.member(), Sentence: p.text("text"), Fade: TalkFade}
		if about != "" {
			id, err := p.s.ResolveIn(p.env, about)
			if err != nil {
				p.fail(err)
			}
			c.About = id
		}
		if p.has("fade") {
			if c.Fade = p.days("fade"); c.Fade == 0 {
				p.fail(usage("no.talk_fades"))
			}
		}
		return c
	}
	if word, ok := talkAnswers[step]; ok {
		return AnswerTalk{ID: p.id(), Word: word, Text: p.text("text"), Until: p.date("until")}
	}
	if word, ok := talkMarks[step]; ok {
		return MarkInTalk{ID: p.id(), Word: word, Text: p.text("text")}
	}
	switch step {
	case "say", "say-back", "common":
		return SpeakInTalk{ID: p.id(), Verb: step, Text: p.text("text")}
	case "partner":
		return PartnerInTalk{ID: p.id(), Text: p.text("text"), Until: p.date("until")}
	case "third":
		return BringThird{ID: p.id(), Member: p.member(), Earlier: p.flag("earlier")}
	}
	p.fail(usage("no.talk_step", step, strings.Join(TalkSteps, ", ")))
	return nil
}

var talkAnswers = map[string]WordValue{"yes": WordYes, "later": WordLater, "not-now": WordNotNow, "pause": WordPause, "end": WordEnd, "part": WordReleased}

var talkMarks = map[string]WordValue{"heard": WordHeard, "not-quite": WordNotQuite, "felt": WordFelt, "ours": WordOurs}

// TalkSteps are the words that a talk knows beside "with".
var TalkSteps = []string{"yes", "later", "not-now", "say", "say-back", "heard", "not-quite", "felt", "common", "ours", "partner", "pause", "end", "part", "third"}
