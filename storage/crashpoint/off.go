//go:build !crashpoints

package crashpoint

// At is one such moment.
func At(string) {}

// During is a moment in the midst of what comes next.
func During(string) {}
