package executor

import (
	"context"
	"fmt"

	"tailrace/executor/chunk"
	"tailrace/executor/source"
	"tailrace/executor/task"
	"tailrace/executor/topology"
	"tailrace/planner/plan"
	"tailrace/storage/commitlog"
)

// Scan reads what the topic of a source holds now: every partition from its start to where
// it ends when Scan is called, one after the other. Records that cannot be read are left
// out and logged. fn may not keep the chunks; ErrStop ends the scan. Rows of a table are
// what its records say, updates without their halves before.
func (e *Engine) Scan(ctx context.Context, n *plan.Source, fn func(*chunk.Chunk) error) error {
	log := e.plog.logger("SCAN_"+n.Name, &e.transientRows)
	rt := &topology.Runtime{NowMillis: func() int64 { return e.c.Clock.Now().UnixMilli() }, Random: e.c.Rand.Uint64, Log: log.row}
	spec, err := topology.SourceSpec(n, rt)
	if err != nil {
		return err
	}
	t, err := e.c.Log.Topic(ctx, n.Topic)
	if err != nil {
		return fmt.Errorf("source %s: %w", n.Name, err)
	}
	for p := range t.Partitions {
		tp := commitlog.TopicPartition{Topic: n.Topic, Partition: commitlog.PartitionID(p)}
		dec, err := source.New(spec, p, log.fault)
		if err != nil {
			return err
		}
		if err := task.Scan(ctx, e.c.Log, e.transient, tp, dec, fn); err != nil {
			return ended(err)
		}
	}
	return nil
}
