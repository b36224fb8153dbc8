package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tend/crdt/circle"
	"tend/node/web"
)

// saidBy are the functions that name a sentence, below the page: at which argument the
// name stands, and at which what goes into it begins.
var saidBy = map[string][2]int{"As": {0, 1}, "Saying": {0, 1}, "Refuse": {1, 2}, "complain": {0, 1}, "usage": {0, 1}, "notFound": {0, 1}, "kept": {0, 1},
	"say": {0, 9}, "unfitTable": {0, 1}}

// inCircle are those that mean something else in other packages.
var inCircle = []string{"usage", "notFound", "kept", "say"}

// passOn are further functions that are given a name.
var passOn = []string{"overBy", "noVoice", "refuse", "finding", "flaw"}

// namedWords is what the sources below the page name.
type namedWords struct {
	t        *testing.T
	said     map[string]int // a sentence, and with how many values; -1 where the source does not tell
	kinds    map[string]bool
	checks   map[string]bool
	position func(token.Pos) token.Position
}

// namedBelow reads the sources of the packages that say something to a person.
func namedBelow(t *testing.T) *namedWords {
	n := &namedWords{t: t, said: map[string]int{}, kinds: map[string]bool{}, checks: map[string]bool{}}
	for _, dir := range []string{"crdt/circle", "node", "node/view", "node/replica", "node/api", "cmd/tend"} {
		files := token.NewFileSet()
		n.position = files.Position
		paths, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no sources in %s: %v", dir, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range file.Decls {
				helper := false
				if f, ok := decl.(*ast.FuncDecl); ok {
					_, helper = saidBy[f.Name.Name]
					helper = helper || slices.Contains(passOn, f.Name.Name)
				}
				ast.Inspect(decl, func(node ast.Node) bool {
					n.look(dir, node, helper)
					return true
				})
			}
		}
	}
	return n
}

func (n *namedWords) look(dir string, node ast.Node, helper bool) {
	switch node := node.(type) {
	case *ast.CallExpr:
		n.call(dir, node, helper)
	case *ast.CompositeLit:
		n.literal(node)
	case *ast.ValueSpec:
		for i, name := range node.Names {
			if value, ok := literalText(node.Values, i); ok && regexp.MustCompile(`^[Ll]ook[A-Z]`).MatchString(name.Name) && !strings.Contains(value, " ") {
				n.kinds[value] = true
			}
		}
	}
}

func (n *namedWords) call(dir string, call *ast.CallExpr, helper bool) {
	name, of := "", ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if x, ok := f.X.(*ast.Ident); ok {
			of = x.Name
		}
	}
	if name == "As" && of != "circle" && dir != "crdt/circle" || of == "errors" {
		return
	}
	at, ok := saidBy[name]
	if !ok || len(call.Args) <= at[0] || dir != "crdt/circle" && slices.Contains(inCircle, name) {
		return
	}
	key, ok := literalText(call.Args, at[0])
	if !ok {
		if !helper {
			n.t.Errorf("%s: the sentence of %s has no constant name", n.position(call.Pos()), name)
		}
		return
	}
	if !regexp.MustCompile(`^[a-z]+\.[a-z0-9_]+(\.[a-z0-9_]+)?$`).MatchString(key) {
		n.t.Errorf("%s: %q is no name of a sentence", n.position(call.Pos()), key)
	}
	if slices.Contains([]string{"typed", "api", "finding"}, key[:strings.IndexByte(key, '.')]) {
		return // what is said to whoever types, looks over a store, or writes a program
	}
	with := max(0, len(call.Args)-at[1])
	if call.Ellipsis.IsValid() {
		with = -1
	}
	if was, known := n.said[key]; known && was >= 0 {
		with = min(was, with)
	}
	n.said[key] = with
}

// literal notes the name of a check.
func (n *namedWords) literal(lit *ast.CompositeLit) {
	kind := ""
	switch typ := lit.Type.(type) {
	case *ast.Ident:
		kind = typ.Name
	case *ast.SelectorExpr:
		kind = typ.Sel.Name
	}
	for _, e := range lit.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok && kind == "Check" {
			if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "Check" {
				if check, ok := literalText([]ast.Expr{pair.Value}, 0); ok {
					n.checks[check] = true
				}
			}
		}
	}
}

func literalText(all []ast.Expr, i int) (string, bool) {
	if i >= len(all) {
		return "", false
	}
	lit, ok := all[i].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(lit.Value)
	return value, err == nil
}

// coarser are a name, and those within it that a page may have in its place.
func coarser(key string) []string {
	all := []string{key}
	for strings.Count(key, ".") > 1 {
		key = key[:strings.LastIndexByte(key, '.')]
		all = append(all, key)
	}
	return all
}

// TestWhatIsSaidBelowThePage walks all refusals, all that is to be looked at with
// its choices, all findings and remedies of the doctor, and all reasons of being
// alone: each has its sentence in each language, and no sentence wants more than it
// is given.
func TestWhatIsSaidBelowThePage(t *testing.T) {
	n := namedBelow(t)
	if len(n.said) < 200 || len(n.kinds) < 15 || len(n.checks) < 10 {
		t.Fatalf("found only %d sentences, %d kinds of look and %d checks: the walk is blind", len(n.said), len(n.kinds), len(n.checks))
	}
	for lang, words := range web.Words() {
		for key, with := range n.said {
			for _, end := range []string{"", ".hint"} {
				i := slices.IndexFunc(coarser(key), func(key string) bool { return words[key+end] != nil })
				if i < 0 && end == "" {
					t.Errorf("%s has no sentence for %s", lang, key)
				}
				if i >= 0 {
					for form, text := range words[coarser(key)[i]+end] {
						wants(t, lang, key+end+" "+form, text, with)
					}
				}
			}
		}
		for kind := range n.kinds {
			if _, ok := words["look."+kind]; !ok {
				t.Errorf("%s has no title for the look %s", lang, kind)
			}
		}
		for check := range n.checks {
			if _, ok := words["check."+check]; !ok {
				t.Errorf("%s does not name the check %s", lang, check)
			}
		}
	}
	said := map[string]bool{}
	for key := range n.said {
		for _, one := range coarser(key) {
			said[one] = true
		}
	}
	for key := range web.Words()["en"] {
		family, _, _ := strings.Cut(key, ".")
		if !slices.Contains([]string{"no", "looks", "choice", "found", "cure", "care", "alone", "would", "gist", "span"}, family) {
			continue
		}
		if !said[strings.TrimSuffix(key, ".hint")] {
			t.Errorf("nothing says %s", key)
		}
	}
}

// wants holds that a text asks for no more values than there are.
func wants(t *testing.T, lang, key, text string, with int) {
	for _, p := range regexp.MustCompile(`\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
		switch {
		case p[1] == "n" && with != 0:
		case len(p[1]) != 1 || with >= 0 && int(p[1][0]-'a') >= with:
			t.Errorf("%s %s wants {%s}, and is given %d", lang, key, p[1], with)
		}
	}
}

// TestSentencesAreFilled says each sentence with values of every kind, in every
// language and with numbers of every plural form: no brace is left.
func TestSentencesAreFilled(t *testing.T) {
	n := namedBelow(t)
	values := []any{"a <b>", 3, circle.Who{ID: bela}, circle.People{{ID: ann, Me: true}, {ID: bela, Name: "Béla"}}, circle.OnDate("2026-12-02T17:00"), circle.OnDate(""),
		circle.Until{Time: noon}, circle.Stamp{Time: noon}, circle.DayOf{Time: noon}, circle.Count(2), circle.Words("words"), circle.Said{},
		circle.Phrases{circle.As("field.title"), circle.Words("x")}}
	for lang := range web.Words() {
		for key, with := range n.said {
			if strings.HasPrefix(key, "span.") {
				continue // a number and nothing else, below
			}
			for i := range values {
				args := make([]any, max(0, with))
				for j := range args {
					args[j] = values[(i+j)%len(values)]
				}
				said := string(web.Said(lang, circle.As(key, args...), noon))
				if strings.ContainsAny(said, "{}") || strings.Contains(said, "<b>") || strings.Contains(said, "%!") {
					t.Errorf("%s %s with %v says %q", lang, key, args, said)
				}
			}
		}
		for _, count := range []int{0, 1, 2, 3, 11, 100} {
			if said := string(web.Said(lang, circle.As("span.days", count), noon)); strings.ContainsAny(said, "{}") || said == "" {
				t.Errorf("%s: %d days are %q", lang, count, said)
			}
		}
	}
	if got, want := string(web.Said("ar", circle.As("span.days", 2), noon)), "يومين"; got != want {
		t.Errorf("two days in Arabic are %q, want %q", got, want)
	}
	if got, want := web.Said("de", circle.As("no.choice.presence", "x"), noon), web.Said("de", circle.As("no.choice", "x"), noon); got != want || strings.Contains(string(got), "no.") {
		t.Errorf("a finer name than the page has says %q, want %q", got, want)
	}
	if got, want := string(web.Said("de", circle.As("no.waits", circle.Who{ID: bela, Name: "Béla"}), time.Time{})), "Es wartet auf <bdi>Béla</bdi>."; got != want {
		t.Errorf("German says %q, want %q", got, want)
	}
}

// plainEnglish are small words that stand in nearly every English sentence, and in
// no German or Arabic one.
var plainEnglish = regexp.MustCompile(`(?i)\b(the|and|is|are|you|your|they|their|this|that|it|with|for|of|to|not|who|what|nobody|can)\b`)

// TestNoEnglishIsLeft draws the screens of a filled circle in German and Arabic, and
// the answers to wishes that cannot be met: nothing in them is English, neither a
// sentence of the catalogue nor one of anywhere else.
func TestNoEnglishIsLeft(t *testing.T) {
	for _, lang := range []string{"de", "ar"} {
		t.Run(lang, func(t *testing.T) {
			f := fill(t, "Kürbissuppe")
			lookAround(t, f)
			b := newBrowser(t, site(f.home))
			b.lang = lang
			for _, path := range f.addresses() {
				noEnglish(t, lang, path, b.get(path))
			}
			for path, form := range refusals(f) {
				w := b.ask("POST", path, form)
				if w.Code < 400 {
					t.Errorf("POST %s %v = %d, want a refusal", path, form, w.Code)
				}
				noEnglish(t, lang, path, w.Body.String())
			}
		})
	}
}

// lookAround adds more that is to be looked at together.
func lookAround(t *testing.T, f *filled) {
	soup := f.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Kürbissuppe", People: 1, When: []string{"2026-12-02T17:00", "2026-12-06"}}}).ID
	agreed := f.as(t, ann, circle.SayYes{ID: soup, Slots: []string{"2026-12-02T17:00"}}).ID
	f.as(t, bela, circle.ChangeTerms{ID: agreed, What: text("Kürbissuppe")})
	f.as(t, bela, circle.EditPost{ID: soup, Set: circle.Posted{When: []string{"2026-12-06"}}, Fields: []uint64{circle.FieldWhen}})
	closed := f.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Kürbissuppe", People: 1}}).ID
	f.as(t, ann, circle.SayYes{ID: closed})
	f.as(t, bela, circle.SetPostStatus{ID: closed, Status: circle.StatusMet})
	f.as(t, ann, circle.AskMayI{Member: farid, Text: "Kürbissuppe"})
}

// refusals are wishes that cannot be met, by the address they are posted to.
func refusals(f *filled) map[string]url.Values {
	on := func(verb string) string { return base + "/on/" + f.need.String() + "/" + verb }
	return map[string]url.Values{
		base + "/ask":     {"kind": {"need"}, "text": {""}},
		base + "/me/room": {"text": {""}},
		base + "/me/away": {"until": {"2020-01-01"}},
		base + "/propose": {"text": {""}},
		base + "/let-in":  {"words": {"nichts"}},
		base + "/pod":     {"text": {"add"}},
		on("both"):        {"slot": {"2026-12-09"}},
		on("met"):         {},
		on("note"):        {"text": {strings.Repeat("ä", 5000)}},
		on("widen"):       {"to": {"niemand"}},
		base + "/on/" + f.agreement.String() + "/change": {"when": {"nie"}},
		base + "/on/" + f.decision.String() + "/enact":   {},
		"/join/read": {"words": {"nichts"}},
		"/begin":     {"name": {"!"}, "as": {"x"}},
	}
}

// noEnglish fails where a page in another language says something in English.
func noEnglish(t *testing.T, lang, path, page string) {
	t.Helper()
	said := visible(page)
	for _, line := range said {
		if found := plainEnglish.FindAllString(line, -1); len(found) > 1 {
			t.Errorf("%s in %s says in English %q", path, lang, line)
		}
	}
	whole := strings.Join(said, "\n")
	own := ownTexts(lang)
	for key, texts := range web.Words()["en"] {
		for _, text := range texts {
			for _, part := range regexp.MustCompile(`\{[a-z]+\}`).Split(text, -1) {
				if part = strings.TrimSpace(part); len(part) > 12 && !strings.Contains(own, part) && strings.Contains(whole, part) {
					t.Errorf("%s in %s says %s in English: %q", path, lang, key, part)
				}
			}
		}
	}
}

func ownTexts(lang string) string {
	var out strings.Builder
	words := web.Words()[lang]
	for _, key := range slices.Sorted(maps.Keys(words)) {
		for _, text := range words[key] {
			out.WriteString(text + "\n")
		}
	}
	return out.String()
}

// visible are the texts of a page, those that are spoken with them.
func visible(page string) []string {
	page = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>`).ReplaceAllString(page, "")
	var out []string
	for _, spoken := range regexp.MustCompile(`(?:aria-label|alt|title|placeholder|data-[a-z]+)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(spoken[1]))
	}
	page = regexp.MustCompile(`</?(bdi|strong|small|span)[^>]*>`).ReplaceAllString(page, "")
	for line := range strings.Lines(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, "\n")) {
		if line = strings.TrimSpace(html.UnescapeString(line)); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// TestNothingReadsTheEnglish holds that no source compares a sentence with a text to
// learn what a thing is: the page knows it by its name.
func TestNothingReadsTheEnglish(t *testing.T) {
	reads := regexp.MustCompile(`\.(Say|Hint|Finding|Remedy|Reason)\b\s*(==|!=)\s*"[^"]|(==|!=)\s*"[A-Z][a-z]+ [^"]*"|strings\.(Contains|HasPrefix|HasSuffix)\([a-z]+\.(Say|Hint|Text|Finding|Remedy|Reason),`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if d.IsDir() && d.Name() == "p2p" {
			return filepath.SkipDir // it reads what libp2p says to it
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for i, line := range strings.Split(read(t, path), "\n") {
			if reads.MatchString(line) {
				t.Errorf("%s:%d reads an English sentence: %s", path, i+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestCareInEachLanguage holds that what would be good for a home is said in the words
// of each language, not in the English of the command line.
func TestCareInEachLanguage(t *testing.T) {
	h := newHome(t)
	h.keeping = web.Keeping{BackupDue: true}
	b := newBrowser(t, site(h))
	for lang, words := range web.Words() {
		b.lang = lang
		page := html.UnescapeString(bare(b.get(base)))
		two := strings.ReplaceAll(words["span.findings"]["other"], "{n}", "2")
		if text, ok := words["span.findings"]["two"]; ok {
			two = text
		}
		for _, want := range []string{words["found.backup_none"][""], strings.ReplaceAll(words["care.findings"][""], "{a}", two)} {
			if !strings.Contains(page, want) {
				t.Errorf("in %s the home screen does not say %q:\n%s", lang, want, page)
			}
		}
		if strings.Contains(page, "A backup would be good.") || strings.Contains(page, "Something does not check") {
			t.Errorf("in %s it says it in the command line's words", lang)
		}
	}
}
