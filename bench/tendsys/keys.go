package tendsys

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tend/crdt"
	"tend/node"
)

// keysFile keeps a benchmark's keys in the clear, beside the store. A real home keeps
// them in its vault, which is no part of what is measured.
const keysFile = "keys.json"

type keptKeys struct {
	Seed     [32]byte
	Seeds    node.Seeds
	Circles  map[string]node.CircleKeys
	Joinings []node.Joining
}

func loadKeys(dir string, seed [32]byte) (*node.MemKeys, error) {
	data, err := os.ReadFile(filepath.Join(dir, keysFile))
	if errors.Is(err, fs.ErrNotExist) {
		return node.NewMemKeys(seed), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var kept keptKeys
	if err := json.Unmarshal(data, &kept); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	keys := node.NewMemKeys(kept.Seed)
	for text, c := range kept.Circles {
		id, err := crdt.ParseID(text)
		if err != nil {
			return nil, fmt.Errorf("read keys: %w", err)
		}
		if err := keys.SetCircle(id, c); err != nil {
			return nil, err
		}
	}
	if err := keys.SetSeeds(kept.Seeds); err != nil {
		return nil, err
	}
	return keys, keys.SetJoinings(kept.Joinings)
}

func saveKeys(dir string, keys *node.MemKeys) error {
	kept := keptKeys{Seed: keys.TransportSeed(), Seeds: keys.Seeds(), Circles: map[string]node.CircleKeys{}, Joinings: keys.Joinings()}
	for _, id := range keys.Circles() {
		kept.Circles[id.String()], _ = keys.Circle(id)
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("keep keys: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, keysFile), data, 0o600)
}
