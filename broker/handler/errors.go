package handler

import (
	"reflect"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"

	"tailrace/broker/wire"
	"tailrace/storage/metric"
	"tailrace/storage/record/kerr"
)

// Metrics are those of the answers.
var Metrics = &metric.Group{Title: "Kafka answers"}

var answeredErrors = Metrics.Counter("tailrace_kafka_errors_total",
	"Errors in answers, one for each slot (a topic, a partition, a group), by API and Kafka's name of the error. Some belong to normal work: MEMBER_ID_REQUIRED, REBALANCE_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE at a start. KAFKA_STORAGE_ERROR and CORRUPT_MESSAGE are of the disk, UNKNOWN_SERVER_ERROR is a bug.", "api", "error")

// WriteMetrics writes what the handlers have counted.
func (a *API) WriteMetrics(w *metric.Writer) { w.Counts(a.errors) }

// count counts the error in a slot of an answer, if there is one.
func (a *API) count(key wire.APIKey, code int16) {
	if code != 0 {
		a.errors.Add(1, key.Name(), kerr.Code(code).Error())
	}
}

// countAll counts the errors in all slots of an answer.
func (a *API) countAll(key wire.APIKey, resp kmsg.Response) {
	v := reflect.ValueOf(resp).Elem()
	slotsOf(v.Type()).each(v, func(code int16) { a.count(key, code) })
}

// slots are where a type of kmsg's has error codes: in fields of its own, and within others.
type slots struct {
	codes  []int
	within []within
}

type within struct {
	field int
	slice bool
	slots *slots
}

func (s *slots) empty() bool { return len(s.codes) == 0 && len(s.within) == 0 }

func (s *slots) each(v reflect.Value, f func(int16)) {
	for _, i := range s.codes {
		f(int16(v.Field(i).Int()))
	}
	for _, in := range s.within {
		x := v.Field(in.field)
		if !in.slice {
			in.slots.each(x, f)
			continue
		}
		for i := range x.Len() {
			in.slots.each(x.Index(i), f)
		}
	}
}

var knownSlots sync.Map // reflect.Type -> *slots

func slotsOf(t reflect.Type) *slots {
	if s, ok := knownSlots.Load(t); ok {
		return s.(*slots)
	}
	s := &slots{}
	for i := range t.NumField() {
		f := t.Field(i)
		x, slice := f.Type, f.Type.Kind() == reflect.Slice
		if slice {
			x = x.Elem()
		}
		switch {
		case f.Name == "ErrorCode" && x.Kind() == reflect.Int16:
			s.codes = append(s.codes, i)
		case x.Kind() == reflect.Struct:
			if in := slotsOf(x); !in.empty() {
				s.within = append(s.within, within{i, slice, in})
			}
		}
	}
	knownSlots.Store(t, s)
	return s
}
