package replica

import (
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// ForReturning is what a device is handed that no op certifies yet: sealed for it
// the log key, then every circle epoch held here that one of its member's devices
// was for, the newest first, and the nooks they are in; and where history is from
// joining the keys of single bodies, as [Replica.PackFor] has them, of those that
// these do not open. The caller has checked that the device is the member's. now is
// this home's local time.
func (r *Replica) ForReturning(member crdt.ID, cert membership.DeviceCert, now time.Time, zone string) ([]protocol.Lockbox, []protocol.PackedKey, error) {
	v := r.People()
	m, ok := v.Member(member)
	if !ok || m.Standing != membership.In {
		return nil, nil, nil
	}
	mine := func(e membership.EpochID) bool {
		return v.Charter().History == membership.HistoryAll || v.ForMember(member, e)
	}
	ids := []membership.EpochID{r.cfg.LogKey}
	epochs := v.Epochs()
	for i := len(epochs) - 1; i >= 0; i-- {
		id := epochs[i].Epoch.ID
		if r.holdsCircle(id) && mine(id) {
			ids = append(ids, id)
		}
	}
	for _, info := range v.Nooks() {
		if n, ok := r.nookByID(info.Epoch.ID); ok && slices.Contains(n.members, member) {
			ids = append(ids, info.Epoch.ID)
		}
	}
	var boxes []protocol.Lockbox
	for _, id := range ids {
		s, held := r.secret(id)
		if !held {
			continue
		}
		lb, err := r.sealLockbox(cert.Box, id, s, cert.Dev)
		if err != nil {
			return nil, nil, err
		}
		boxes = append(boxes, lb)
	}
	if v.Charter().History != membership.HistoryFromJoining {
		return boxes, nil, nil
	}
	pack, err := r.pack(func(e membership.EpochID) bool { return !mine(e) || !r.HasSecret(e) }, now, zone)
	return boxes, pack, err
}
