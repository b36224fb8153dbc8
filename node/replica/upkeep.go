package replica

import (
	"fmt"
)

// spare is what a batch has room for beside what its jobs bring: ops that waited
// and are taken in now, and things of old that change rows.
type spare struct{ ops, bytes, rows int }

// maxLate is how many things of old one batch does: each is a few rows.
const maxLate = 512

// maxLateBodies is how many bodies have gone or come with a batch when things of old wait
// for the next one: each may take some away.
const maxLateBodies = 128

// crowded reports whether it is so.
func (r *Replica) crowded() bool { return len(r.out.Bodies) >= maxLateBodies }

// Spare tells a working copy how much room its batch has now beside what its next job
// brings. Without it, ops that wait go on waiting.
func (r *Replica) Spare(ops, bytes int) { r.spare.ops, r.spare.bytes = ops, bytes }

// Late reports whether there is something of old left to do at now that
// [Replica.Tick] does: ops whose parents came, whose key came, or whose time.
func (r *Replica) Late(now int64) bool {
	return len(r.ready) > 0 || len(r.unread) > 0 || len(r.came) > 0 || len(r.held) > 0 && r.held[0].hlc.Millis() <= now+MaxAhead
}

// Tick lets held ops go whose time has come, takes in what waited for something
// that came, and drops what waited too long; as far as there is room.
func (r *Replica) Tick(now int64) error {
	r.expire(now)
	if err := r.letGo(now); err != nil {
		return err
	}
	unread := r.unread
	r.unread = nil
	for _, e := range unread {
		if err := r.readWaiting(e); err != nil {
			return err
		}
	}
	came := r.came
	r.came = nil
	for _, id := range came {
		if err := r.targetCame(id); err != nil {
			return err
		}
	}
	return r.release(now)
}

// loadUnread finds epochs whose key was kept, but whose ops were not read before
// the node stopped: the next Tick reads them.
func (r *Replica) loadUnread() error {
	v := r.People()
	for _, info := range append(v.Epochs(), v.Nooks()...) {
		if !r.HasSecret(info.Epoch.ID) {
			continue
		}
		for _, err := range r.store.Rows(unreadPrefix(info.Epoch.ID)) {
			if err != nil {
				return fmt.Errorf("look for unread ops: %w", err)
			}
			r.unread = append(r.unread, info.Epoch.ID)
			break
		}
	}
	return nil
}
