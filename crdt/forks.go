package crdt

// MaxFreeTips is how many tips of one device count that nobody else built on
// (SPEC.md §7.6): it bounds what a device that forks on purpose costs the others.
const MaxFreeTips = 16

// Qualifying returns the tips of a device that HELLO and the digest count,
// ascending by id.
func (l *Log) Qualifying(dev Device) []Tip {
	return l.tips[dev]
}
