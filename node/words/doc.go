// Package words owns the sentences that a person reads: whole, by name, apart from the
// code that says them. There is one catalogue for each language that the page speaks,
// and two for the command line, which speaks English alone for now: what it says by
// itself, and what it and the interface for programs say of what the layers below name
// ([Catalogue.Tell]). The page says the latter from its own, under the same names.
//
// A catalogue is a file of JSON. A sentence is a text, or one text for each plural form
// of the language (CLDR), chosen by the value named "n". What goes into it stands in
// braces by its name: "{name} says of thanks: {text}". A number that the command line
// says is {n}, {of}, {least} or {most}, or "{b number}", and each has a line in a test
// that tells what it counts. Names of sentences are grouped as the code is that says
// them, and "KEY.hint" is what can be done about a refusal that is named KEY.
//
// A catalogue is read when somebody first asks it for a sentence, so that a command
// reads its own and none of the page's.
package words
