package api

// VerbNames are the verbs of the table, ascending.
func VerbNames() []string {
	var out []string
	for _, v := range verbs {
		out = append(out, v.name)
	}
	return out
}

// ReadArgs reads the JSON body of a command.
var ReadArgs = readArgs
