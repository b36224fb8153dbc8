package sim_test

import (
	"fmt"

	"tend/node/sim"
)

// A scenario is a text. In a test, [sim.Run] plays it:
//
//	o := sim.Run(t, s, sim.Options{})
//	if o.Failure != nil {
//		t.Error(o.Failure)
//	}
func ExampleParse() {
	s, err := sim.Parse(`
		# A power cut between the disk and the screen loses nothing.
		seed 7
		0s     ann begins
		10s    ben joins ann
		1m     ann crashes durable
		1m     ann asks soup
		end    ben sees soup
	`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(s)
	// Output:
	// seed 7
	// net delay 5ms 80ms loss 0 twice 0 late 0
	// 0s ann begins
	// 10s ben joins ann
	// 1m0s ann crashes durable
	// 1m0s ann asks soup
	// end ben sees soup
}
