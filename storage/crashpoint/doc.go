// Package crashpoint names the moments at which a crash must lose nothing.
//
// A build with the tag crashpoints, which only tests make, dies at such a moment
// when it is told to. Every other build has empty functions here: nothing of this
// package is in the program that people run, not even the names of the moments.
//
// What is said to be told: the environment variable TEND_TEST_CRASHES names a
// folder. The file there that has the home's name, the last part of --home, holds
// the name of a moment and, behind a #, which time it comes is meant (1 if there is
// none). The file is gone when the program has died of it.
package crashpoint
