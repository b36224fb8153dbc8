package crdt

// Fact is what is asked of an op once it is in the log, without reading it.
type Fact struct {
	Dev   Device
	Seq   uint64
	HLC   HLC
	Class Class
	// Arr is the op's arrival number: 1, 2, 3… in the order this node applied ops.
	Arr uint64
	// Known is, for content, the number of its set of control heads in [Pasts].
	Known uint32
	// DayOps and DayBytes are what the chain that ends here wrote on the op's
	// HLC day, this op included.
	DayOps   uint32
	DayBytes uint32
}

// Index answers questions about ops that are in the log. The answers are a
// function of the set held. A storage.Circle is one.
type Index interface {
	// Fact returns the fact of an op; false if it is not in the log.
	Fact(id ID) (Fact, bool, error)
	// At returns the ids of the ops at one seq of one device, ascending; more
	// than one is a fork.
	At(dev Device, seq uint64) ([]ID, error)
	// Op returns an op and its fact; false if it is not in the log. A [Log] reads
	// ops only to follow the backlinks of a device with more than [MaxFreeTips]
	// tips.
	Op(id ID) (Op, Fact, bool, error)
}

// LaneEntry is one op's place in its device's lane.
type LaneEntry struct {
	Seq uint64
	ID  ID
	Arr uint64
}

// Stored is an op as a store holds it, with its fact.
type Stored struct {
	Op   Op
	Fact Fact
}
