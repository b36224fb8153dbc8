package node

import (
	"time"

	"tend/crdt/circle"
	"tend/node/replica"
)

// followPod seals what is for this member's pod to those who are in it now, after a
// batch in which somebody said yes, left or was let go. It is called by the loop.
func (x *runner) followPod(people bool) {
	if x.replica.MayWrite() != nil {
		return
	}
	state, now := x.replica.State(), x.node.now()
	env := x.replica.Env(now, x.node.cfg.Zone)
	touched := people
	for _, id := range state.Touched() {
		touched = touched || state.PodOf(id, env.Me)
	}
	if !touched {
		return
	}
	if drafts, _, err := circle.Decide(state, env, circle.FollowPod{}); err != nil || len(drafts) == 0 {
		return
	}
	x.offer(job{ops: replica.MaxBatchOps / 2, bytes: replica.MaxBatchBytes / 4, do: func(w *replica.Replica, now time.Time) error {
		_, err := w.Do(circle.FollowPod{}, w.Env(now, x.node.cfg.Zone), x.node.clock())
		return err
	}})
}
