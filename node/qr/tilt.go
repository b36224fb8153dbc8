package qr

import (
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

// The stock detector measures a code as if the paper faced the camera: a tilt of a
// tenth makes it miscount the modules of a dense code, and look for the fourth
// corner in the wrong place. tilted is the second try. The three finder squares
// tell by their sizes how far each is; from that follows the fourth corner, and
// around the count of modules its neighbours are tried too.

// corner is a finder square's centre, with the side of its modules in pixels.
type corner struct{ x, y, size float64 }

func cornerOf(p *detector.FinderPattern) corner {
	return corner{p.GetX(), p.GetY(), p.GetEstimatedModuleSize()}
}

// tilted finds and reads a code on paper that is turned away from the camera.
func tilted(bits *gozxing.BitMatrix) (string, bool) {
	info, err := detector.NewFinderPatternFinder(bits, nil).Find(hints)
	if err != nil {
		return "", false
	}
	tl, tr, bl := cornerOf(info.GetTopLeft()), cornerOf(info.GetTopRight()), cornerOf(info.GetBottomLeft())
	size := (tl.size + tr.size + bl.size) / 3
	if size < 1 {
		return "", false
	}
	for _, n := range dimensions(tl, tr, bl) {
		// The lowest right alignment square lies three modules in from where a fourth
		// finder square would: its share of the way from the top left, both ways.
		share := float64(n-10) / float64(n-7)
		x, y := within(tl, tr, bl, share)
		for _, reach := range []float64{3, 6, 12} {
			ax, ay, ok := alignment(bits, x, y, reach*size, size)
			if !ok {
				continue
			}
			if text, ok := sample(bits, n, tl, tr, bl, ax, ay); ok {
				return text, true
			}
		}
		if text, ok := sample(bits, n, tl, tr, bl, x, y); ok {
			return text, true
		}
	}
	return "", false
}

// within returns the point that lies the given share of the way from the top left
// towards the top right and towards the bottom left, seen in perspective: what is
// far is small, so 1/size stands for the distance of each corner.
func within(tl, tr, bl corner, share float64) (x, y float64) {
	at := func(of func(corner) float64) float64 {
		a, b, c := of(tl)/tl.size, of(tr)/tr.size, of(bl)/bl.size
		return a + share*(b-a) + share*(c-a)
	}
	far := at(func(corner) float64 { return 1 })
	return at(func(c corner) float64 { return c.x }) / far, at(func(c corner) float64 { return c.y }) / far
}

// dimensions returns the counts of modules on a side that the corners may mean,
// the likeliest first. A QR code has 17 + 4v of them, v from 1 to 40; those of
// version 1 have no alignment square, and are small enough for the stock detector.
func dimensions(tl, tr, bl corner) []int {
	across := func(a, b corner) float64 { return math.Hypot(a.x-b.x, a.y-b.y) / math.Sqrt(a.size*b.size) }
	// Sizes are measured along the rows of the picture: of a turned code they come
	// out too large by what the turn adds.
	turn := math.Hypot(tr.x-tl.x, tr.y-tl.y) / max(math.Abs(tr.x-tl.x), math.Abs(tr.y-tl.y))
	version := int(math.Round(((across(tl, tr)+across(tl, bl))/2*turn + 7 - 17) / 4))
	var out []int
	for _, step := range []int{0, 1, -1, 2, -2} {
		if v := version + step; v >= 2 && v <= 40 {
			out = append(out, 17+4*v)
		}
	}
	return out
}

// alignment looks for an alignment square within reach of x, y.
func alignment(bits *gozxing.BitMatrix, x, y, reach, size float64) (float64, float64, bool) {
	left, top := max(0, int(x-reach)), max(0, int(y-reach))
	right, bottom := min(bits.GetWidth()-1, int(x+reach)), min(bits.GetHeight()-1, int(y+reach))
	if float64(right-left) < 3*size || float64(bottom-top) < 3*size {
		return 0, 0, false
	}
	p, err := detector.NewAlignmentPatternFinder(bits, left, top, right-left, bottom-top, size, nil).Find()
	if err != nil {
		return 0, 0, false
	}
	return p.GetX(), p.GetY(), true
}

// sample reads the n × n modules that the three corners and the alignment square
// at ax, ay span.
func sample(bits *gozxing.BitMatrix, n int, tl, tr, bl corner, ax, ay float64) (string, bool) {
	far := float64(n) - 3.5
	transform := common.PerspectiveTransform_QuadrilateralToQuadrilateral(
		3.5, 3.5, far, 3.5, far-3, far-3, 3.5, far,
		tl.x, tl.y, tr.x, tr.y, ax, ay, bl.x, bl.y)
	modules, err := detector.Detector_sampleGrid(bits, transform, n)
	if err != nil {
		return "", false
	}
	result, err := decoder.NewDecoder().Decode(modules, nil)
	if err != nil {
		return "", false
	}
	return result.GetText(), true
}
