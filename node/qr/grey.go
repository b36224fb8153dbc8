package qr

import (
	"image"
	"image/color"
)

// grey is a picture as brightness alone, row by row without gaps, 0 black.
type grey struct {
	pix  []byte
	w, h int
}

// greyOf reads the brightness of img. What is transparent counts as white paper,
// since a code saved with a clear background is meant to be seen on some.
func greyOf(img image.Image) grey {
	b := img.Bounds()
	g := grey{pix: make([]byte, b.Dx()*b.Dy()), w: b.Dx(), h: b.Dy()}
	for y := range g.h {
		row := g.pix[y*g.w : (y+1)*g.w]
		switch src := img.(type) {
		case *image.YCbCr: // a JPEG carries its brightness beside its colours
			copy(row, src.Y[src.YOffset(b.Min.X, b.Min.Y+y):])
		case *image.Gray:
			copy(row, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		default:
			for x := range row {
				row[x] = brightness(img.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	return g
}

func brightness(c color.Color) byte {
	r, g, b, a := c.RGBA() // premultiplied, 16 bits
	white := 0xffff - a
	return byte((19595*(r+white) + 38470*(g+white) + 7471*(b+white) + 1<<15) >> 24)
}

// scaled returns g with its longer side of the given length: averaged when that
// is smaller, interpolated when it is larger.
func (g grey) scaled(side int) grey {
	longer := max(g.w, g.h)
	if longer == side {
		return g
	}
	s := grey{w: max(1, g.w*side/longer), h: max(1, g.h*side/longer)}
	s.pix = make([]byte, s.w*s.h)
	if side < longer {
		g.shrink(s)
	} else {
		g.grow(s)
	}
	return s
}

// shrink fills s, the smaller, with the mean of the pixels that fall on each.
func (g grey) shrink(s grey) {
	for y := range s.h {
		y0, y1 := y*g.h/s.h, max((y+1)*g.h/s.h, y*g.h/s.h+1)
		for x := range s.w {
			x0, x1 := x*g.w/s.w, max((x+1)*g.w/s.w, x*g.w/s.w+1)
			sum := 0
			for sy := y0; sy < y1; sy++ {
				for _, p := range g.pix[sy*g.w+x0 : sy*g.w+x1] {
					sum += int(p)
				}
			}
			s.pix[y*s.w+x] = byte(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
}

// grow fills s, the larger, by bilinear interpolation in 1/256 steps.
func (g grey) grow(s grey) {
	for y := range s.h {
		sy := max(0, (2*y+1)*g.h*128/s.h-128)
		y0, fy := sy>>8, sy&255
		y1 := min(y0+1, g.h-1)
		for x := range s.w {
			sx := max(0, (2*x+1)*g.w*128/s.w-128)
			x0, fx := sx>>8, sx&255
			x1 := min(x0+1, g.w-1)
			top := int(g.pix[y0*g.w+x0])*(256-fx) + int(g.pix[y0*g.w+x1])*fx
			bottom := int(g.pix[y1*g.w+x0])*(256-fx) + int(g.pix[y1*g.w+x1])*fx
			s.pix[y*s.w+x] = byte((top*(256-fy) + bottom*fy) >> 16)
		}
	}
}

// negative returns g with black and white exchanged.
func (g grey) negative() grey {
	n := grey{pix: make([]byte, len(g.pix)), w: g.w, h: g.h}
	for i, p := range g.pix {
		n.pix[i] = 255 - p
	}
	return n
}
