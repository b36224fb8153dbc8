package replica

import (
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// ForReturning seals, for a device that no op certifies yet, what its member may
// read: the log key first, then every circle epoch held here that one of their
// devices was for, the newest first, and the nooks they are in. The caller has
// checked that the device is the member's.
func (r *Replica) ForReturning(member crdt.ID, cert membership.DeviceCert) ([]protocol.Lockbox, error) {
	v := r.People()
	m, ok := v.Member(member)
	if !ok || m.Standing != membership.In {
		return nil, nil
	}
	ids := []membership.EpochID{r.cfg.LogKey}
	epochs := v.Epochs()
	for i := len(epochs) - 1; i >= 0; i-- {
		id := epochs[i].Epoch.ID
		if v.Charter().History == membership.HistoryAll || wasFor(v.EpochRoster(id), m.Devices) {
			ids = append(ids, id)
		}
	}
	for _, info := range v.Nooks() {
		if n, ok := r.nookByID(info.Epoch.ID); ok && slices.Contains(n.members, member) {
			ids = append(ids, info.Epoch.ID)
		}
	}
	var out []protocol.Lockbox
	for _, id := range ids {
		s, held := r.secret(id)
		if !held {
			continue
		}
		lb, err := protocol.SealLockbox(cert.Box, r.circle, s, cert.Dev)
		if err != nil {
			return nil, err
		}
		out = append(out, lb)
	}
	return out, nil
}

func wasFor(roster []crdt.Device, devices []membership.Device) bool {
	return slices.ContainsFunc(devices, func(d membership.Device) bool { return slices.Contains(roster, d.Dev) })
}
