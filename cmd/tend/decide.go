package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tend/node/view"
)

// deciding are the verbs with which a circle decides.
func (a *app) deciding() []*cobra.Command {
	idText := []string{"id", "text"}
	cmds := []*cobra.Command{a.propose(), a.reshape()}
	for _, v := range []verb{
		{"consent ID [TEXT]", idText, 1, nil},
		{"stand-aside ID [TEXT]", idText, 1, nil},
		{"concern ID|NEWCOMER [TEXT]", idText, 1, nil},
		{"enact ID", []string{"id"}, 1, nil},
	} {
		cmds = append(cmds, a.verb(v))
	}
	return cmds
}

func (a *app) propose() *cobra.Command {
	v := verb{"propose TEXT", []string{"text"}, 0, proposeFlags}
	cmd := a.verb(v)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		given := argsOf(cmd, v.words, args)
		if err := charterArg(given); err != nil {
			return err
		}
		if len(given["remove"]) > 0 {
			a.aside("propose.before_parting")
		}
		return a.does(cmd.Context(), cmd.Name(), given, sentence("said."+cmd.Name()))
	}
	return cmd
}

func (a *app) reshape() *cobra.Command {
	v := verb{"reshape ID TEXT", []string{"id", "text"}, 1,
		func(f *pflag.FlagSet) { f.String("charter", "", "") }}
	cmd := a.verb(v)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		given := argsOf(cmd, v.words, args)
		if err := charterArg(given); err != nil {
			return err
		}
		return a.does(cmd.Context(), cmd.Name(), given, sentence("said."+cmd.Name()))
	}
	return cmd
}

func proposeFlags(f *pflag.FlagSet) {
	f.String("remove", "", "")
	f.String("charter", "", "")
	f.String("lapse", "", "")
	f.String("about", "", "")
	f.String("as", "", "")
	f.String("renew", "", "")
	f.String("review", "", "")
	f.String("closes", "", "")
}

// charterArg puts what a charter's file says in place of its name.
func charterArg(args map[string][]string) error {
	if len(args["charter"]) == 0 {
		return nil
	}
	text, err := readBounded(args["charter"][0], maxCharter)
	if err != nil {
		return err
	}
	args["charter"] = []string{string(text)}
	return nil
}

func (s *speaker) decisionLine(d *view.Decision) string {
	parts := []string{plain(d.Text)}
	if d.Does != "" {
		whom := ""
		if d.Target != nil {
			whom = name(*d.Target)
		}
		parts = append(parts, sentence("decision.does."+d.Does, "name", whom))
	}
	parts = append(parts, called("decision.state", d.State))
	if d.State == "open" {
		parts = append(parts, sentence("decision.until", "when", d.Closes.In(s.now.Location()).Format("Mon 2 Jan 15:04")))
	}
	return strings.Join(parts, " · ")
}

func saidOn(w view.DecisionWord) string {
	if w.Text == "" {
		return called("decision.word", w.Word)
	}
	return sentence("list.with", "word", called("decision.word", w.Word), "text", plain(w.Text))
}

func (s *speaker) decision(d *view.Decision) {
	s.line("%s  %s", short(d.ID), s.decisionLine(d))
	s.field("label.by", name(d.Author))
	for _, n := range d.Beside {
		s.pair(name(n.Author), plain(n.Text))
	}
	for _, w := range d.Words {
		s.pair(name(w.Member), saidOn(w))
	}
	if d.State == "open" && d.Does == "" {
		s.under("decision.heard", "n", d.Heard, "least", d.Needed)
	}
	if len(d.DecidedBy) > 0 {
		s.field("label.decided_by", names(d.DecidedBy))
	}
	s.field("label.review_on", s.date(d.ReviewOn))
	if d.About != "" {
		s.field("label.about", short(d.About))
	}
	if d.Charter != nil {
		s.line("")
		s.charter(*d.Charter)
	}
	if len(d.Texts) > 1 {
		s.line("")
		s.say("texts.heading")
		for _, t := range d.Texts {
			mark := " "
			if t.Newest {
				mark = "*"
			}
			s.line("  %s %s  %s", mark, short(t.Rev), plain(t.Text))
			for _, w := range t.Words {
				s.line("               %s %s", name(w.Member), saidOn(w))
			}
		}
	}
	s.notes(d.Notes)
}

// ended tells a home that is no device of its member any more who ended it, and
// what stays.
func (s *speaker) ended(e *view.Ended) {
	s.line("  %s %s", plain(e.Sentence()), s.ago(e.At))
	for _, sentence := range []string{e.Stays, e.Export, e.Door} {
		s.line("  %s", sentence)
	}
	for _, o := range e.WithoutEffect {
		s.under("parting.no_effect", "id", short(o.ID), "text", plain(o.Text), "why", o.Why)
	}
}

// parting tells someone who was asked to go who decided, why, and what stays.
func (s *speaker) parting(p *view.Parting) {
	s.under("parting.asked_to_go", "people", names(p.DecidedBy), "ago", s.ago(p.At))
	if p.Why != "" {
		s.line("%s", paragraphs(p.Why, "    "))
	}
	for _, sentence := range []string{p.Stays, p.Export, p.Door} {
		s.line("  %s", sentence)
	}
	for _, o := range p.WithoutEffect {
		s.under("parting.no_effect", "id", short(o.ID), "text", plain(o.Text), "why", o.Why)
	}
}
