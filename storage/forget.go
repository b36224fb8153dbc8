package storage

// Forgetter is a [Store] that keeps what was overwritten or deleted in its files
// for a while. Stores that do not, need not be one.
type Forgetter interface {
	// Forget returns once nothing of it is in any file. It may take long.
	Forget() error
}
