package qr

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"

	rsc "rsc.io/qr"
)

// Quiet is the white border around a code, in modules (ISO/IEC 18004, 9.1).
const Quiet = 4

// modulePixels is the side of one module in a PNG.
const modulePixels = 8

// Code is a square of black and white modules. It is immutable.
type Code struct {
	code *rsc.Code
}

// Encode makes the code of text at error correction level M. Upper-case text of
// letters, digits and few signs, as Tend's codes are, takes the least room. The
// error says that text is too long for any code: more than about 2,300 bytes.
func Encode(text string) (*Code, error) {
	code, err := rsc.Encode(text, rsc.M)
	if err != nil {
		return nil, fmt.Errorf("draw a code of %d characters: %w", len(text), err)
	}
	return &Code{code}, nil
}

// Size is the number of modules on a side, without the quiet zone.
func (c *Code) Size() int { return c.code.Size }

// Black reports whether the module at column x and row y is black; outside of
// the code all is white.
func (c *Code) Black(x, y int) bool { return c.code.Black(x, y) }

// TerminalWidth is how many columns [Code.Terminal] needs.
func (c *Code) TerminalWidth() int { return c.Size() + 2*Quiet }

// Terminal draws the code in half blocks, two rows of modules to a line, each
// line ended by a line break. It sets black on bright white itself, since the
// terminal's own colours may be the other way round.
func (c *Code) Terminal() string {
	const paint, reset = "\x1b[30;107m", "\x1b[0m"
	var b strings.Builder
	for y := -Quiet; y < c.Size()+Quiet; y += 2 {
		b.WriteString(paint)
		for x := -Quiet; x < c.Size()+Quiet; x++ {
			b.WriteString(halfBlock(c.Black(x, y), c.Black(x, y+1)))
		}
		b.WriteString(reset + "\n")
	}
	return b.String()
}

func halfBlock(top, bottom bool) string {
	switch {
	case top && bottom:
		return "█"
	case top:
		return "▀"
	case bottom:
		return "▄"
	}
	return " "
}

// SVG draws the code as one path of horizontal runs, in module units; the reader
// scales it. label is what a screen reader says and must not be the code itself.
func (c *Code) SVG(label string) string {
	var name bytes.Buffer
	_ = xml.EscapeText(&name, []byte(label)) // a bytes.Buffer takes everything
	side := strconv.Itoa(c.Size() + 2*Quiet)
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + side + ` ` + side +
		`" role="img" aria-label="` + name.String() + `" shape-rendering="crispEdges">` +
		`<path fill="#fff" d="M0 0h` + side + `v` + side + `H0z"/><path fill="#000" d="` + c.path() + `"/></svg>`
}

// path returns every run of black modules as a rectangle one module high.
func (c *Code) path() string {
	var d strings.Builder
	for y := range c.Size() {
		for x := 0; x < c.Size(); x++ {
			run := 0
			for c.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&d, "M%d %dh%dv1h-%dz", x+Quiet, y+Quiet, run, run)
				x += run
			}
		}
	}
	return d.String()
}

// PNG returns the code as a picture of 8 × 8 pixels per module.
func (c *Code) PNG() ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, c.Image(modulePixels)); err != nil {
		return nil, fmt.Errorf("write the code as PNG: %w", err)
	}
	return b.Bytes(), nil
}

// Image draws the code with its quiet zone at scale pixels per module, scale ≥ 1.
func (c *Code) Image(scale int) *image.Paletted {
	side := (c.Size() + 2*Quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if c.Black(x/scale-Quiet, y/scale-Quiet) {
				img.Pix[y*img.Stride+x] = 1
			}
		}
	}
	return img
}
