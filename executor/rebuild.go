package executor

import (
	"context"
	"errors"

	"tailrace/executor/task"
	"tailrace/executor/topology"
	"tailrace/storage/commitlog"
)

func (r *query) rebuildRemedy() string {
	return "REBUILD " + r.plan.ID + " makes its result anew from what its sources hold"
}

// Rebuild forgets what a query has made, and where it stands, and lets it begin anew at the
// first record that its sources hold, whatever auto.offset.reset says. Its output topic
// keeps what is in it: a table's rows are written again, a stream's a second time.
func (e *Engine) Rebuild(ctx context.Context, id string) error {
	r, err := e.query(id)
	if err != nil {
		return err
	}
	paused := r.idle()
	r.halt()
	e.c.Logger.Info("query stopped", "query", id, "reason", "rebuilt")
	err = r.anew(ctx)
	if r.view != nil {
		r.view.attach(nil)
	}
	if paused {
		return err
	}
	r.set(Starting)
	if e.c.Manual {
		return errors.Join(err, r.open(ctx))
	}
	r.start()
	return err
}

// anew commits the positions of a query that has read nothing. One commit a group says all
// of it, the places in the changelogs from which they count included; what is removed after
// that is not looked at any more.
func (r *query) anew(ctx context.Context) error {
	if r.topo == nil {
		return errors.New("the plan of the query cannot be run")
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	groups := map[string]map[commitlog.TopicPartition]commitlog.Position{}
	trims := map[commitlog.TopicPartition]commitlog.Offset{}
	for i, s := range r.topo.Subs {
		group := r.group(i)
		if groups[group] == nil {
			groups[group] = map[commitlog.TopicPartition]commitlog.Position{}
		}
		for p := range r.tasksOf(i) {
			leaves, err := r.leaves(ctx, i, p, r.runtime(s))
			if err != nil {
				return err
			}
			changelogs := map[string]string{}
			for _, st := range s.States() {
				changelogs[st.ID] = topology.ChangelogTopic(r.topo.AppID, st.ID)
			}
			if err := task.Anew(ctx, r.e.c.Log, leaves, changelogs, commitlog.PartitionID(p), groups[group], trims); err != nil {
				return err
			}
		}
	}
	for group, positions := range groups {
		if _, err := r.e.c.Log.Commit(ctx, commitlog.Commit{Group: group, Task: "rebuild", Owner: r.e.nextOwner(), Positions: positions}); err != nil {
			return err
		}
	}
	var err error
	for tp, before := range trims {
		err = errors.Join(err, r.e.c.Log.Trim(ctx, tp, before))
	}
	if r.e.db != nil {
		err = errors.Join(err, r.e.db.Drop(r.topo.AppID+"/"))
	}
	return err
}
