package protocol_test

import (
	"testing"

	"tend/crdt"
	"tend/protocol"
)

func BenchmarkSealBody(b *testing.B) {
	s, dev, payload := secret(b, "epoch"), pubOf[crdt.Device]("dev"), make([]byte, 1024)
	stream("payload").Read(payload)
	salt := make([]byte, 16)
	for b.Loop() {
		if _, err := protocol.SealBody(repeat(salt), s, fixtureCircle, dev, 1, 64, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenBody(b *testing.B) {
	s, dev, payload := secret(b, "epoch"), pubOf[crdt.Device]("dev"), make([]byte, 1024)
	stream("payload").Read(payload)
	body, err := protocol.SealBody(stream("salt"), s, fixtureCircle, dev, 1, 64, payload)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := protocol.OpenBody(s, fixtureCircle, dev, 1, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealLockbox(b *testing.B) {
	s, dev, pub := secret(b, "epoch"), pubOf[crdt.Device]("dev"), boxKey(b, "box").Public()
	for b.Loop() {
		if _, err := protocol.SealLockbox(pub, fixtureCircle, s, dev); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenLockbox(b *testing.B) {
	s, dev, key := secret(b, "epoch"), pubOf[crdt.Device]("dev"), boxKey(b, "box")
	lb, err := protocol.SealLockbox(key.Public(), fixtureCircle, s, dev)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := protocol.OpenLockbox(key, fixtureCircle, dev, lb); err != nil {
			b.Fatal(err)
		}
	}
}

// The tables of these two have 500 rows: one frame of about 256 KiB.

func BenchmarkEncodeOps(b *testing.B) {
	ops := chain(b, "dev", 500, 224)
	table := protocol.PackByID(ops, func(*crdt.Op) bool { return true })
	for b.Loop() {
		frame, err := protocol.EncodeFrame(table)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(frame)))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/500, "µs/op-row")
}

func BenchmarkDecodeOps(b *testing.B) {
	table := protocol.PackByID(chain(b, "dev", 500, 224), func(*crdt.Op) bool { return true })
	frame, err := protocol.EncodeFrame(table)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		if _, err := protocol.DecodeFrame(frame); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/500, "µs/op-row")
}

func BenchmarkUnpackByID(b *testing.B) {
	table := protocol.PackByID(chain(b, "dev", 500, 224), func(*crdt.Op) bool { return true })
	for b.Loop() {
		if _, err := protocol.UnpackByID(fixtureCircle, table); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/500, "µs/op-row")
}

// repeat is a reader of the same bytes for ever.
type repeat []byte

func (r repeat) Read(p []byte) (int, error) { return copy(p, r), nil }
