package api

import "tend/crdt/circle"

func pod(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Pod(), nil
}

func groups(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Groups(), nil
}

// faces shows who would read something; it changes nothing.
func faces(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Faces(c.args["to"])
}

// widening shows what widen would do; it changes nothing.
func widening(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	args := circle.Args{}
	for key, values := range c.args {
		if key != "circle" {
			args[key] = values
		}
	}
	return s.Widening(args)
}
