package web_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tend/node/qr"
)

// film makes a film for a camera: first a table with nothing on it, then a hand that
// holds a code before it, not quite still. A Motion-JPEG film is JPEG pictures, one
// after the other.
func film(t *testing.T, text string) string {
	t.Helper()
	code, err := qr.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	sheet := code.Image(8)
	noise := rand.New(rand.NewPCG(1, 2))
	var out bytes.Buffer
	for i := range 10 {
		frame := image.NewRGBA(image.Rect(0, 0, 1280, 720))
		draw.Draw(frame, frame.Bounds(), image.NewUniform(color.RGBA{150, 120, 90, 255}), image.Point{}, draw.Src)
		if i >= 3 {
			at := image.Pt(300+7*i, 40+5*i)
			draw.Draw(frame, sheet.Bounds().Add(at), sheet, image.Point{}, draw.Src)
		}
		for p := 0; p < len(frame.Pix); p += 4 {
			n := uint8(noise.IntN(12))
			for c := range 3 {
				frame.Pix[p+c] = max(frame.Pix[p+c], n) - n
			}
		}
		if err := jpeg.Encode(&out, frame, &jpeg.Options{Quality: 90}); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "invite.mjpeg")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestStory is the whole promise. Rosa begins a circle on her page and makes an
// invitation; Tomasz holds it before the camera of his, says hello and is let in over
// the network; what Rosa then asks for appears on his screen by itself.
func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.node("rosa")
	w.node("tomasz")
	rosa := newTab(t, startBrowser(t))
	w.enter(rosa, "rosa")
	rosa.sees("there is no company in the middle")
	rosa.press("Begin a circle")
	rosa.fill("#name", "Mill Lane")
	rosa.fill("#as", "Rosa")
	rosa.press("Begin")
	rosa.sees("It begins with you")
	rosa.press("Invite someone")
	rosa.fill("#for", "Tomasz")
	rosa.press("Make an invitation")
	rosa.sees("An invitation for Tomasz")
	words := js[string](rosa, `document.getElementById("words").textContent.trim()`)

	tomasz := newTab(t, startBrowser(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film(t, words))))
	w.enter(tomasz, "tomasz")
	tomasz.press("Join a circle")
	began := time.Now()
	tomasz.press("Use the camera")
	tomasz.sees("An invitation to a circle.")
	t.Logf("from asking for the camera to the invitation: %v", time.Since(began).Round(time.Millisecond))
	began = time.Now()
	tomasz.press("Knock")
	tomasz.saysHello("Mill Lane", "Tomasz")
	t.Logf("from the knock to the circle: %v", time.Since(began).Round(time.Millisecond))
	tomasz.until(`document.querySelector(".sync.caught_up, .sync.travelling")`)

	rosa.press("Home")
	rosa.press("I could use")
	rosa.fill("#text", "A warm meal on Sunday")
	rosa.fill("#details", "Two of us, no nuts.")
	rosa.press("Ask")
	began = time.Now()
	tomasz.sees("A warm meal on Sunday")
	t.Logf("from asking to the other's screen: %v", time.Since(began).Round(time.Millisecond))
	tomasz.press("I could do this")
	tomasz.sees("Your yes is kept.")
	rosa.press("Home")
	rosa.until(`document.querySelector("#weagreed") && document.querySelector("#weagreed").innerText.includes("A warm meal on Sunday")`)
	rosa.press("It's done")
	rosa.fill("#thanks", "It was the best soup.")
	rosa.press("Say thanks")
	tomasz.sees("It was the best soup.")
}

// TestTwoPagesAgree holds two screens side by side: a change on one is on the other,
// by itself, and takes neither the focus nor half of a sentence away.
func TestTwoPagesAgree(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.joined()
	browser := startBrowser(t)
	rosa, tomasz := newTab(t, browser), newTab(t, browser)
	w.enter(tomasz, "tomasz")
	tomasz.press("I could use")
	tomasz.fill("#text", "Groceries")
	tomasz.press("Ask")
	tomasz.sees("Asked.")
	at := js[string](tomasz, "location.href")

	w.enter(rosa, "rosa")
	rosa.sees("Groceries")
	js[bool](rosa, `(() => { [...document.querySelectorAll("h3 a")].find(a => a.innerText === "Groceries").click(); return true })()`)
	rosa.until(`document.querySelector("#note")`)
	run(rosa, "type", chromedp.SendKeys("#note", "Shall I bring half a"))
	if js[string](rosa, "document.activeElement.id") != "note" {
		t.Fatal("the field has no focus to lose")
	}

	tomasz.fill("#note", "The list is on the door.")
	tomasz.press("Send")
	rosa.sees("The list is on the door.")
	if got := js[string](rosa, `document.getElementById("note").value + "|" + document.activeElement.id`); got != "Shall I bring half a|note" {
		t.Errorf("after a change elsewhere the field is %q", got)
	}
	run(rosa, "type on", chromedp.SendKeys("#note", " loaf?"))
	rosa.press("Send")
	tomasz.sees("Shall I bring half a loaf?")

	began := time.Now()
	rosa.press("I could do this")
	rosa.sees("Your yes is kept.")
	tomasz.until(`document.querySelector("main .card.agreement")`)
	t.Logf("from yes to the other's screen: %v", time.Since(began).Round(time.Millisecond))

	// He writes it anew; her earlier yes asks again.
	tomasz.press("Groceries")
	js[bool](tomasz, `(() => { for (const d of document.querySelectorAll("details")) d.open = true; return true })()`)
	tomasz.fill("#what", "Groceries and a chat")
	tomasz.press("Ask whether this fits")
	rosa.sees("Groceries and a chat")
	tomasz.sees("Changed.")

	// A place for the two of them. What he has unfolded stays so when her yes comes.
	js[bool](tomasz, `(() => { for (const d of document.querySelectorAll("details")) d.open = true; return true })()`)
	rosa.press("That works for me")
	rosa.sees("Agreed")
	tomasz.sees("Rosa: yes")
	if !js[bool](tomasz, `[...document.querySelectorAll("main details")].every(d => d.open)`) {
		t.Error("a change elsewhere folded what was open")
	}
	tomasz.fill("#where", "Mill Lane 7, second floor")
	tomasz.press("Tell those in it")
	rosa.sees("Mill Lane 7, second floor")
	rosa.press("I can't make it")
	tomasz.sees("Rosa: given back")
	tomasz.open(at)
	tomasz.sees("open")
}

// TestWithoutScript walks through a day on a page without script, and joins by a
// photo there.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa")
	w.node("rosa")
	w.node("tomasz")
	browser := startBrowser(t)
	rosa, tomasz := newTab(t, browser), newTab(t, browser)
	for _, b := range []*tab{rosa, tomasz} {
		if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
			t.Fatal(err)
		}
	}
	w.enter(rosa, "rosa")
	rosa.until(`typeof htmx === "undefined"`)
	rosa.press("Invite someone")
	rosa.press("Make an invitation")
	photo := filepath.Join(t.TempDir(), "photo.png")
	code, err := qr.Encode(js[string](rosa, `document.getElementById("words").textContent.trim()`))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := code.PNG()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(photo, picture, 0o600); err != nil {
		t.Fatal(err)
	}

	w.enter(tomasz, "tomasz")
	tomasz.press("Join a circle")
	if js[bool](tomasz, `document.querySelector("[data-camera]").getClientRects().length > 0`) {
		t.Error("a camera is offered where no script can use it")
	}
	run(tomasz, "choose the photo", chromedp.SetUploadFiles("#photo", []string{photo}))
	tomasz.press("Read the photo")
	tomasz.sees("An invitation to a circle.")
	tomasz.press("Knock")
	for end := time.Now().Add(slowly); strings.Contains(tomasz.text(), "I'll keep trying"); {
		if time.Now().After(end) {
			t.Fatal("the door stayed shut")
		}
		tomasz.press("Look again")
	}
	tomasz.saysHello("Mill Lane", "Tomasz")
	tomasz.press("I could offer")
	tomasz.fill("#text", "A car with a driver")
	tomasz.press("Offer")
	tomasz.sees("A car with a driver")
	tomasz.press("Let it rest")
	tomasz.press("Open it again")
	tomasz.press("Me")
	tomasz.sees("Resting needs no reason")
	tomasz.fill("#awayuntil", time.Now().AddDate(0, 0, 5).Format(time.DateOnly))
	tomasz.press("I am away")
	tomasz.sees("Nobody counts on you meanwhile.")
	tomasz.press("I am back")
	tomasz.sees("Welcome back.")
	for end := time.Now().Add(slowly); ; {
		rosa.press("Home")
		if strings.Contains(rosa.text(), "A car with a driver") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the offer never came\n%s", rosa.text())
		}
	}
	rosa.press("I'd love that")
	rosa.sees("Your yes is kept.")
	rosa.press("Week")
	rosa.sees("The coming week")
}

// TestHostilePictures sends what is no code to the door: each gets its sentence, and
// the page goes on.
func TestHostilePictures(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	f := fill(t, "soup")
	b := newTab(t, browser)
	b.enter(serve(t, f)())
	origin := js[string](b, "location.origin")
	dir := t.TempDir()
	var blank, cut bytes.Buffer
	if err := png.Encode(&blank, image.NewGray(image.Rect(0, 0, 300, 300))); err != nil {
		t.Fatal(err)
	}
	cut.Write(blank.Bytes()[:40])
	other, err := qr.Encode("https://example.org/not-ours")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.PNG()
	if err != nil {
		t.Fatal(err)
	}
	// A header that promises 60,000 × 60,000 pixels and has a wrong sum.
	bomb := bytes.Clone(blank.Bytes())
	copy(bomb[16:], []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60})
	// A hundred megapixels that are all there, in a hundred kilobytes.
	var vast, photo, moving bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&vast, image.NewPaletted(image.Rect(0, 0, 10_000, 10_000), color.Palette{color.White, color.Black})); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 640, 480)), nil); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&moving, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	// A photo whose header promises 65,000 × 65,000: its frame begins with the two.
	wide := bytes.Clone(photo.Bytes())
	frame := bytes.Index(wide, []byte{0xff, 0xc0})
	copy(wide[frame+5:], []byte{0xfd, 0xe8, 0xfd, 0xe8})
	large := append(bytes.Clone(photo.Bytes()), make([]byte, 22<<20)...)
	for name, row := range map[string]struct {
		data []byte
		says string
	}{
		"blank.png":    {blank.Bytes(), "No code was found in this picture."},
		"cut.png":      {cut.Bytes(), "This is not a PNG or JPEG picture."},
		"text.jpg":     {[]byte("<script>alert(1)</script>"), "This is not a PNG or JPEG picture."},
		"page.svg":     {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "This is not a PNG or JPEG picture."},
		"stranger.png": {stranger, "The code in this picture is not one of Tend."},
		"bomb.png":     {bomb, "This is not a PNG or JPEG picture.|This picture is too big."},
		"empty.png":    {nil, "This is not a PNG or JPEG picture."},
		"vast.png":     {vast.Bytes(), "This picture is too big."},
		"wide.jpg":     {wide, "This picture is too big."},
		"large.jpg":    {large, "This picture is too big."},
		"half.jpg":     {photo.Bytes()[:photo.Len()/2], "This is not a PNG or JPEG picture.|No code was found in this picture."},
		"moving.gif":   {moving.Bytes(), "This is not a PNG or JPEG picture."},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, row.data, 0o600); err != nil {
			t.Fatal(err)
		}
		b.open(origin + "/join")
		run(b, "choose "+name, chromedp.SetUploadFiles("#photo", []string{file}))
		b.press("Read the photo")
		ok := false
		for says := range strings.SplitSeq(row.says, "|") {
			ok = ok || strings.Contains(b.text(), says)
		}
		if !ok {
			t.Errorf("%s: want %q, the screen says\n%s", name, row.says, b.text())
		}
	}
}
