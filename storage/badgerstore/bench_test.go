package badgerstore_test

import (
	"io/fs"
	"os"
	"testing"
	"time"

	"tend/crdt"
	"tend/storage"
	"tend/storage/storagetest"
)

// benchAppend writes b.N ops of 200 bytes of body in batches of size n.
func benchAppend(b *testing.B, n int, sync bool) {
	s := open(b, b.TempDir())
	log, genesis := storagetest.NewLog(1)
	c := circle(b, s, log.Circle)
	check(b, c.Append(log.Batch(genesis)))
	var batches []storage.Batch
	for made := 0; made < b.N; {
		var ops []storage.Entry
		for ; len(ops) < n && made < b.N; made++ {
			ops = append(ops, log.Content(made/1500, 200)) // within a chain's day
		}
		batch := log.Batch(ops...)
		batch.Sync = sync
		batches = append(batches, batch)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, batch := range batches {
		check(b, c.Append(batch))
	}
}

func BenchmarkAppendSynced(b *testing.B)    { benchAppend(b, 1, true) }
func BenchmarkAppend(b *testing.B)          { benchAppend(b, 1, false) }
func BenchmarkAppend100(b *testing.B)       { benchAppend(b, 100, false) }
func BenchmarkAppend100Synced(b *testing.B) { benchAppend(b, 100, true) }
func BenchmarkAppend256(b *testing.B)       { benchAppend(b, 256, false) }
func BenchmarkAppend256Synced(b *testing.B) { benchAppend(b, 256, true) }

// BenchmarkDisk reports what 10,000 ops take on disk after closing, and how long
// opening takes.
func BenchmarkDisk(b *testing.B) {
	const count = 10_000
	for range b.N {
		s := open(b, b.TempDir())
		log, genesis := storagetest.NewLog(1)
		c := circle(b, s, log.Circle)
		check(b, c.Append(log.Batch(genesis)))
		size := 0
		for made := 0; made < count; {
			var ops []storage.Entry
			for ; len(ops) < 250; made++ {
				e := log.Content(made/1500, 200)
				ops, size = append(ops, e), size+e.Op.Size()
			}
			check(b, c.Append(log.Batch(ops...)))
		}
		check(b, s.Close())
		disk := int64(0)
		check(b, fs.WalkDir(os.DirFS(s.Dir()), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				info, err := d.Info()
				if err != nil {
					return err
				}
				disk += info.Size()
			}
			return err
		}))
		b.ReportMetric(float64(disk)/count, "disk-B/op")
		b.ReportMetric(float64(size)/count, "op-B/op")
		begin := time.Now()
		c = circle(b, open(b, s.Dir()), log.Circle)
		b.ReportMetric(float64(time.Since(begin).Microseconds())/1000, "open-ms")
		if c.Count() != count+1 {
			b.Fatalf("%d ops after opening", c.Count())
		}
	}
}

// BenchmarkRead measures the reads that syncing and judging make.
func BenchmarkRead(b *testing.B) {
	_, c, _ := fill(b, 900)
	var ids []crdt.ID
	for op, err := range c.Arrivals(0) {
		check(b, err)
		ids = append(ids, op.Op.ID)
	}
	b.Run("Fact", func(b *testing.B) {
		for i := range b.N {
			if _, ok, err := c.Fact(ids[i*7919%len(ids)]); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
	b.Run("Op", func(b *testing.B) {
		for i := range b.N {
			if _, _, ok, err := c.Op(ids[i*7919%len(ids)]); !ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
	b.Run("Arrivals", func(b *testing.B) {
		for n := 0; n < b.N; {
			for _, err := range c.Arrivals(0) {
				check(b, err)
				if n++; n == b.N {
					break
				}
			}
		}
	})
	b.Run("Verify", func(b *testing.B) {
		for range b.N {
			verify(b, c)
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(ids)), "us/op")
	})
}
