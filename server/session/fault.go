package session

import (
	"errors"
	"time"

	"tailrace/broker/local"
	"tailrace/executor"
	"tailrace/sql/sqlerr"
	"tailrace/storage/commitlog"
	"tailrace/storage/env"
	"tailrace/storage/state"
)

// faults are those of the log, the executor and the machine that a client can do something
// about, or that are no bug: the first that is one gives the SQLSTATE. Those of files are
// PostgreSQL's (errcode_for_file_access).
var faults = []struct {
	is   func(error) bool
	code sqlerr.Code
	hint string
}{
	{env.IsNoSpace, sqlerr.DiskFull,
		"The disk of the data folder is full. What was acknowledged is safe; writing goes on as soon as there is room."},
	{env.IsNoDescriptors, sqlerr.InsufficientResources,
		"The server has no file descriptor left. Try again when there are fewer connections, or raise its limit (ulimit -n)."},
	{env.IsNoMemory, sqlerr.OutOfMemory,
		"The machine has no memory left for the server. Try again when there is less at work."},
	{env.IsPermission, sqlerr.InsufficientPrivilege,
		"The user that the server runs as may not write there, or the disk is mounted read-only."},
	{wraps(commitlog.ErrDamaged, state.ErrDamaged), sqlerr.DataCorrupted,
		"SHOW FAULTS lists what is damaged, and what can be done about it."},
	{wraps(commitlog.ErrBatchTooLarge), sqlerr.TooComplex,
		"The topic's max.message.bytes bounds what one statement writes into a partition: insert fewer rows at a time, or raise it."},
	{wraps(commitlog.ErrInvalidBatch), sqlerr.DataException,
		"The configuration of the topic says which records it takes."},
	{wraps(commitlog.ErrUnknownTopic), sqlerr.UndefinedTable,
		"SHOW TOPICS lists what there is. A topic that has been deleted under its stream or table can be made again."},
	{wraps(commitlog.ErrTopicExists), sqlerr.DuplicateObject, "SHOW TOPICS lists what there is."},
	{wraps(commitlog.ErrInvalidTopic), sqlerr.InvalidName, ""},
	{wraps(commitlog.ErrInvalidConfig), sqlerr.InvalidParameter, ""},
	{wraps(commitlog.ErrOffsetOutOfRange), sqlerr.ObjectInUse,
		"Records were deleted while they were read: run the statement again."},
	{wraps(state.ErrClosed), sqlerr.ObjectInUse,
		"What is read has just been dropped, or is being opened again: run the statement again."},
	{wraps(executor.ErrUnknownQuery), sqlerr.UndefinedObject, "SHOW QUERIES lists what there is."},
	{wraps(local.ErrBackup), sqlerr.NotInPrerequisiteState, ""},
	{env.IsNotExist, sqlerr.UndefinedFile, ""},
	{env.IsExist, sqlerr.DuplicateFile, ""},
	{env.IsWrongKind, sqlerr.WrongObjectType, ""},
	{env.IsDevice, sqlerr.IOError, "A disk of the server's machine fails: its system log has more. SHOW FAULTS lists what is out of service."},
}

func wraps(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
}

// told gives faults a SQLSTATE. Errors of the user have one already, and what is left is a
// bug.
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
	case errors.Is(err, commitlog.ErrClosed), errors.Is(err, executor.ErrClosed):
		return sqlerr.New(sqlerr.AdminShutdown, "the server is shutting down")
	}
	for _, f := range faults {
		if f.is(err) {
			return sqlerr.New(f.code, "%w", err).Hint("%s", f.hint)
		}
	}
	return err
}
