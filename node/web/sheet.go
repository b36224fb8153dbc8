package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"

	"tend/crdt"
)

// paper is an answer that is kept instead of sent.
type paper struct {
	head http.Header
	code int
	bytes.Buffer
}

func (p *paper) Header() http.Header  { return p.head }
func (p *paper) WriteHeader(code int) { p.code = code }

// What of a screen goes onto a sheet: its article, the language and direction that it
// is in, and its title.
var (
	sheetOpens   = regexp.MustCompile(`<html [^>]*>`)
	sheetTitle   = regexp.MustCompile(`<title>[^<]*</title>`)
	sheetArticle = regexp.MustCompile(`(?s)<article class="sheet.*</article>`)
	sheetScreen  = regexp.MustCompile(`(?s)<div class="screenonly.*?</div>`)
	sheetFonts   = regexp.MustCompile(`@font-face \{[^}]*\}\n?`)
)

// ErrNoSheet: there is no sheet of that name, or nobody it could be about.
var ErrNoSheet = errors.New("there is no such sheet")

// Sheet draws one of the sheets for paper, by its address below "print/", as a file of its own: how it looks is in it, and it loads nothing. It is what the
// screen of that name draws, and no second one.
func (s *Site) Sheet(ctx context.Context, circle crdt.ID, sheet string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/c/"+circle.String()+"/print/"+sheet, nil)
	if err != nil {
		return nil, fmt.Errorf("draw a sheet: %w", err)
	}
	p := &paper{head: http.Header{}, code: http.StatusOK}
	setHeaders(p.head, netip.AddrPort{})
	s.routes().ServeHTTP(p, r)
	article := sheetArticle.Find(p.Bytes())
	if p.code != http.StatusOK || article == nil {
		return nil, ErrNoSheet
	}
	style, err := staticFS.ReadFile("static/tend.css")
	if err != nil {
		return nil, fmt.Errorf("draw a sheet: %w", err)
	}
	return fmt.Appendf(nil, "<!doctype html>\n%s\n<head>\n<meta charset=\"utf-8\">\n%s\n<style>\n%s</style>\n</head>\n<body class=\"bare\">\n<main>\n%s\n</main>\n</body>\n</html>\n",
		sheetOpens.Find(p.Bytes()), sheetTitle.Find(p.Bytes()), sheetFonts.ReplaceAll(style, nil), sheetScreen.ReplaceAll(article, nil)), nil
}
