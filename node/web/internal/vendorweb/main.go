// Command vendorweb collects the page's foreign files: it lets npm fetch the
// packages that package.json pins, by the hashes of package-lock.json and without
// running any of their scripts, copies the few files that are used and each
// package's licence, gathers the icons into one sprite, and writes the sums. What
// it writes is committed, so nobody needs Node to build or to run Tend.
//
//	go generate ./node/web
package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed package.json
var packageJSON []byte

//go:embed package-lock.json
var packageLock []byte

// kept are the files that are used, below each package's folder.
var kept = []struct {
	pkg, into string
	files     []string
}{
	{"htmx.org", "static/lib/htmx", []string{"dist/htmx.min.js", "dist/ext/hx-sse.min.js", "LICENSE"}},
	{"@fontsource-variable/fraunces", "static/lib/fraunces", []string{"files/fraunces-latin-wght-normal.woff2", "LICENSE"}},
	{"@fontsource-variable/nunito-sans", "static/lib/nunito-sans", []string{"files/nunito-sans-latin-wght-normal.woff2", "LICENSE"}},
	{"@fontsource-variable/atkinson-hyperlegible-next", "static/lib/atkinson", []string{"files/atkinson-hyperlegible-next-latin-wght-normal.woff2", "LICENSE"}},
	{"lucide-static", "static/lib/lucide", []string{"LICENSE"}},
	{"axe-core", "testdata/axe", []string{"axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt"}},
}

// icons are the glyphs of the sprite.
var icons = []string{"arrow-left", "book-open", "calendar", "camera", "check", "circle-help", "clock", "copy", "door-open", "ear", "eye", "feather",
	"hand-heart", "hand-helping", "handshake", "heart", "heart-handshake", "house", "image", "key", "leaf", "list", "lock", "map-pin",
	"message-circle", "monitor-smartphone", "moon", "plus", "printer", "qr-code", "repeat", "scale", "send", "sparkles", "sprout", "sun",
	"undo-2", "users", "x"}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "vendorweb:", err)
		os.Exit(1)
	}
}

// run works in the folder node/web, where go generate starts it.
func run() error {
	dir, err := os.MkdirTemp("", "vendorweb-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := install(dir); err != nil {
		return err
	}
	var written []string
	for _, k := range kept {
		if err := os.RemoveAll(k.into); err != nil {
			return err
		}
		for _, f := range k.files {
			to := filepath.Join(k.into, filepath.Base(f))
			if err := copyFile(filepath.Join(dir, "node_modules", k.pkg, f), to); err != nil {
				return err
			}
			written = append(written, to)
		}
	}
	sprite := "static/lib/lucide/icons.svg"
	if err := writeSprite(filepath.Join(dir, "node_modules", "lucide-static", "icons"), sprite); err != nil {
		return err
	}
	return writeSums(append(written, sprite))
}

// install lets npm fetch the packages, once more if files went missing under it.
func install(dir string) error {
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "package.json"), packageJSON, 0o644),
		os.WriteFile(filepath.Join(dir, "package-lock.json"), packageLock, 0o644)); err != nil {
		return err
	}
	var err error
	for range 2 {
		cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		if err = cmd.Run(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("npm ci: %w", err)
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

// writeSprite puts the icons into one file, each a symbol of its name.
func writeSprite(dir, to string) error {
	var out bytes.Buffer
	out.WriteString("<!-- lucide-static 1.62.0, ISC licence, see LICENSE beside this file -->\n<svg xmlns=\"http://www.w3.org/2000/svg\">\n")
	for _, name := range icons {
		data, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil {
			return err
		}
		var glyph struct {
			Inner string `xml:",innerxml"`
		}
		if err := xml.Unmarshal(data, &glyph); err != nil {
			return fmt.Errorf("read the icon %s: %w", name, err)
		}
		fmt.Fprintf(&out, "<symbol id=%q viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\">%s</symbol>\n",
			name, strings.Join(strings.Fields(glyph.Inner), " "))
	}
	out.WriteString("</svg>\n")
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// writeSums writes what sha256sum -c reads.
func writeSums(files []string) error {
	slices.Sort(files)
	var out bytes.Buffer
	for _, f := range files {
		data, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s was not written", f)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(data), filepath.ToSlash(f))
	}
	return os.WriteFile("static/SHA256SUMS", out.Bytes(), 0o644)
}
