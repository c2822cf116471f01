package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// PsqlCodes marks a command whose exit codes are psql's: a wrong command line is 1,
// since 2 is a connection that cannot be made or is lost.
const PsqlCodes = "psql-codes"

// Run executes a command line and returns the exit code. What fails is told on standard
// error; an output whose reader has gone is the end, not a failure.
func Run(root *cobra.Command, args []string, std Stdio) int {
	root.InitDefaultHelpCmd()
	root.SetArgs(args)
	ran, err := root, unknownCommand(root, args)
	if err == nil {
		ran, err = root.ExecuteC()
	}
	if err == nil || IsClosedOutput(err) {
		return 0
	}
	f := &Failure{}
	errors.As(err, &f)
	if !f.Silent {
		fmt.Fprintf(std.Err, "tailrace: %s\n", Message(err))
	}
	switch {
	case f.Code != 0:
		return f.Code
	case f.Usage && ran.Annotations[PsqlCodes] == "":
		return ExitUsage
	}
	return ExitFailure
}
