package node

import (
	"sync"

	"tend/crdt"
	"tend/crdt/circle"
)

// searching is the index of one circle. It is made when somebody first searches, and
// lives in memory alone: in the store it would weigh more than the words themselves, and
// would have to be cleaned of what people took back.
type searching struct {
	mu    sync.Mutex // guards index
	index circle.Index
}

// MayHold returns the records of s, a state of that circle, that may hold all the words;
// see [circle.Index.May].
func (n *Node) MayHold(id crdt.ID, s *circle.State, words string) []crdt.ID {
	x, err := n.runner(id)
	if err != nil {
		return nil
	}
	x.search.mu.Lock()
	defer x.search.mu.Unlock()
	x.search.index.Follow(s)
	return x.search.index.May(words)
}
