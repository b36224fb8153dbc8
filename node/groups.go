package node

import (
	"fmt"
	"maps"
	"sync"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/storage"
)

// rowGroup is where a list of people of one's own lies: y|g|name. It never leaves
// this home.
var rowGroup = []byte("y|g|")

// groups are this person's own lists of people in one circle.
type groups struct {
	mu   sync.Mutex // guards kept
	kept map[string][]crdt.ID
}

func loadGroups(store storage.Circle) (*groups, error) {
	g := &groups{kept: map[string][]crdt.ID{}}
	for r, err := range store.Scan(rowGroup) {
		if err != nil {
			return nil, fmt.Errorf("load groups: %w", err)
		}
		var members []crdt.ID
		if err := canon.Unmarshal(r.Value, &members); err == nil {
			g.kept[string(r.Key[len(rowGroup):])] = members
		}
	}
	return g, nil
}

// keep remembers a group, or lets it go where nobody is in it.
func (g *groups) keep(store storage.Circle, group circle.Group) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := append(append([]byte(nil), rowGroup...), group.Name...)
	var value []byte
	next := maps.Clone(g.kept)
	if len(group.Members) > 0 {
		value = canon.MustMarshal(group.Members)
		next[group.Name] = group.Members
	} else {
		delete(next, group.Name)
	}
	if err := store.Put(row(key, value)); err != nil {
		return fmt.Errorf("keep the group: %w", err)
	}
	g.kept = next
	return nil
}

// all returns the groups by name; the map is never changed.
func (g *groups) all() map[string][]crdt.ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept
}
