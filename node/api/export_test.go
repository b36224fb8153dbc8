package api

// VerbNames are the verbs of the table, ascending.
func VerbNames() []string {
	var out []string
	for _, v := range verbs {
		out = append(out, v.name)
	}
	return out
}
