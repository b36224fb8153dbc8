package main

import (
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/node"
	"tend/protocol"
	"tend/storage/vault"
)

// keyring is a [node.Keyring] in the vault. The vault keeps a copy in memory, so
// reading never waits for the disk; what it took is on disk when it returns.
type keyring struct{ vault *vault.Vault }

// TransportSeed implements [node.Keyring].
func (k keyring) TransportSeed() [32]byte { return k.vault.Transport() }

// Circles implements [node.Keyring].
func (k keyring) Circles() []crdt.ID { return k.vault.Circles() }

// Circle implements [node.Keyring].
func (k keyring) Circle(id crdt.ID) (node.CircleKeys, bool) {
	c, ok := k.vault.Circle(id)
	if !ok {
		return node.CircleKeys{}, false
	}
	me, err := identityOf(c.Identity)
	if err != nil {
		return node.CircleKeys{}, false // the vault holds what this adapter put there
	}
	out := node.CircleKeys{Identity: me, LogKey: [32]byte(c.LogKey), Name: c.Name}
	for _, s := range c.Secrets {
		out.Secrets = append(out.Secrets, [32]byte(s))
	}
	out.Packed = packedOf(c.Local[packedName])
	for _, i := range c.Invites {
		out.Invites = append(out.Invites, node.InviteSeed{Op: i.Op, Seed: [16]byte(i.Seed), For: i.For})
	}
	if first := c.Local[firstName]; len(first) == len(out.First) {
		out.First = crdt.ID(first)
	}
	_, out.Restored = c.Local[restoredName]
	return out, true
}

// firstName is where the vault keeps the first op of a device that came in by
// itself.
const firstName = "first"

// restoredName is where the vault notes that a circle came back from a backup, and
// that nobody was met in it yet.
const restoredName = "restored"

// keepLocal keeps a small value with a circle's keys; an empty one goes.
func keepLocal(kept *vault.Circle, name string, value []byte) {
	if len(value) == 0 {
		delete(kept.Local, name)
		return
	}
	if kept.Local == nil {
		kept.Local = map[string][]byte{}
	}
	kept.Local[name] = value
}

// SetCircle implements [node.Keyring].
func (k keyring) SetCircle(id crdt.ID, c node.CircleKeys) error {
	return k.vault.Update(func(all *vault.Contents) error {
		keepCircle(all, id, c)
		return nil
	})
}

// keepCircle puts what is kept of a circle into the vault's contents.
func keepCircle(all *vault.Contents, id crdt.ID, c node.CircleKeys) {
	kept, err := all.Circle(id)
	if err != nil {
		kept = &vault.Circle{}
		all.Circles[id] = kept
	}
	kept.Identity, kept.LogKey, kept.Name = vaultIdentity(c.Identity), vault.Seed(c.LogKey), c.Name
	kept.Secrets, kept.Invites = nil, nil
	keepPacked(kept, c.Packed)
	var first, restored []byte
	if !c.First.IsZero() {
		first = c.First[:]
	}
	if c.Restored {
		restored = []byte{1}
	}
	keepLocal(kept, firstName, first)
	keepLocal(kept, restoredName, restored)
	for _, s := range c.Secrets {
		kept.Secrets = append(kept.Secrets, vault.Seed(s))
	}
	for _, i := range c.Invites {
		kept.Invites = append(kept.Invites, vault.Invite{Op: i.Op, Seed: i.Seed[:], For: i.For})
	}
}

// Joinings implements [node.Keyring].
func (k keyring) Joinings() []node.Joining {
	var out []node.Joining
	for _, j := range k.vault.Joinings() {
		me, err := identityOf(j.Identity)
		if err != nil {
			continue // the vault holds what this adapter put there
		}
		out = append(out, node.Joining{ID: j.ID, Code: string(j.Code), Show: j.Show, Name: j.Name, Identity: me,
			Since: j.Since, Last: j.Last, Over: j.Over})
	}
	return out
}

// SetJoinings implements [node.Keyring].
func (k keyring) SetJoinings(list []node.Joining) error {
	return k.vault.Update(func(all *vault.Contents) error {
		all.Joinings = nil
		for _, j := range list {
			all.Joinings = append(all.Joinings, vault.Joining{ID: j.ID, Code: vault.Bytes(j.Code), Show: j.Show, Name: j.Name,
				Identity: vaultIdentity(j.Identity), Since: j.Since, Last: j.Last, Over: j.Over})
		}
		return nil
	})
}

func identityOf(i vault.Identity) (node.Identity, error) {
	out := node.Identity{RootSeed: i.Root, NextSeed: i.NextRoot, DevSeed: i.Device}
	if err := canon.Unmarshal(i.Inception, &out.Inception); err != nil {
		return node.Identity{}, fmt.Errorf("read an inception in the vault: %w", err)
	}
	for _, b := range i.Boxes {
		out.Boxes = append(out.Boxes, node.Box{Key: b.Key, Made: b.Made})
	}
	return out, nil
}

func vaultIdentity(i node.Identity) vault.Identity {
	out := vault.Identity{Inception: canon.MustMarshal(i.Inception), Root: i.RootSeed, NextRoot: i.NextSeed, Device: i.DevSeed}
	for _, b := range i.Boxes {
		out.Boxes = append(out.Boxes, vault.Box{Key: b.Key, Made: b.Made})
	}
	return out
}

// seedsName is where the vault keeps the recovery seeds.
const seedsName = "recovery seeds"

// keptSeeds is how they lie there.
type keptSeeds struct {
	_    struct{} `cbor:",toarray"`
	Next uint32
	All  [][32]byte
}

// Seeds implements [node.Keyring].
func (k keyring) Seeds() node.Seeds {
	data, ok := k.vault.Local(seedsName)
	if !ok {
		return node.Seeds{}
	}
	var kept keptSeeds
	if err := canon.Unmarshal(data, &kept); err != nil {
		return node.Seeds{} // the vault holds what this adapter put there
	}
	return node.Seeds{All: kept.All, Next: kept.Next}
}

// SetSeeds implements [node.Keyring].
func (k keyring) SetSeeds(s node.Seeds) error {
	return k.vault.Update(func(all *vault.Contents) error { return keepSeeds(all, s) })
}

func keepSeeds(all *vault.Contents, s node.Seeds) error {
	data, err := canon.Marshal(keptSeeds{Next: s.Next, All: s.All})
	if err != nil {
		return err
	}
	if all.Local == nil {
		all.Local = map[string][]byte{}
	}
	all.Local[seedsName] = data
	return nil
}

// Restore implements [node.Keyring].
func (k keyring) Restore(s node.Seeds, circles map[crdt.ID]node.CircleKeys) error {
	return k.vault.Update(func(all *vault.Contents) error {
		if len(all.Circles) > 0 {
			return node.ErrHave
		}
		for id, c := range circles {
			keepCircle(all, id, c)
		}
		return keepSeeds(all, s)
	})
}

// packedName is where the vault keeps the keys of single bodies that a welcome
// pack brought: op id, key and commitment, 32 bytes each, one after the other.
const packedName = "packed"

func packedOf(data []byte) []protocol.PackedKey {
	var out []protocol.PackedKey
	for ; len(data) >= 96; data = data[96:] {
		out = append(out, protocol.PackedKey{Op: crdt.ID(data[:32]), Key: [32]byte(data[32:64]), Commit: [32]byte(data[64:96])})
	}
	return out
}

func keepPacked(kept *vault.Circle, keys []protocol.PackedKey) {
	if len(keys) == 0 {
		delete(kept.Local, packedName)
		return
	}
	data := make([]byte, 0, 96*len(keys))
	for _, k := range keys {
		data = append(append(append(data, k.Op[:]...), k.Key[:]...), k.Commit[:]...)
	}
	if kept.Local == nil {
		kept.Local = map[string][]byte{}
	}
	kept.Local[packedName] = data
}
