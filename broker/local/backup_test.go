package local

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tailrace/storage/commitlog"
	"tailrace/storage/commitlog/logtest"
	"tailrace/storage/env"
)

// TestBackupIsOfOneMoment: tasks commit records to many partitions together with a
// position. In a backup that is taken meanwhile, the partitions and the position of each
// task agree: a commit is in it as a whole, or not.
func TestBackupIsOfOneMoment(t *testing.T) {
	const tasks, partitions = 3, 12
	fs, ctx := vfs.NewMem(), context.Background()
	l := mustOpen(t, Config{FS: fs, Dir: "/d/log"})
	for k := range tasks {
		mustCreate(t, l, fmt.Sprint("out", k), partitions, nil)
	}
	mustCreate(t, l, "in", tasks, nil)
	stop := make(chan struct{})
	var committing sync.WaitGroup
	for k := range tasks {
		committing.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				c := commitlog.Commit{Group: "g", Task: fmt.Sprint(k), Owner: 1,
					Positions: map[commitlog.TopicPartition]commitlog.Position{part("in", k): {Offset: commitlog.Offset(n)}}}
				for p := range partitions {
					c.Appends = append(c.Appends, commitlog.PartitionBatch{TopicPartition: part(fmt.Sprint("out", k), p), Batch: logtest.Batch(1, fmt.Sprint(n))})
				}
				if _, err := l.Commit(ctx, c); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 25 {
		if _, err := l.Backup(ctx, fmt.Sprint("/backup", i)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	committing.Wait()
	mustClose(t, l)
	for i := range 25 {
		checkMoment(t, fs, fmt.Sprint("/backup", i, "/log"), tasks, partitions)
	}
}

func checkMoment(t *testing.T, fs env.FS, dir string, tasks, partitions int) {
	t.Helper()
	l := mustOpen(t, Config{FS: fs, Dir: dir})
	defer mustClose(t, l)
	for k := range tasks {
		at, err := l.Positions(context.Background(), "g")
		if err != nil {
			t.Fatal(err)
		}
		want := at[part("in", k)].Offset
		for p := range partitions {
			b, err := l.Bounds(context.Background(), part(fmt.Sprint("out", k), p))
			if err != nil {
				t.Fatal(err)
			}
			if b.HighWatermark != max(want, 0) {
				t.Errorf("%s: task %d is at %d, partition %d ends at %d", dir, k, want, p, b.HighWatermark)
			}
		}
	}
}
