package types_test

import (
	"testing"

	"tailrace/sql/types"
)

// TestIntervalTotal: a month has 30 days and a day 24 hours where intervals are compared, and
// nowhere else.
func TestIntervalTotal(t *testing.T) {
	month, days := types.IntervalVal{Months: 1}, types.IntervalVal{Days: 29, Micros: types.MicrosPerDay}
	if month.Cmp(days) != 0 || !types.Equal(month, days) {
		t.Errorf("%s and %s differ", month, days)
	}
	if (types.IntervalVal{Months: -1, Days: 31}).Cmp(types.IntervalVal{Days: 1}) != 0 {
		t.Error("-1 month +31 days is not a day")
	}
	// The greatest ones: 2^31 months in microseconds are beyond 64 bits.
	most := types.IntervalVal{Months: 1<<31 - 1, Days: 1<<31 - 1, Micros: 1<<63 - 1}
	if least, _ := most.Neg(); most.Cmp(least) != 1 || least.Cmp(types.IntervalVal{}) != -1 {
		t.Error("the order of the greatest intervals")
	}
	if back := types.IntervalOfTotal(most.Total()); back.Cmp(most) != 0 {
		t.Errorf("%s comes back as %s", most, back)
	}
}
