package main

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"rsc.io/qr"
)

// cmdRefuses runs a table of bad inputs: refuses HOME FILE. A row is an exit
// code, a part of the sentence on stderr, and the command's words, with "|"
// between. After each the circle must be as it was, and the invitations after all.
func cmdRefuses(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: refuses HOME FILE")
	}
	name := args[0]
	before, invites := standingOf(ts, name), invitesOf(ts, name)
	rows := 0
	for _, line := range strings.Split(ts.ReadFile(args[1]), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		cells := strings.SplitN(line, "|", 3)
		if len(cells) != 3 {
			ts.Fatalf("row %q: want CODE | SENTENCE | WORDS", line)
		}
		want, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		ts.Check(err)
		words, err := splitWords(os.Expand(strings.TrimSpace(cells[2]), ts.Getenv))
		if err != nil {
			ts.Fatalf("row %q: %v", line, err)
		}
		code := tend(ts, name, words...)
		stderr := ts.ReadFile("stderr")
		noPanic(ts, code)
		if code != want || !strings.Contains(strings.ToLower(stderr), strings.ToLower(strings.TrimSpace(cells[1]))) {
			ts.Fatalf("tend %q: exit %d, want %d with %q:\n%s", words, code, want, strings.TrimSpace(cells[1]), stderr)
		}
		if !strings.HasPrefix(stderr, "tend: ") {
			ts.Fatalf("tend %q: no sentence on stderr: %q", words, stderr)
		}
		if after := standingOf(ts, name); after != before {
			ts.Fatalf("tend %q changed something:\n%+v\n%+v", words, before, after)
		}
	}
	if after := invitesOf(ts, name); after != invites {
		ts.Fatalf("the invitations changed:\n%s\n%s", invites, after)
	}
	ts.Logf("%d refused", rows)
	if rows == 0 {
		ts.Fatalf("%s holds no row", args[1])
	}
}

// invitesOf are a home's invitations, as text to compare. To list them takes a
// network: once before a table and once after it is enough.
func invitesOf(ts *testscript.TestScript, name string) string {
	return string(quietly(ts, name, "--json", "invite", "--list"))
}

// splitWords cuts a line as a shell would: single quotes keep blanks together,
// and inside them \xNN is a byte.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, open := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, open = !quoted, true
		case r == ' ' && !quoted:
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	for i, w := range words {
		if !strings.Contains(w, `\`) {
			continue
		}
		plain, err := strconv.Unquote(`"` + w + `"`)
		if err != nil {
			return nil, err
		}
		words[i] = plain
	}
	return words, nil
}

// cmdSpoil makes a bad file of a good one: spoil HOW IN OUT.
func cmdSpoil(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: spoil cut|flip|longer|empty|header|frame IN OUT")
	}
	data := []byte(ts.ReadFile(args[1]))
	switch args[0] {
	case "cut":
		data = data[:len(data)*2/3]
	case "flip":
		data[len(data)/2] ^= 1
	case "longer":
		data = append(data, 0)
	case "empty":
		data = nil
	case "header":
		copy(data, "tend-carry-9\n")
	case "frame":
		// A wrong frame under a right digest: the file is whole, and means nothing.
		body := data[:len(data)-sha256.Size]
		first := len("tend-carry-1\n") + 32
		for i := first; i < first+16; i++ {
			body[i] = 0xff
		}
		sum := sha256.Sum256(body)
		data = append(body, sum[:]...)
	default:
		ts.Fatalf("spoil %s: unknown", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o600))
}

// cmdPicture draws a picture: picture blank|foreign|nonsense OUT, or
// picture photo OUT IN, which is IN as a camera would see it.
func cmdPicture(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: picture KIND OUT [IN]")
	}
	var out []byte
	switch args[0] {
	case "blank":
		out = encodePNG(ts, image.NewGray(image.Rect(0, 0, 200, 200)))
	case "foreign":
		out = codePNG(ts, "https://example.org/")
	case "nonsense":
		out = codePNG(ts, "TEND:AAAAAAAAAAAAAAAA")
	case "photo":
		in, err := png.Decode(strings.NewReader(ts.ReadFile(args[2])))
		ts.Check(err)
		var buf bytes.Buffer
		ts.Check(jpeg.Encode(&buf, photo(in), &jpeg.Options{Quality: 70}))
		out = buf.Bytes()
	default:
		ts.Fatalf("picture %s: unknown", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o600))
}

func codePNG(ts *testscript.TestScript, text string) []byte {
	code, err := qr.Encode(text, qr.M)
	ts.Check(err)
	return code.PNG()
}

func encodePNG(ts *testscript.TestScript, img image.Image) []byte {
	var buf bytes.Buffer
	ts.Check(png.Encode(&buf, img))
	return buf.Bytes()
}

// photo turns a drawing a little, greys it, puts it on a table, and adds the
// uneven light of a room.
func photo(in image.Image) image.Image {
	b := in.Bounds()
	side := max(b.Dx(), b.Dy())
	scale := math.Max(1, 700/float64(side))
	size := int(float64(side)*scale) + 300
	out := image.NewGray(image.Rect(0, 0, size, size))
	sin, cos := math.Sincos(7 * math.Pi / 180)
	for y := range size {
		for x := range size {
			dx, dy := float64(x-size/2), float64(y-size/2)
			u := int((cos*dx+sin*dy)/scale) + b.Min.X + b.Dx()/2
			v := int((cos*dy-sin*dx)/scale) + b.Min.Y + b.Dy()/2
			shade := 150.0 // the table
			if (image.Point{X: u, Y: v}).In(b) {
				shade = 40 + 190*float64(color.GrayModel.Convert(in.At(u, v)).(color.Gray).Y)/255
			}
			shade *= 0.8 + 0.2*float64(x)/float64(size)
			out.SetGray(x, y, color.Gray{Y: uint8(shade)})
		}
	}
	return out
}
