package storage_test

import (
	"context"
	"fmt"

	"tend/storage"
	"tend/storage/storagetest"
)

// A store takes batches, each as a whole, and gives ops back in the order they
// came.
func Example() {
	store := storage.NewMem() // or badgerstore.Open
	defer store.Close()

	log, genesis := storagetest.NewLog(1) // a replica, in earnest
	circle, err := store.Circle(log.Circle)
	if err != nil {
		panic(err)
	}
	batch := log.Batch(genesis, log.Content(0, 20), log.Content(1, 30))
	batch.Rows = []storage.Row{{Key: []byte("r1"), Value: []byte("beside the ops")}}
	batch.Sync = true // it has ops of this device
	if err := circle.Append(batch); err != nil {
		panic(err)
	}

	for s, err := range circle.Arrivals(2) {
		if err != nil {
			panic(err)
		}
		fmt.Println("op", s.Fact.Arr, "is number", s.Op.Seq, "of its device,", len(s.Op.Body), "bytes")
	}
	findings, err := circle.Verify(context.Background())
	fmt.Println("findings:", len(findings), err)
	// Output:
	// op 2 is number 2 of its device, 20 bytes
	// op 3 is number 1 of its device, 30 bytes
	// findings: 0 <nil>
}
