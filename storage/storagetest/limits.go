package storagetest

import (
	"errors"
	"fmt"
	"testing"

	"tend/crdt"
	"tend/storage"
)

// testLimits writes the largest batches there can be, and those one above.
func testLimits(t *testing.T, m Maker) {
	t.Run("many ops, many rows", func(t *testing.T) {
		_, c, log := begin(t, m)
		var b storage.Batch
		for i := range storage.MaxBatchOps {
			b.Ops = append(b.Ops, log.Content(i, 1400)) // each by a device of its own
		}
		b = log.Batch(b.Ops...)
		for i := range storage.MaxBatchRows {
			b.Rows = append(b.Rows, storage.Row{Key: fmt.Appendf(nil, "r%d", i), Value: make([]byte, 10)})
		}
		check(t, c.Append(b))
		healthy(t, c)

		b.Rows = append(b.Rows, storage.Row{Key: []byte("x"), Value: []byte("x")})
		tooBig(t, "one row more", c.Append(b))
		b = log.Batch(append(b.Ops, log.Content(0, 1))...)
		tooBig(t, "one op more", c.Append(b))
	})
	t.Run("large ops, large rows", func(t *testing.T) {
		_, c, log := begin(t, m)
		var ops []storage.Entry
		size := 0
		for i := range 7 {
			e := log.Content(i, crdt.MaxBodySize)
			ops, size = append(ops, e), size+e.Op.Size()
		}
		e := log.Content(9, 3000)
		last := log.Content(9, storage.MaxBatchBytes-size-e.Op.Size()-e.Op.Size()+3000)
		ops = append(ops, e, last)
		b := log.Batch(ops...)
		for i := 0; ; i++ {
			rest := storage.MaxBatchTotal - b.Size() - 10
			if rest <= 0 {
				break
			}
			b.Rows = append(b.Rows, storage.Row{Key: fmt.Appendf(nil, "r%09d", i), Value: make([]byte, min(rest, storage.MaxRowValue))})
		}
		check(t, c.Append(b))
		healthy(t, c)
		b.Rows = append(b.Rows, storage.Row{Key: []byte("x"), Value: make([]byte, 20)})
		tooBig(t, "a batch over the total", c.Append(b))
		if size := b.Size(); size > storage.MaxBatchTotal+100 {
			t.Errorf("the largest batch had %d bytes, limit %d", size, storage.MaxBatchTotal)
		}
	})
	t.Run("bodies that go", func(t *testing.T) {
		_, c, log := begin(t, m)
		var b storage.Batch
		for range storage.MaxBatchBodies + 1 {
			e := log.Content(0, 300)
			check(t, c.Append(log.Batch(e)))
			b.Bodies = append(b.Bodies, storage.BodyChange{ID: e.Op.ID})
		}
		tooBig(t, "one body more", c.Append(b))
		b.Bodies = b.Bodies[1:]
		check(t, c.Append(b))
		healthy(t, c)
	})
	t.Run("ops over their bytes", func(t *testing.T) {
		_, c, log := begin(t, m)
		var ops []storage.Entry
		for i := range 8 {
			ops = append(ops, log.Content(i, crdt.MaxBodySize))
		}
		tooBig(t, "8 of the largest bodies and their headers", c.Append(log.Batch(ops...)))
	})
	t.Run("rows", func(t *testing.T) {
		_, c, _ := begin(t, m)
		row := func(key, value int) error {
			return c.Put(storage.Row{Key: append([]byte("x"), make([]byte, key-1)...), Value: make([]byte, value)})
		}
		check(t, row(storage.MaxRowKey, storage.MaxRowValue))
		tooBig(t, "key", row(storage.MaxRowKey+1, 1))
		tooBig(t, "value", row(1, storage.MaxRowValue+1))
		many := make([]storage.Row, 10)
		for i := range many {
			many[i] = storage.Row{Key: fmt.Appendf(nil, "x%d", i), Value: make([]byte, storage.MaxRowValue)}
		}
		tooBig(t, "rows together", c.Put(many...))
	})
}

func tooBig(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, storage.ErrTooBig) {
		t.Errorf("%s: %v, want %v", what, err, storage.ErrTooBig)
	}
}
