package web

import "time"

// Bounds on what reaches the page.
const (
	maxForm    = 1 << 20 // bytes of an ordinary form
	maxHeader  = 32 << 10
	maxPath    = 2 << 10  // bytes of a request's address
	maxPhoto   = 21 << 20 // bytes of a form with a photo; the photo itself: qr.MaxBytes
	formTime   = 30 * time.Second
	photoTime  = 2 * time.Minute // for a photo to arrive, over a phone's Wi-Fi
	lookTime   = 20 * time.Second
	headerTime = 10 * time.Second

	maxBackup     = 4 << 30 // bytes of a form with a backup, which is put aside on the disk as it comes
	restoreTime   = time.Hour
	maxSeal       = 1 << 10 // bytes of a passphrase
	maxIdentities = 64 << 10
	idleTime      = 2 * time.Minute

	// maxSessions are how many screens one page has at a time; a further one ends
	// that which was silent longest.
	maxSessions = 64
	// maxCodes are how many one-time links are remembered, used ones included.
	maxCodes = 64
	// maxStreams are how many event streams are open at a time.
	maxStreams = 64
)

// How long a one-time link is good: for this machine's browser, and for a phone.
const (
	linkLife = time.Minute
	pairLife = 10 * time.Minute
)
