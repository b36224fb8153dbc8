package qr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
)

// Limits on a picture from outside.
const (
	MaxBytes  = 20 << 20   // bytes of the file
	MaxPixels = 40_000_000 // width × height
	// MaxText bounds the text of a code, in bytes. No QR code holds more than
	// 4,296 characters, so it only says what callers may rely on.
	MaxText = 64 << 10
)

// Prefix begins every Tend code, in any case.
const Prefix = "TEND:"

// The ways in which a picture is not a Tend code. Each has its own sentence for
// the person who chose it.
var (
	// ErrNotPicture: neither PNG nor JPEG, or damaged.
	ErrNotPicture = errors.New("this is not a PNG or JPEG picture")
	// ErrTooBig: more than MaxBytes or MaxPixels.
	ErrTooBig = errors.New("this picture is too big")
	// ErrNoCode: a picture without a code that could be read.
	ErrNoCode = errors.New("no code was found in this picture")
	// ErrOtherCode: a code, but not one of Tend.
	ErrOtherCode = errors.New("the code in this picture is of something else")
)

// turn holds one token: one picture is looked at at a time, so that a burst of
// camera frames costs the memory of one.
var turn = make(chan struct{}, 1)

// Read finds a Tend code in a PNG or JPEG picture and returns its text as it
// stands there. The error wraps [ErrNotPicture], [ErrTooBig], [ErrNoCode] or
// [ErrOtherCode], or is that of r or of ctx, whose end is noticed between passes.
func Read(ctx context.Context, r io.Reader) (string, error) {
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return "", fmt.Errorf("wait to look at a picture: %w", ctx.Err())
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return "", fmt.Errorf("read the picture: %w", err)
	}
	if len(data) > MaxBytes {
		return "", fmt.Errorf("%w: more than %d MB", ErrTooBig, MaxBytes>>20)
	}
	img, err := open(data)
	if err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("look at a picture: %w", err)
	}
	return decode(ctx, img)
}

// open decodes a picture whose header says that it is within bounds. Only the
// two formats named here are tried: what else the program may have registered
// with package image is no business of a stranger's file.
func open(data []byte) (image.Image, error) {
	config, full := png.DecodeConfig, png.Decode
	if bytes.HasPrefix(data, []byte{0xFF, 0xD8}) {
		config, full = jpeg.DecodeConfig, jpeg.Decode
	}
	head, err := config(bytes.NewReader(data))
	if errors.Is(err, png.UnsupportedError("dimension overflow")) {
		return nil, fmt.Errorf("%w: %w", ErrTooBig, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPicture, err)
	}
	// Each side by itself first: their product could overflow on a 32-bit machine.
	if head.Width > MaxPixels || head.Height > MaxPixels || int64(head.Width)*int64(head.Height) > MaxPixels {
		return nil, fmt.Errorf("%w: %d × %d pixels, at most %d million", ErrTooBig, head.Width, head.Height, MaxPixels/1_000_000)
	}
	img, err := full(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotPicture, err)
	}
	return img, nil
}

// isTend reports whether text begins like a Tend code, forgiving of blanks
// before it.
func isTend(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) >= len(Prefix) && len(text) <= MaxText && strings.EqualFold(text[:len(Prefix)], Prefix)
}
