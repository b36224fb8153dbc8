// Package system says what a system must do to be measured. Each measured replica
// lives in a process of its own.
package system

import (
	"context"
	"time"

	"tend/bench/care1"
)

// System makes and opens replicas, each in a folder.
type System interface {
	// Fill makes a replica that holds a history of n changes, in an empty folder.
	Fill(ctx context.Context, dir string, n int) error
	// Open opens a replica; an empty folder becomes a replica without history.
	Open(dir string) (Replica, error)
}

// Replica is one home's copy. Its methods are called one after the other.
type Replica interface {
	// Begin makes what a replica needs before it can be written to by itself.
	Begin(ctx context.Context) error
	// Append writes changes one by one, as the system does by default.
	Append(ctx context.Context, all []care1.Change) error
	// AppendTogether writes changes in groups of so many.
	AppendTogether(ctx context.Context, all []care1.Change, group int) error
	// Only tells others no address of the replica but this one, as host:port. It comes
	// before Listen and Meet.
	Only(at string) error
	// Listen goes on the network. It returns where it is listening, as host:port, and
	// what a peer needs to meet it by way of via, which is another host:port.
	Listen(ctx context.Context, via string) (at, ticket string, err error)
	// Meet goes on the network and to whom the ticket names; a replica without
	// history joins by it.
	Meet(ctx context.Context, ticket string) error
	// Holds is how many changes it holds, as the system counts them: only what two
	// replicas of one system say can be compared.
	Holds() (int, error)
	// Changed returns a channel that hears when Holds may say more.
	Changed(ctx context.Context) <-chan struct{}
	// Sees reports when it first saw a need of that title.
	Sees(ctx context.Context, titles []string) (map[string]time.Time, error)
	// OpenNeeds, Filter and Search answer questions, with how many there are.
	OpenNeeds() (int, error)
	Filter(category string) (int, error)
	Search(word string) (int, error)
	Close() error
}
