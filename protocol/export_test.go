package protocol

// The seams that the tests of this package use.
var (
	Padme       = padme
	NookSize    = nookSize
	DeriveLabel = derive
	Compress    = func(b []byte) []byte { return zstdWriter.EncodeAll(b, nil) }
)
