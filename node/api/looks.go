package api

import "tend/node/view"

func today(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Today(), nil
}

// filtered is the look of a list.
func filtered[T any](c *call, read func(view.Source, view.Filter) []T) (any, error) {
	f, err := c.filter()
	if err != nil {
		return nil, err
	}
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return read(s, f), nil
}

func list(c *call) (any, error) { return filtered(c, view.Source.List) }

func posts(kind string) func(*call) (any, error) {
	return func(c *call) (any, error) {
		return filtered(c, func(s view.Source, f view.Filter) []view.Post { return s.Posts(kind, f) })
	}
}

func agreements(c *call) (any, error) { return filtered(c, view.Source.Agreements) }

func talks(c *call) (any, error) { return filtered(c, view.Source.Talks) }

func members(c *call) (any, error) { return filtered(c, view.Source.Members) }

func show(c *call) (any, error) {
	id, err := c.need("id")
	if err != nil {
		return nil, err
	}
	all, err := c.flag("all")
	if err != nil {
		return nil, err
	}
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Show(id, all)
}

func who(c *call) (any, error) {
	id, err := c.need("id")
	if err != nil {
		return nil, err
	}
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Who(id)
}

func attentions(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Look(), nil
}

func week(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Week(), nil
}

func shelves(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Map(), nil
}

func search(c *call) (any, error) {
	words, err := c.need("words")
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit")
	if err != nil {
		return nil, err
	}
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Search(words, limit), nil
}

func charter(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return s.Charter(), nil
}
