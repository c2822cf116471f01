// Package command is what all commands of the program share: the files that they read
// and write, how they fail, how they explain themselves, and how they print lists.
//
//	stdio.go    standard input, output and error, and the environment
//	failure.go  exit codes; an error says what, why, and what to do about it
//	run.go      runs a command line and prints its failure
//	usage.go    arguments and flags: what was perhaps meant
//	help.go     the text of --help, with connection flags apart
//	format.go   --format, and lists as tables or JSON
//
// A command writes through its Stdio alone, so that tests see everything it prints.
package command
