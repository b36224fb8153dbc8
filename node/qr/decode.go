package qr

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// sides is the ladder: the longer side of the picture, in pixels, at each rung.
// Most photos are found on the first; dense codes taken from afar want the last,
// noisy ones the small sizes.
var sides = [...]int{1600, 1000, 700, 2400}

// negativeSides are the rungs tried with black and white exchanged, last of all.
var negativeSides = [...]int{1000, 1600}

// Decode finds a Tend code in img and returns its text. It tries four sizes with
// two binarisers, flat and in perspective, then the negative; a picture without a code takes the longest,
// some seconds on a slow machine. The error wraps [ErrNoCode] or [ErrOtherCode].
func Decode(img image.Image) (string, error) { return decode(context.Background(), img) }

func decode(ctx context.Context, img image.Image) (string, error) {
	whole := greyOf(img)
	if whole.w == 0 || whole.h == 0 {
		return "", ErrNoCode
	}
	if text, ok := whole.drawn(); ok && isTend(text) {
		return text, nil
	}
	other := false
	climb := func(sides []int, negative bool) (string, error) {
		for _, side := range sides {
			scaled := whole.scaled(side)
			if negative {
				scaled = scaled.negative()
			}
			for _, hybrid := range []bool{true, false} {
				if err := ctx.Err(); err != nil {
					return "", fmt.Errorf("look for a code: %w", err)
				}
				text, ok := scaled.scan(hybrid)
				if ok && isTend(text) {
					return text, nil
				}
				other = other || ok
			}
		}
		return "", ErrNoCode
	}
	text, err := climb(sides[:], false)
	if err == ErrNoCode && !other {
		text, err = climb(negativeSides[:], true)
	}
	if err == ErrNoCode && other {
		err = ErrOtherCode
	}
	return text, err
}

// drawn reads a picture that is a code and its border and nothing else, as this
// package draws them. There is nothing to search for then, and searching goes wrong:
// in one of several hundred codes the modules happen to form something that looks
// more like a corner than the corners do, at every size.
func (g grey) drawn() (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	if max(g.w, g.h) > slices.Max(sides[:]) {
		return "", false
	}
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.w, g.h, 0, 0, g.w, g.h, false)
	if err != nil {
		return "", false
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewGlobalHistgramBinarizer(source))
	if err != nil {
		return "", false
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		return "", false
	}
	return result.GetText(), true
}

// scan makes one pass. A panic of the decoder, which reads a stranger's picture
// and has had no release since 2021, counts as nothing found.
func (g grey) scan(hybrid bool) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.w, g.h, 0, 0, g.w, g.h, false)
	if err != nil {
		return "", false
	}
	binarizer := gozxing.NewGlobalHistgramBinarizer(source)
	if hybrid {
		binarizer = gozxing.NewHybridBinarizer(source)
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarizer)
	if err != nil {
		return "", false
	}
	if result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
		return result.GetText(), true
	}
	bits, err := bitmap.GetBlackMatrix()
	if err != nil {
		return "", false
	}
	return tilted(bits)
}

// hints ask the decoder to spend more on finding the three corners.
var hints = map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
