package api

import "tend/node/view"

func pairNotes(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.PairNotes(c.text("member"))
}

// own is a look at what the person keeps for themselves.
func own[T any](c *call, read func(view.Source) T) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return read(s), nil
}

func ceiling(c *call) (any, error) { return own(c, view.Source.Ceiling) }

func reflections(c *call) (any, error) { return own(c, view.Source.Reflections) }

func followed(c *call) (any, error) { return own(c, view.Source.Followed) }

func remind(c *call) (any, error) { return own(c, view.Source.Remind) }

func digest(c *call) (any, error) { return own(c, view.Source.Digest) }

func mirror(c *call) (any, error) { return own(c, view.Source.Mirror) }

func distances(c *call) (any, error) { return own(c, view.Source.Distances) }
