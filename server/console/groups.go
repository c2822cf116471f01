package console

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tailrace/broker/coordinator/group"
	"tailrace/storage/commitlog"
)

// groupRow is a group in a list.
type groupRow struct {
	ID      string   `json:"id"`
	State   string   `json:"state"`
	Members int      `json:"members"`
	Query   string   `json:"query,omitempty" doc:"The query whose positions these are."`
	Topics  []string `json:"topics" doc:"That it has positions in."`
	Lag     int64    `json:"lag" doc:"Records behind the ends of its partitions."`
}

// groupDetail is one group.
type groupDetail struct {
	groupRow
	ProtocolType string   `json:"protocol_type"`
	Protocol     string   `json:"protocol" doc:"The assignor."`
	Owned        bool     `json:"owned" doc:"Of a query: its positions are part of what the query has computed, and nobody else's to change."`
	MemberList   []member `json:"member_list"`
}

type member struct {
	ID         string   `json:"id"`
	InstanceID string   `json:"instance_id,omitempty"`
	ClientID   string   `json:"client_id"`
	Host       string   `json:"host"`
	Assigned   []string `json:"assigned" doc:"topic-partition."`
}

// groupOffset is the position of a group in one partition.
type groupOffset struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset" doc:"The next that the group will read."`
	End       int64  `json:"end" doc:"The high watermark; -1: the partition is gone."`
	Lag       int64  `json:"lag"`
	Member    string `json:"member,omitempty" doc:"Who reads it."`
	Committed int64  `json:"committed" doc:"When, in ms since 1970."`
}

// lagHistory is the lag of a group in the last hour.
type lagHistory struct {
	IntervalMs int64   `json:"interval_ms"`
	Times      []int64 `json:"times"`
	Lag        []int64 `json:"lag"`
}

var groupParam = pathText("group", "Id of the group.")

var groupEndpoints = []endpoint{
	{method: "GET", path: "/api/groups", summary: "Consumer groups", answer: page[groupRow]{},
		params: []param{searchParam, limitParam, offsetParam,
			{name: "queries", kind: boolParam, doc: "With those of queries."},
			{name: "topic", kind: textParam, doc: "Only those that have positions in this topic."}},
		handle: func(k *Console, r *request) (any, error) { return k.listGroups(r) }},
	{method: "GET", path: "/api/groups/{group}", summary: "A group and its members", answer: groupDetail{}, params: []param{groupParam},
		handle: func(k *Console, r *request) (any, error) { return k.group(r.text("group")) }},
	{method: "GET", path: "/api/groups/{group}/offsets", summary: "The positions of a group", answer: page[groupOffset]{},
		params: []param{groupParam, limitParam, offsetParam, {name: "topic", kind: textParam, doc: "Only in this topic."}},
		handle: func(k *Console, r *request) (any, error) { return k.groupOffsets(r) }},
	{method: "GET", path: "/api/groups/{group}/history", summary: "The lag of a group in the last hour", answer: lagHistory{}, params: []param{groupParam},
		handle: func(k *Console, r *request) (any, error) { return k.groupHistory(r.text("group")) }},
	{method: "POST", path: "/api/groups/{group}/reset", summary: "Move the positions of a group that has no members", changes: true,
		params: []param{groupParam}, body: resetBody{}, answer: resetResult{},
		handle: func(k *Console, r *request) (any, error) { return k.reset(r) }},
}

func (k *Console) listGroups(r *request) (any, error) {
	all := slices.DeleteFunc(k.c.Groups.List(), func(l group.Listing) bool {
		return k.names.OwnsGroup(l.ID) && !r.bool("queries") || !matches(l.ID, r.text("search")) || !k.reads(l.ID, r.text("topic"))
	})
	return pageOf(r, all, func(l group.Listing) (groupRow, error) { return k.groupRow(l.ID), nil })
}

// reads reports whether a group has a position in a topic; "" is any.
func (k *Console) reads(id, topic string) bool {
	if topic == "" {
		return true
	}
	for tp := range k.c.Groups.Offsets(id) {
		if tp.Topic == topic {
			return true
		}
	}
	return false
}

func (k *Console) groupRow(id string) groupRow {
	d := k.c.Groups.Describe(id)
	row := groupRow{ID: id, State: d.State.String(), Members: len(d.Members), Topics: []string{}, Query: k.queryOf(id)}
	for tp, o := range k.c.Groups.Offsets(id) {
		row.Topics = append(row.Topics, tp.Topic)
		if end, ok := k.end(tp); ok {
			row.Lag += max(0, end-int64(o.Offset))
		}
	}
	slices.Sort(row.Topics)
	row.Topics = slices.Compact(row.Topics)
	return row
}

// queryOf is the query that a group belongs to, "" for those of others.
func (k *Console) queryOf(id string) string {
	if !k.names.OwnsGroup(id) {
		return ""
	}
	for _, q := range k.c.Engine.Queries() {
		if own := k.names.Query(q); id == own || len(id) > len(own) && id[:len(own)+1] == own+"-" {
			return q
		}
	}
	return ""
}

// end is the high watermark of a partition.
func (k *Console) end(tp commitlog.TopicPartition) (int64, bool) {
	part, err := k.c.Log.Partition(tp)
	if err != nil {
		return -1, false
	}
	return int64(part.Bounds().HighWatermark), true
}

func (k *Console) describeGroup(id string) (group.Description, error) {
	d := k.c.Groups.Describe(id)
	if d.Code != 0 {
		return d, notFound(fmt.Sprintf("there is no group %q", clip(id)))
	}
	return d, nil
}

// maxMembers bounds the members that one answer tells.
const maxMembers = 1000

func (k *Console) group(id string) (*groupDetail, error) {
	d, err := k.describeGroup(id)
	if err != nil {
		return nil, err
	}
	out := &groupDetail{groupRow: k.groupRow(id), ProtocolType: d.ProtocolType, Protocol: d.Protocol, Owned: k.names.OwnsGroup(id), MemberList: []member{}}
	for _, m := range d.Members[:min(len(d.Members), maxMembers)] {
		out.MemberList = append(out.MemberList, member{ID: m.ID, InstanceID: m.InstanceID, ClientID: m.ClientID, Host: m.ClientHost, Assigned: assigned(d, m)})
	}
	return out, nil
}

func assigned(d group.Description, m group.MemberDescription) []string {
	out := []string{}
	for _, tp := range group.Assigned(d.ProtocolType, m.Assignment) {
		out = append(out, tp.String())
	}
	return out
}

func (k *Console) groupOffsets(r *request) (any, error) {
	id := r.text("group")
	d, err := k.describeGroup(id)
	if err != nil {
		return nil, err
	}
	readers := map[commitlog.TopicPartition]string{}
	for _, m := range d.Members {
		for _, tp := range group.Assigned(d.ProtocolType, m.Assignment) {
			readers[tp] = cmp.Or(m.ClientID, m.ID)
		}
	}
	offsets := k.c.Groups.Offsets(id)
	var tps []commitlog.TopicPartition
	for tp := range offsets {
		if t := r.text("topic"); t == "" || t == tp.Topic {
			tps = append(tps, tp)
		}
	}
	slices.SortFunc(tps, commitlog.TopicPartition.Compare)
	return pageOf(r, tps, func(tp commitlog.TopicPartition) (groupOffset, error) {
		o := offsets[tp]
		row := groupOffset{Topic: tp.Topic, Partition: int32(tp.Partition), Offset: int64(o.Offset), Committed: o.CommitMs, Member: readers[tp]}
		var ok bool
		if row.End, ok = k.end(tp); ok {
			row.Lag = max(0, row.End-row.Offset)
		}
		return row, nil
	})
}

func (k *Console) groupHistory(id string) (any, error) {
	if _, err := k.describeGroup(id); err != nil {
		return nil, err
	}
	out := &lagHistory{IntervalMs: sampleInterval.Milliseconds(), Times: []int64{}, Lag: []int64{}}
	k.rings.mu.Lock()
	defer k.rings.mu.Unlock()
	if g := k.rings.groups[id]; g != nil {
		g.each(func(s groupSample) {
			out.Times = append(out.Times, s.at)
			out.Lag = append(out.Lag, s.lag)
		})
	}
	return out, nil
}

// resetBody says where the positions of a group go.
type resetBody struct {
	Topic      string  `json:"topic"`
	Partitions []int32 `json:"partitions,omitempty" doc:"Default: all."`
	To         string  `json:"to" doc:"earliest, latest, offset, time or shift."`
	Value      int64   `json:"value,omitempty" doc:"The offset; the time in ms since 1970; by how many records, back when it is negative."`
	DryRun     bool    `json:"dry_run,omitempty" doc:"Tell what would change, and change nothing."`
}

// resetResult is what a reset has changed, or would.
type resetResult struct {
	Changed    bool         `json:"changed"`
	Partitions []resetStep  `json:"partitions"`
	Blocked    string       `json:"blocked,omitempty" doc:"Of a dry run: why the reset would be refused now."`
	Lag        resetLagSums `json:"lag"`
}

type resetLagSums struct {
	Before int64 `json:"before"`
	After  int64 `json:"after"`
}

type resetStep struct {
	Partition int32 `json:"partition"`
	From      int64 `json:"from" doc:"-1: the group has no position."`
	To        int64 `json:"to"`
	LagBefore int64 `json:"lag_before"`
	LagAfter  int64 `json:"lag_after"`
}

// reset moves positions as kafka-consumer-groups --reset-offsets does: of a group without
// members, within the bounds of the partitions.
func (k *Console) reset(r *request) (any, error) {
	id, body := r.text("group"), r.body.(*resetBody)
	d, err := k.describeGroup(id)
	if err != nil {
		return nil, err
	}
	if k.names.OwnsGroup(id) {
		return nil, forbidden("the positions of " + id + " are part of what its query has computed: REBUILD makes the result anew")
	}
	if !slices.Contains([]string{"earliest", "latest", "offset", "time", "shift"}, body.To) {
		return nil, badBody(fmt.Sprintf("to must be one of earliest, latest, offset, time, shift, not %q", clip(body.To)))
	}
	if body.Value < 0 && body.To != "shift" {
		return nil, badBody("value must be 0 or more")
	}
	topic, err := k.c.Log.Topic(r.Context(), body.Topic)
	if err != nil {
		return nil, err
	}
	partitions := body.Partitions
	if len(partitions) == 0 {
		for p := range topic.Partitions {
			partitions = append(partitions, p)
		}
	}
	out := &resetResult{Partitions: []resetStep{}}
	set := map[commitlog.TopicPartition]group.CommittedOffset{}
	for _, p := range partitions {
		if p < 0 || p >= topic.Partitions {
			return nil, badBody(fmt.Sprintf("topic %s has no partition %d", topic.Name, p))
		}
		tp := commitlog.TopicPartition{Topic: topic.Name, Partition: commitlog.PartitionID(p)}
		step, err := k.resetStep(r.Context(), id, tp, body)
		if err != nil {
			return nil, err
		}
		out.Partitions = append(out.Partitions, step)
		out.Lag.Before, out.Lag.After = out.Lag.Before+step.LagBefore, out.Lag.After+step.LagAfter
		set[tp] = group.CommittedOffset{Offset: commitlog.Offset(step.To), LeaderEpoch: -1, CommitMs: k.c.Clock.Now().UnixMilli()}
	}
	busy := ""
	if len(d.Members) > 0 {
		busy = fmt.Sprintf("the group has %d members, which would overwrite the positions: stop them first", len(d.Members))
	}
	if body.DryRun {
		out.Blocked = busy
		return out, nil
	}
	if busy != "" {
		return nil, fault(409, "conflict", busy)
	}
	code, each := k.c.Groups.Commit(r.Context(), id, group.Identity{Generation: -1}, set)
	if code != 0 {
		return nil, fault(409, "conflict", "the positions cannot be changed: "+code.Error())
	}
	for tp, c := range each {
		if c != 0 {
			return nil, fault(409, "conflict", fmt.Sprintf("the position of %s cannot be changed: %s", tp, c.Error()))
		}
	}
	out.Changed = true
	return out, nil
}

func (k *Console) resetStep(ctx context.Context, id string, tp commitlog.TopicPartition, body *resetBody) (resetStep, error) {
	b, err := k.c.Log.Bounds(ctx, tp)
	if err != nil {
		return resetStep{}, err
	}
	step := resetStep{Partition: int32(tp.Partition), From: -1, LagBefore: int64(b.HighWatermark - b.LogStart)}
	if o, ok := k.c.Groups.Offset(id, tp); ok {
		step.From, step.LagBefore = int64(o.Offset), max(0, int64(b.HighWatermark-o.Offset))
	}
	to := b.LogStart
	switch body.To {
	case "latest":
		to = b.HighWatermark
	case "offset":
		to = commitlog.Offset(body.Value)
	case "shift":
		to = max(0, commitlog.Offset(step.From)) + commitlog.Offset(body.Value)
	case "time":
		if to, _, err = k.c.Log.OffsetForTime(ctx, tp, time.UnixMilli(body.Value)); err != nil {
			return step, err
		}
	}
	to = min(max(to, b.LogStart), b.HighWatermark)
	step.To, step.LagAfter = int64(to), int64(b.HighWatermark-to)
	return step, nil
}
