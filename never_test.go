package tend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tend/node/words"
)

// What this software never does has ten points; each has a test here or in package
// circle (TestNever…) that fails when it comes back. These read the words and the shapes
// of all that is answered: every key of the interfaces' JSON, and every sentence of the
// page and of the commands.

// shape is a field of what is answered.
type shape struct {
	of, name, key string
	number        bool
}

// shapes reads the fields of package view, which are the JSON of every interface.
func shapes(t *testing.T) []shape {
	var out []shape
	for _, path := range goFiles(t, "node/view") {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			typ, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if fields, ok := typ.Type.(*ast.StructType); ok {
				for _, f := range fields.Fields.List {
					if f.Tag == nil || len(f.Names) != 1 {
						continue
					}
					key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
					out = append(out, shape{typ.Name.Name, f.Names[0].Name, key, isNumber(f.Type)})
				}
			}
			return true
		})
	}
	if len(out) < 200 {
		t.Fatalf("found only %d fields: the walk is blind", len(out))
	}
	return out
}

// isNumber reports whether a field holds a number, or several.
func isNumber(typ ast.Expr) bool {
	switch typ := typ.(type) {
	case *ast.Ident:
		return regexp.MustCompile(`^(u?int|float)[0-9]*$`).MatchString(typ.Name)
	case *ast.StarExpr:
		return isNumber(typ.X)
	case *ast.ArrayType:
		return isNumber(typ.Elt)
	case *ast.MapType:
		return isNumber(typ.Value)
	}
	return false
}

func goFiles(t *testing.T, dirs ...string) []string {
	var out []string
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no sources in %s: %v", dir, err)
		}
		for _, p := range paths {
			if !strings.HasSuffix(p, "_test.go") {
				out = append(out, p)
			}
		}
	}
	return out
}

// sentences are all that a person reads in English: the catalogues of the page and of the
// commands, and what the sources of the commands and of the domain hold in quotes.
func sentences(t *testing.T) map[string]string {
	out := map[string]string{}
	for voice, c := range map[string]*words.Catalogue{"lang ": words.English, "commands ": words.Commands, "told ": words.Told} {
		for _, key := range c.Keys() {
			out[voice+key] = strings.Join(slices.Sorted(maps.Values(c.Texts(key))), " ")
		}
	}
	for _, path := range goFiles(t, "cmd/tend", "crdt/circle", "node/view") {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, " ") {
				out[files.Position(lit.Pos()).String()] = lit.Value
			}
			return true
		})
	}
	if len(out) < 1500 {
		t.Fatalf("found only %d sentences: the walk is blind", len(out))
	}
	return out
}

// neverSays fails where a sentence or a key of the JSON holds what never should.
func neverSays(t *testing.T, words, keys string) {
	t.Helper()
	said := regexp.MustCompile(`(?i)\b(` + words + `)\b`)
	for at, text := range sentences(t) {
		if found := said.FindString(text); found != "" {
			t.Errorf("%s says %q: %s", at, found, text)
		}
	}
	named := regexp.MustCompile(`^(` + keys + `)$`)
	for _, s := range shapes(t) {
		if named.MatchString(s.key) {
			t.Errorf("view.%s has the key %q", s.of, s.key)
		}
	}
	for _, verb := range verbs(t) {
		if named.MatchString(verb) {
			t.Errorf("there is a verb %q", verb)
		}
	}
}

// verbs are those of the local API.
func verbs(t *testing.T) []string {
	data, err := os.ReadFile("node/api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^  /v1/(?:do/)?([a-z-]+):`).FindAllStringSubmatch(string(data), -1) {
		out = append(out, m[1])
	}
	if len(out) < 60 {
		t.Fatalf("found only the routes %q", out)
	}
	return out
}

// TestNever1ALedger: no hours, points, balance or claim; nobody owes.
func TestNever1ALedger(t *testing.T) {
	neverSays(t, `you owe|owes (you|them|me)|in debt|(time|care) credits?|credits? (left|earned)|karma|wallet|currency|your balance|hours given|paid back`,
		`hours|points|balance|credits?|debt|owed|owes|claim|score|tally|total|given|received|ledger|amount`)
}

// numbersAnswered are all numbers that an interface answers with, and what each counts.
// None counts what a person gave, got, did or left undone; a new one needs a line here,
// and a reason.
var numbersAnswered = map[string]string{
	"Ceiling.Week":       "one's own wish, shown to oneself alone",
	"Member.Devices":     "one's own devices, shown to oneself alone",
	"Post.People":        "places that a need has",
	"Slot.Wanted":        "places on a date",
	"Post.Newcomers":     "places of a date that are kept for who is new here",
	"Slot.Kept":          "places of a date that are kept for who is new here",
	"Entry.Wanted":       "places on a date",
	"Post.Under":         "which wish for hard times it is under",
	"Consent.N":          "what it is called by",
	"TenderDate.N":       "what it is called by",
	"Widening.NotesStay": "notes that stay with the first readers",
	"PairNote.N":         "what it is called by",
	"Done.N":             "what a wish or a hard day is called by",
	"Agreement.Versions": "texts of an agreement", "Event.Sequence": "texts of an agreement, for calendars",
	"Backup.Count": "circles in a file", "Backup.Ops": "entries in a file", "Backup.Bytes": "of a file", "BackupCircle.Ops": "entries in a file",
	"ExportHead.Format": "of a file", "Imported.Problems": "rows of a table", "ImportedRow.Line": "of a table",
	"CarriedOut.Ops": "entries in a file", "CarriedOut.Bytes": "of a file", "CarriedIn.OpsNew": "entries in a file", "CarriedIn.OpsKnown": "entries in a file",
	"CarriedIn.Waiting": "entries in a file", "Verified.Ops": "entries in the store",
	"Forgetting.Devices": "devices asked to forget", "Forgetting.Confirmed": "devices that did", "Heard.Behind": "entries that a home lacks",
	"Return.Missing": "how many more must stand", "Invite.Uses": "for how many it is", "Invite.Used": "how many came in by it",
	"Circle.Members": "how large a circle is", "CircleStatus.Members": "how large a circle is", "CircleStatus.Ops": "entries in the store",
	"CircleStatus.Waiting": "entries that wait", "CircleStatus.Newer": "entries of a newer program",
	"Charter.KDiv": "the rule by which a circle decides", "Charter.BDiv": "the rule by which a circle decides",
	"Charter.WindowDays": "days that a decision about the circle is to be seen for", "Charter.SponsorsFrom": "the rule by which a newcomer has a voice",
	"Decision.Needed": "how many must be heard", "Decision.Heard": "how many were heard; who was not is said nowhere", "Decision.Versions": "texts of a decision",
}

// boundsAndMachines are sentences of the domain with a number that tells how much may be
// typed, or of files, homes, devices and codes: of things, not of what a person did.
var boundsAndMachines = regexp.MustCompile(`(more|longer|larger) than %d|(at most|at least|up to|needs at least|1 to|from 1 to|between 1 and|good for 1 to) %d|` +
	`descriptor %d|op number %d|--(uses|limit) %d|^line %d|^note %d$|^word %d$|^%dd$|^%dh$|^%02d:%02d$|people, not %d|` +
	`^(sign-up|note|status|mark|word|field) %d (is not known|cannot be edited)$|consent number %d is beyond|of %d bytes$|kind %d|no number from %d to %d|can be posted at once|^%3d\. %s$`)

// numbersSaid are all other sentences with a number in the sources of the domain and of
// the command line, and what it counts. A new one needs a line here, and a reason.
var numbersSaid = map[string]string{
	"  %s  %d  %s%s": "what a note of one's own is called by",
	"  %d  %s":       "what a wish is called by",
	"  %d  %s  %s":   "what a hard day is called by",
}

// numbersInWords are the sentences of the command line's catalogue with a number in them,
// and what it counts. A new one needs a line here, and a reason.
var numbersInWords = map[string]string{
	"ago.days": "when a home was heard from", "ago.hours": "when a home was heard from", "ago.minutes": "when a home was heard from",
	"carry.known": "entries in a file", "carry.new": "entries in a file", "carry.waiting": "entries in a file",
	"ceiling.week": "one's own wish, shown to oneself alone", "export.ceiling": "one's own wish, in one's own export",
	"count.bytes": "of a file", "count.circles": "circles in a file", "count.members": "how large a circle is", "count.ops": "entries", "count.people": "for how many an invitation is", "count.rows": "of a table",
	"decision.heard": "voices on a text; who did not speak is said nowhere", "done.as_number": "what a wish is called by",
	"fail.descriptor": "of this machine", "fail.file_large": "a bound", "fail.import_long": "a bound", "fail.import_rows": "rows of a table", "fail.limit": "a bound", "fail.not_whole": "entries in the store",
	"fail.passphrase_long": "a bound", "fail.passphrase_short": "a bound", "fail.slips": "invitations on a sheet", "fail.slips.hint": "a bound", "fail.story": "when the demonstration stopped", "fail.unsound": "entries in the store", "fail.uses": "a bound",
	"import.fits": "rows of a table", "import.line": "of a table", "invite.used": "how many came in by an invitation",
	"post.covered": "dates of a need", "post.covered_partly": "dates of a need", "post.kept": "places of a date that are kept for who is new here", "post.open": "places on a date", "post.yes_open": "places on a date",
	"repeats.daily": "a rhythm", "repeats.monthly": "a rhythm", "repeats.times": "a rhythm", "repeats.weekly": "a rhythm", "retracted.confirmed": "devices that did what they were asked",
	"status.newer": "entries of a newer program", "status.travelling_some": "entries that wait", "status.waiting": "entries that wait",
}

// numbersTold are the sentences about what the layers below name with a number in them, and
// what it counts. A new one needs a line here, and a reason.
var numbersTold = map[string]string{
	"finding.missing": "entries in the store", "finding.unreadable": "entries in the store",
	"found.store": "the layout of the store", "found.store_old": "the layout of the store",
	"no.concerns_stop": "voices on a text", "no.too_few": "voices on a text; who was not heard is said nowhere",
	"no.not_carried": "voices on a decision about the circle; who did not speak is said nowhere", "no.not_carried.hint": "the rule by which a circle decides",
	"no.not_carried.shown": "voices on a decision about the circle; who did not speak is said nowhere", "no.not_carried.shown.hint": "the rule by which a circle decides",
	"no.stand_more": "those who help somebody back", "no.trustees_many": "a bound",
	"no.id_digits.device": "a bound", "no.id_digits.invitation": "a bound", "no.invite_uses": "a bound", "no.many_dates": "a bound", "no.many_followed": "a bound",
	"no.many_groups": "a bound", "no.many_people": "a bound", "no.many_people.agreement": "a bound", "no.many_people.asked": "a bound", "no.many_people.widen": "a bound",
	"no.many_values": "a bound", "no.name_long": "a bound", "no.passphrase_short": "a bound", "no.people": "a bound", "no.pod_full": "a bound",
	"no.several_many": "a bound", "no.text_long": "a bound", "no.text_long.characters": "a bound", "no.several_devices": "one's own devices",
	"typed.fade": "a bound", "typed.rule_long": "a bound", "typed.many_skips": "a bound", "typed.number": "a bound",
	"no.table.cells": "of a table", "no.table.line_not_utf8": "of a table", "no.table.line_unreadable": "of a table", "no.table.long": "a bound",
	"span.days": "a length of time", "span.findings": "entries in the store", "span.homes": "homes whose clocks were met", "span.hours": "a length of time", "span.minutes": "a length of time", "span.ops": "entries in the store",
}

// nounsCounted are what the command line counts aloud; a person's deeds are not among them.
var nounsCounted = regexp.MustCompile(`^count\.(ops|circles|bytes|rows|members|people)$`)

// wordsWithNumbers are the sentences of the page with a number in them.
var wordsWithNumbers = regexp.MustCompile(`^(date|span)\.|^(nav\.people|ring\.(in_touch|others|people|spoken)|returns\.missing|slot\.kept|trustees\.named|sync\.travelling_some)$`)

// TestNever2NumbersAboutPeople: no counts, ranks, badges or streaks. It holds the shape
// of every output and the words of every sentence: each number that a person can read
// stands in a list here with what it counts.
func TestNever2NumbersAboutPeople(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range shapes(t) {
		if seen[s.of+"."+s.name] = true; s.number && s.key != "" && numbersAnswered[s.of+"."+s.name] == "" {
			t.Errorf("view.%s.%s (%q) is a number: what does it count?", s.of, s.name, s.key)
		}
	}
	for name := range numbersAnswered {
		if !seen[name] {
			t.Errorf("view.%s is no field", name)
		}
	}
	neverSays(t, `leader ?board|top (helper|giver)s?|streaks?|badges?|high ?scores?|helped [0-9%]\S* times|gave (the )?most|most active|[0-9] times this|(d|n\}) (yeses|thanks)|d times`,
		`rank|ranking|badges?|streak|level_of|top|leaders|helped|thanks_count|yes_count`)

	sawNumber := 0
	for at, text := range sentences(t) {
		if key, ok := strings.CutPrefix(at, "lang "); ok {
			if strings.Contains(text, "{n}") && !wordsWithNumbers.MatchString(key) {
				t.Errorf("%s says a number: %s", at, text)
			}
			continue
		}
		if key, ok := strings.CutPrefix(at, "commands "); ok {
			if words.Numbered(text) {
				if sawNumber++; numbersInWords[key] == "" {
					t.Errorf("%s says a number: %s", at, text)
				}
			}
			continue
		}
		if key, ok := strings.CutPrefix(at, "told "); ok {
			if words.Numbered(text) {
				if sawNumber++; numbersTold[key] == "" {
					t.Errorf("%s says a number: %s", at, text)
				}
			}
			continue
		}
		said, err := strconv.Unquote(text)
		if err != nil || !numeral.MatchString(said) {
			continue
		}
		if sawNumber++; !boundsAndMachines.MatchString(said) && numbersSaid[said] == "" {
			t.Errorf("%s says a number: %s", at, text)
		}
	}
	if sawNumber < 60 {
		t.Errorf("found only %d sentences with numbers: the walk is blind", sawNumber)
	}
	for c, all := range map[*words.Catalogue]map[string]string{words.Commands: numbersInWords, words.Told: numbersTold} {
		for key := range all {
			if !c.Has(key) || !words.Numbered(strings.Join(slices.Collect(maps.Values(c.Texts(key))), " ")) {
				t.Errorf("%s says no number", key)
			}
		}
	}
	counts := 0
	for _, dir := range []string{"cmd/tend", "crdt/circle", "node/view", "node/web"} {
		for _, path := range goFiles(t, dir) {
			for _, noun := range regexp.MustCompile(`\bcount\([^"\n]*, "([^"]*)"\)`).FindAllStringSubmatch(sourceOf(t, path), -1) {
				if counts++; !nounsCounted.MatchString(noun[1]) {
					t.Errorf("%s counts %q", path, noun[1])
				}
			}
			for _, call := range regexp.MustCompile(`[ \t(]Count\([^)]*\)`).FindAllString(sourceOf(t, path), -1) {
				if counts++; !strings.Contains(call, "len(still)") && !strings.Contains(call, "len(slot.Yes)") && !strings.Contains(call, "Count(n ") {
					t.Errorf("%s says a number to a person: %s", path, call)
				}
			}
		}
	}
	if counts < 10 {
		t.Errorf("found only %d countings: the walk is blind", counts)
	}
}

// numeral is where a number goes into a sentence.
var numeral = regexp.MustCompile(`%[0-9]*d`)

// TestNever3RatePeople: no stars, no marks of failure.
func TestNever3RatePeople(t *testing.T) {
	neverSays(t, `no-shows?|did not show up|unreliable|reliability of|trust score|rate (him|her|them|this person)|stars? out of|broke (his|her|their|your) promise|failed to (come|help)`,
		`rating|stars|reliability|trust|no_show|failed|broken|strikes|reputation|review`)
	for _, path := range goFiles(t, "crdt/circle") {
		if found := regexp.MustCompile(`= +"(broken|failed|missed|no_show|late|overdue|unreliable|stars?|rating|strike)"`).FindString(sourceOf(t, path)); found != "" {
			t.Errorf("%s knows a state or a mark of failure: %s", path, found)
		}
	}
}

// TestNever4MakeNoExpensive: nobody is nagged, watched while reading, or asked why. That
// a no takes no reason is held in package circle.
func TestNever4MakeNoExpensive(t *testing.T) {
	neverSays(t, `seen by|read by [0-9%]|only you have not|has not answered yet|have not answered yet|still waiting for your|why not\?|please give a reason|a reason is (needed|required)|reminder:`,
		`seen_by|read_at|read_by|unanswered|silent|not_answered|reminded|nag`)
	params := regexp.MustCompile(`\{"(not-now|cannot|rest|part|away)", "[^"]*", params\("([^"]*)"\)\}`).FindAllStringSubmatch(sourceOf(t, "node/api/verbs.go"), -1)
	if len(params) < 4 {
		t.Fatalf("found only %d of the verbs that say no", len(params))
	}
	for _, p := range params {
		if strings.Contains(p[2], "reason") || strings.Contains(p[2], "why") {
			t.Errorf("%s takes a reason: %s", p[1], p[2])
		}
	}
}

// TestNever6SplitPeople: nobody is a giver or a receiver, and nobody holds the circle.
func TestNever6SplitPeople(t *testing.T) {
	neverSays(t, `volunteers?|beneficiar(y|ies)|clients? of (this|the) circle|patients?|recipients of care|care (givers?|receivers?)|administrators?|moderators?|coordinators?|dispatchers?`,
		`role|roles|admin|moderator|coordinator|giver|receiver|recipient|volunteer|owner|type`)
}

// TestNever7GateBeforeAsking: there is no queue and no approval; package circle holds
// that whoever has just come in asks.
func TestNever7GateBeforeAsking(t *testing.T) {
	neverSays(t, `awaiting approval|pending approval|needs approval|must first give|give first|before you may ask|approved by`,
		`approved|approval|pending|queue|verified|moderated`)
}

// TestNever8Court: no evidence, vote, verdict or appeal. That a talk is quoted nowhere is
// held by TestTalkIsEvidenceNowhere.
func TestNever8Court(t *testing.T) {
	neverSays(t, `evidence against|votes? (for|against)|cast (a|your) vote|verdict is|guilty|offen[cs]e|offender|accus\w+|appeal against|ban(ned)? from|kicked`,
		`votes?|verdict|evidence|appeal|accused|ban|banned|strike|offen[cs]e`)
}

// TestNever9HookAttention: no unread counts, no races, no prompts to pay.
func TestNever9HookAttention(t *testing.T) {
	neverSays(t, `unread|hurry|don.t miss|last chance|act now|only [0-9%]\w* left|be the first|first come|trending|upgrade to|go pro|premium|donate|subscribe now|you haven.t been here|we miss you|come back soon`,
		`unread|badge|new_count|trending|feed|donate|premium|plan|ads?|likes`)
}

func sourceOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
