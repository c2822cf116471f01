package session

import (
	"errors"
	"time"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/sql/sqlerr"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
)

// told gives faults of the log that a client can do something about their own SQLSTATE.
// Errors of the user have one already, and all others are bugs.
func told(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := sqlerr.As(err); ok {
		return err
	}
	var failed *executor.Failure
	switch {
	case errors.As(err, &failed):
		return sqlerr.New(sqlerr.NotInPrerequisiteState, "%w", failed).
			Detail("It failed at %s.", failed.Since.UTC().Format(time.RFC3339)).
			Hint("%s SET read_consistency = eventual reads what is there.", failed.Remedy())
	case env.IsNoSpace(err):
		return sqlerr.New(sqlerr.DiskFull, "%w", err).
			Hint("The disk of the data folder is full. What was acknowledged is safe; writing goes on as soon as there is room.")
	case env.IsPermission(err):
		return sqlerr.New(sqlerr.InsufficientPrivilege, "%w", err).
			Hint("The user that the server runs as may not write there, or the disk is mounted read-only.")
	case errors.Is(err, commitlog.ErrBatchTooLarge):
		return sqlerr.New(sqlerr.TooComplex, "%w", err).
			Hint("The topic's max.message.bytes bounds what one statement writes into a partition: insert fewer rows at a time, or raise it.")
	case errors.Is(err, local.ErrBackup):
		return sqlerr.New(sqlerr.NotInPrerequisiteState, "%w", err)
	case errors.Is(err, commitlog.ErrClosed):
		return sqlerr.New(sqlerr.AdminShutdown, "the server is shutting down")
	}
	return err
}
