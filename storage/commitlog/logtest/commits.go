package logtest

import (
	"fmt"
	"slices"
	"sync"

	"tailrace/storage/commitlog"
)

type positions = map[commitlog.TopicPartition]commitlog.Position

func (s *suite) batches(tp commitlog.TopicPartition, values ...string) []commitlog.PartitionBatch {
	out := []commitlog.PartitionBatch{}
	for _, v := range values {
		out = append(out, commitlog.PartitionBatch{TopicPartition: tp, Batch: Batch(1000, v)})
	}
	return out
}

func (s *suite) wantPositions(group string, want positions) {
	s.Helper()
	got, err := s.log.Positions(s.ctx, group)
	s.must(err)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("positions of %s\n got %v\nwant %v", group, got, want)
	}
}

func (s *suite) commit() {
	out, in := s.topic("out", 2), s.topic("in", 1)
	other := commitlog.TopicPartition{Topic: "out", Partition: 1}
	s.append(out, "before")
	offs, err := s.log.Commit(s.ctx, commitlog.Commit{
		Group: "g", Task: "0", Owner: 1,
		Appends:   append(s.batches(out, "a", "b"), s.batches(other, "c")...),
		Positions: positions{in: {Offset: 7, Metadata: "m"}},
	})
	s.must(err)
	s.want(offs, "[1 2 0]", "the first offset of each batch")
	s.want(s.values(out), "[before a b]", "records of one partition")
	s.want(s.values(other), "[c]", "records of the other")
	s.wantPositions("g", positions{in: {Offset: 7, Metadata: "m"}})

	offs, err = s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Positions: positions{in: {Offset: 9}}})
	s.must(err)
	s.want(offs, "[]", "offsets of a commit of positions only")
	s.wantPositions("g", positions{in: {Offset: 9}})
	_, err = s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Appends: s.batches(out, "d")})
	s.must(err)
	_, err = s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1})
	s.must(err)
	s.append(out, "after")
	s.want(s.values(out), "[before a b d after]", "records after more commits")
}

func (s *suite) commitRefused() {
	out, in := s.topic("out", 1), s.topic("in", 1)
	for name, bad := range badBatches() {
		_, err := s.log.Commit(s.ctx, commitlog.Commit{
			Group: "g", Task: "0", Owner: 1,
			Appends:   append(s.batches(out, "a"), commitlog.PartitionBatch{TopicPartition: out, Batch: bad}),
			Positions: positions{in: {Offset: 7}},
		})
		s.wantErr(err, commitlog.ErrInvalidBatch, "Commit with %s", name)
	}
	s.want(s.values(out), "[]", "records of refused commits")
	s.wantPositions("g", positions{})
	offs, err := s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Appends: s.batches(out, "b")})
	s.must(err)
	s.want(offs, "[0]", "the task goes on")
}

func (s *suite) fence() {
	out := s.topic("out", 1)
	commit := func(task string, owner int64, v string) error {
		_, err := s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: task, Owner: owner, Appends: s.batches(out, v)})
		return err
	}
	s.must(commit("0", 5, "a"))
	s.wantErr(commit("0", 4, "x"), commitlog.ErrFenced, "an older owner")
	s.must(commit("0", 5, "b"))
	s.must(commit("1", 1, "c")) // another task has its own owners
	_, err := s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 6})
	s.must(err) // an empty commit takes over
	s.wantErr(commit("0", 5, "x"), commitlog.ErrFenced, "the owner before an empty commit")
	s.must(commit("0", 6, "d"))
	s.want(s.values(out), "[a b c d]", "records")
	if s.home.Reopen == nil {
		return
	}
	s.log = s.home.Reopen()
	s.wantErr(commit("0", 5, "x"), commitlog.ErrFenced, "an older owner after reopening")
	s.must(commit("0", 6, "e"))
	s.must(s.log.DeletePositions(s.ctx, "g"))
	s.must(commit("0", 1, "f")) // a group that is forgotten begins anew
	s.want(s.values(out), "[a b c d e f]", "records after reopening")
}

func (s *suite) manyCommits() {
	const tasks, each = 6, 25
	in := s.topic("in", tasks)
	s.topic("out", 2)
	var wg sync.WaitGroup
	errs := make(chan error, tasks)
	for k := range tasks {
		wg.Go(func() {
			for i := range each {
				c := commitlog.Commit{Group: "g", Task: fmt.Sprint(k), Owner: 1,
					Positions: positions{{Topic: in.Topic, Partition: commitlog.PartitionID(k)}: {Offset: commitlog.Offset(i + 1)}}}
				for p := range 2 {
					c.Appends = append(c.Appends, s.batches(commitlog.TopicPartition{Topic: "out", Partition: commitlog.PartitionID(p)}, fmt.Sprintf("%d/%d", k, i))...)
				}
				if _, err := s.log.Commit(s.ctx, c); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		s.Error(err)
	}
	for p := range 2 {
		next := make([]int, tasks)
		for _, v := range s.values(commitlog.TopicPartition{Topic: "out", Partition: commitlog.PartitionID(p)}) {
			var k, i int
			if _, err := fmt.Sscanf(v, "%d/%d", &k, &i); err != nil || next[k] != i {
				s.Fatalf("record %s where %d/%d was due", v, k, next[k])
			}
			next[k]++
		}
		s.want(next, slices.Repeat([]int{each}, tasks), "commits of each task in partition %d", p)
	}
	want := positions{}
	for k := range tasks {
		want[commitlog.TopicPartition{Topic: "in", Partition: commitlog.PartitionID(k)}] = commitlog.Position{Offset: each}
	}
	s.wantPositions("g", want)
}

func (s *suite) positions() {
	in := s.topic("in", 2)
	one := commitlog.TopicPartition{Topic: "in", Partition: 1}
	s.wantPositions("unknown", positions{})
	set := func(group, task string, p positions) {
		_, err := s.log.Commit(s.ctx, commitlog.Commit{Group: group, Task: task, Owner: 1, Positions: p})
		s.must(err)
	}
	set("g", "0", positions{in: {Offset: 1, Metadata: "ü"}})
	set("g", "1", positions{one: {Offset: 2}})
	set("h", "0", positions{in: {Offset: 3}})
	s.wantPositions("g", positions{in: {Offset: 1, Metadata: "ü"}, one: {Offset: 2}})
	s.must(s.log.DeletePositions(s.ctx, "g"))
	s.must(s.log.DeletePositions(s.ctx, "unknown"))
	s.wantPositions("g", positions{})
	s.wantPositions("h", positions{in: {Offset: 3}})
	set("g", "0", positions{in: {Offset: 4}})
	s.wantPositions("g", positions{in: {Offset: 4}})
	if s.home.Reopen != nil {
		s.log = s.home.Reopen()
		s.wantPositions("g", positions{in: {Offset: 4}})
		s.wantPositions("h", positions{in: {Offset: 3}})
	}
}

func (s *suite) reopen() {
	if s.home.Reopen == nil {
		s.Skip("this home cannot be reopened")
	}
	tp := s.topic("t", 2)
	topic, err := s.log.Topic(s.ctx, "t")
	s.must(err)
	for round := range 3 {
		s.append(tp, fmt.Sprint("a", round))
		_, err := s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1,
			Appends: s.batches(tp, fmt.Sprint("c", round)), Positions: positions{tp: {Offset: commitlog.Offset(round)}}})
		s.must(err)
		s.log = s.home.Reopen()
		s.want(len(s.values(tp)), 2*(round+1), "records after reopening %d times", round+1)
		s.wantPositions("g", positions{tp: {Offset: commitlog.Offset(round)}})
	}
	s.want(s.values(tp), "[a0 c0 a1 c1 a2 c2]", "records")
	again, err := s.log.Topic(s.ctx, "t")
	s.must(err)
	s.want(again, topic, "the topic")
	s.must(s.log.DeleteTopic(s.ctx, "t"))
	s.log = s.home.Reopen()
	_, err = s.log.Topic(s.ctx, "t")
	s.wantErr(err, commitlog.ErrUnknownTopic, "a deleted topic after reopening")
}

func (s *suite) closed() {
	tp := s.topic("t", 1)
	s.append(tp, "a")
	s.must(s.log.Close())
	_, err := s.log.Append(s.ctx, commitlog.PartitionBatch{TopicPartition: tp, Batch: Batch(1, "b")}, commitlog.AcksDurable)
	s.wantErr(err, commitlog.ErrClosed, "Append")
	_, err = s.log.Read(s.ctx, tp, 0, make([]byte, 100))
	s.wantErr(err, commitlog.ErrClosed, "Read")
	_, err = s.log.Commit(s.ctx, commitlog.Commit{Group: "g", Task: "0", Owner: 1, Appends: s.batches(tp, "b")})
	s.wantErr(err, commitlog.ErrClosed, "Commit")
	_, err = s.log.Topics(s.ctx)
	s.wantErr(err, commitlog.ErrClosed, "Topics")
	s.must(s.log.Close())
}
