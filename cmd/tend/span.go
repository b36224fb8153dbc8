package main

import (
	"strconv"
	"strings"
	"time"
)

// maxSpan bounds a span that a person types: ten years.
const maxSpan = 10 * 365 * 24 * time.Hour

// span reads a length of time as people write it: 90m, 72h, 30d, 2w.
func span(text string) (time.Duration, error) {
	bad := usage("fail.span", "word", plain(text))
	day := time.Duration(0)
	switch {
	case strings.HasSuffix(text, "d"):
		day = 24 * time.Hour
	case strings.HasSuffix(text, "w"):
		day = 7 * 24 * time.Hour
	}
	var d time.Duration
	if day > 0 {
		n, err := strconv.ParseUint(text[:len(text)-1], 10, 12)
		if err != nil {
			return 0, bad
		}
		d = time.Duration(n) * day
	} else {
		var err error
		if d, err = time.ParseDuration(text); err != nil {
			return 0, bad
		}
	}
	if d <= 0 || d > maxSpan {
		return 0, bad
	}
	return d, nil
}
