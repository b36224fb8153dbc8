package p2p_test

import (
	"tend/node"
	"tend/node/p2p"
)

// The node is a home.
var _ p2p.Home = (*node.Node)(nil)
