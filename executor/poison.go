package executor

import (
	"errors"
	"slices"

	"tailrace/executor/task"
	"tailrace/sql/sqlerr"
	"tailrace/storage/commitlog"
)

// poison is what is known of records that make a query's tasks fail, by name of the task.
//
// A task that fails while it computes is opened again at its last commit, and pushes what it
// had pushed since then in smaller parts with a commit after each, until the one record that
// fails is alone. That one is reported and passed.
type poison struct {
	careful map[string]map[commitlog.TopicPartition]task.Careful
	passed  map[string]map[commitlog.TopicPartition][]task.Range
	row     int // how many were passed one after the other
}

// mostInARow is how many records are passed one after the other: then it is not they that
// are at fault, and the query stops with the reason.
const mostInARow = 100

// parts is into how many parts a failing run of rows is cut.
const parts = 16

// taskError is the error that ended a task.
type taskError struct {
	t   *task.Task
	err error
}

// Error is that of the task.
func (e *taskError) Error() string { return e.err.Error() }

// Unwrap returns it.
func (e *taskError) Unwrap() error { return e.err }

// errPanicked is a bug that a record has found.
var errPanicked = errors.New("internal error: this is a bug of Tailrace, of which the server's log has more")

// computed reports whether an error comes of what a record holds: a bug, an error in the
// user's terms, or a result that the log does not take.
func computed(err error) bool {
	_, told := sqlerr.As(err)
	return told || errors.Is(err, errPanicked) || errors.Is(err, commitlog.ErrBatchTooLarge)
}

// found takes note of an error of a task, and reports whether opening it again gets on.
func (p *poison) found(r *query, err error) bool {
	var of *taskError
	if !errors.As(err, &of) || !computed(err) {
		return false
	}
	records, rows, alone := of.t.Blame()
	if len(records) == 0 {
		return false
	}
	name := of.t.Name()
	if p.careful == nil {
		p.careful = map[string]map[commitlog.TopicPartition]task.Careful{}
		p.passed = map[string]map[commitlog.TopicPartition][]task.Range{}
	}
	if p.careful[name] == nil {
		p.careful[name] = map[commitlog.TopicPartition]task.Careful{}
		p.passed[name] = map[commitlog.TopicPartition][]task.Range{}
	}
	for tp, x := range records {
		if !alone {
			p.careful[name][tp] = task.Careful{Until: x.To, Rows: max(1, rows/parts)}
			continue
		}
		// What lies before it has been committed, and will not be pushed again.
		if last := p.passed[name][tp]; len(last) == 0 || last[len(last)-1].To != x.From {
			p.row = 0
		}
		if p.row++; p.row > mostInARow {
			return false
		}
		before := slices.DeleteFunc(p.passed[name][tp], func(y task.Range) bool { return y.To < x.From })
		p.passed[name][tp] = append(before, x)
		r.passed.Add(1)
		r.e.c.Logger.Error("a record cannot be computed, and is passed", "query", r.plan.ID, "topic", tp.Topic, "partition", tp.Partition, "offset", x.From, "err", of.err)
		r.log().passed(tp, x.From, of.err)
	}
	return true
}
