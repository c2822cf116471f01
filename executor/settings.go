package executor

import (
	"strconv"
	"strings"
	"time"

	"tailrace/planner/plan"
	"tailrace/sql/function"
)

// settings are the properties of a query, understood.
type settings struct {
	latest, explicit bool // auto.offset.reset, and whether somebody set it
	eager            bool
	forget           bool
	strictTime       bool
	atLeastOnce      bool
	commit           time.Duration
	retry            time.Duration
	idle             time.Duration // max.task.idle.ms; 0: the default
	limits           function.Limits
}

// settings reads the properties of a query, over those of the engine. Names may have the
// prefix ksql.streams. or not, as in ksqlDB.
func (e *Engine) settings(q *plan.Query) settings {
	get := func(name string) (string, bool) {
		for _, from := range []map[string]string{q.Properties, e.c.Properties} {
			for _, key := range []string{"ksql.streams." + name, name} {
				if v, ok := from[key]; ok {
					return v, true
				}
			}
		}
		return "", false
	}
	s := settings{commit: e.c.CommitInterval, retry: retryFirst, limits: function.Limits{}}
	reset, ok := get("auto.offset.reset")
	s.latest, s.explicit = !strings.EqualFold(reset, "earliest"), ok
	for _, name := range []string{"cache.max.bytes.buffering", "statestore.cache.max.bytes"} {
		if v, ok := get(name); ok && v == "0" {
			s.eager = true
		}
	}
	_, s.forget = get("__emit.interval.ms.kstreams.windowed.aggregation__")
	if v, ok := get("ksql.timestamp.throw.on.invalid"); ok {
		s.strictTime = strings.EqualFold(v, "true")
	}
	if v, ok := get("processing.guarantee"); ok {
		s.atLeastOnce = strings.EqualFold(v, "at_least_once")
	}
	if v, ok := get("commit.interval.ms"); ok {
		if ms, err := strconv.Atoi(v); err == nil && ms > 0 {
			s.commit = time.Duration(ms) * time.Millisecond
		}
	}
	if v, ok := get("max.task.idle.ms"); ok {
		if ms, err := strconv.Atoi(v); err == nil && ms != 0 {
			s.idle = time.Duration(ms) * time.Millisecond
		} else if err == nil {
			s.idle = -1
		}
	}
	if v, ok := get("ksql.query.retry.backoff.initial.ms"); ok {
		if ms, err := strconv.Atoi(v); err == nil && ms > 0 {
			s.retry = time.Duration(ms) * time.Millisecond
		}
	}
	for _, from := range []map[string]string{e.c.Properties, q.Properties} {
		for k, v := range from {
			if n, err := strconv.Atoi(v); err == nil && strings.HasPrefix(k, "ksql.functions.") {
				s.limits[k] = n
			}
		}
	}
	return s
}
