package task

import "tailrace/storage/commitlog"

// Range is the offsets [From, To) of a partition.
type Range struct{ From, To commitlog.Offset }

// Careful says that below Until no more than Rows rows are pushed before a commit.
type Careful struct {
	Until commitlog.Offset
	Rows  int
}

// careful is how many rows of an input may be pushed at once, 0 for as many as there are.
func (t *Task) careful(in *input) int {
	if c, ok := t.c.Careful[in.tp]; ok && in.position() < c.Until {
		return c.Rows
	}
	return 0
}

// passes reports whether a record is one of those that are not pushed.
func (in *input) passes(off commitlog.Offset) bool {
	for _, r := range in.passed {
		if off >= r.From && off < r.To {
			return true
		}
	}
	return false
}

// Blame tells, of a task that has failed, which records may have made it fail: those that
// were pushed since the last commit, and how many rows they were. alone says that they are
// one row's. It is the owner's to ask.
func (t *Task) Blame() (records map[commitlog.TopicPartition]Range, rows int, alone bool) {
	records = map[commitlog.TopicPartition]Range{}
	if t.pushing.careful == 1 {
		records[t.pushing.tp] = Range{t.pushing.from, t.pushing.to}
		return records, 1, true
	}
	for _, in := range t.inputs {
		to := in.position()
		if in.tp == t.pushing.tp {
			to = max(to, t.pushing.to)
		}
		if from := t.committed[in.tp]; to > from {
			r := records[in.tp]
			records[in.tp] = Range{from, max(to, r.To)}
		}
	}
	return records, t.uncommitted, false
}
