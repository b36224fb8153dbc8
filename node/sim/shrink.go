package sim

import "slices"

// Shrink makes a failing scenario smaller for as long as it fails in the same way:
// it leaves acts out, many at once and then one by one, and faults of the wires. again
// plays a scenario and says what does not hold; nil if all does. tries bounds how
// often it is asked.
func Shrink(s *Scenario, what string, tries int, again func(*Scenario) *Failure) *Scenario {
	fails := func(try *Scenario) bool {
		if tries--; tries < 0 {
			return false
		}
		f := again(try)
		return f != nil && f.What == what
	}
	for size := len(s.Acts) / 2; size > 0 && tries > 0; {
		smaller := false
		for at := 0; at < len(s.Acts); {
			try := *s
			try.Acts = slices.Delete(slices.Clone(s.Acts), at, min(at+size, len(s.Acts)))
			if fails(&try) {
				s, smaller = &try, true
			} else {
				at += size
			}
		}
		if size > 1 || !smaller {
			size /= 2
		}
	}
	plain := Net{Least: s.Net.Least, Most: s.Net.Least}
	for _, change := range []func(*Net){
		func(n *Net) { *n = plain },
		func(n *Net) { n.Loss = 0 }, func(n *Net) { n.Twice = 0 }, func(n *Net) { n.Late = 0 }, func(n *Net) { n.NoGossip = false },
		func(n *Net) { n.Most = n.Least },
	} {
		try := *s
		if change(&try.Net); try.Net != s.Net && fails(&try) {
			s = &try
		}
	}
	return s
}
