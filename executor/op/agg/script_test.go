package agg_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"tailrace/executor/chunk/chunktest"
	"tailrace/executor/op"
	"tailrace/executor/op/agg"
	"tailrace/executor/op/window"
	"tailrace/executor/optest"
	"tailrace/sql/function"
	_ "tailrace/sql/function/all"
	"tailrace/sql/types"
	"tailrace/storage/state"
)

// The input of all scripts: the group g and a number v.
const input = "g string key, v bigint"

// TestScripts plays testdata: operator aggregate|session|suppress, with
//
//	calls=(count, sum)   window=(TUMBLING, size, grace)   eager   before   ends
func TestScripts(t *testing.T) { optest.Run(t, makeOperator) }

var known = map[string]struct {
	overload string
	arg      bool
}{"count": {"COUNT()", false}, "sum": {"SUM(BIGINT)", true}, "max": {"MAX(BIGINT)", true}, "list": {"COLLECT_LIST(T)", true}}

func makeOperator(d *datadriven.TestData, st *state.Task) (optest.Made, error) {
	in, err := chunktest.Schema(input)
	if err != nil {
		return optest.Made{}, err
	}
	m := optest.Made{In: [2]types.Schema{in, in}}
	out := "g string key"
	spec := agg.Spec{Keys: []int{0}, Eager: d.HasArg("eager"), Before: d.HasArg("before"), Ends: d.HasArg("ends")}
	if w := optest.Arg(d, "window", ""); w != "" {
		if spec.Window, err = parseWindow(w); err != nil {
			return m, err
		}
		out += ", WINDOWSTART bigint key, WINDOWEND bigint key"
	}
	for _, name := range strings.Split(optest.Arg(d, "calls", "count"), ",") {
		k := known[name]
		sig, err := function.FindAggregate(k.overload)
		if err != nil {
			return m, err
		}
		call := agg.Call{Type: types.BigintType}
		var args []types.Type
		if k.arg {
			call.Args, args = []op.Eval{op.Column(1)}, []types.Type{types.BigintType}
		}
		if name == "list" {
			call.Type = types.ArrayOf(types.BigintType)
		}
		if call.Acc, err = sig.New(args, nil, call.Type, nil); err != nil {
			return m, err
		}
		spec.Calls = append(spec.Calls, call)
		out += ", " + name + " " + call.Type.String()
	}
	if m.Out, err = chunktest.Schema(out); err != nil {
		return m, err
	}
	spec.Schema = m.Out
	switch d.CmdArgs[0].Key {
	case "aggregate":
		m.Op, err = agg.NewAggregate(spec, st, "a")
	case "session":
		m.Op = agg.NewSession(spec, st, "a")
	case "suppress":
		m.In[0] = m.Out
		m.Op = agg.NewSuppress(m.Out, *spec.Window, d.HasArg("forget"), st, "a")
	default:
		err = fmt.Errorf("no operator %s", d.CmdArgs[0].Key)
	}
	return m, err
}

func parseWindow(text string) (*window.Window, error) {
	parts := strings.Split(text, ",")
	w := &window.Window{Kind: window.Kind(parts[0])}
	for i, into := range []*int64{&w.Size, &w.Grace, &w.Advance} {
		if i+1 < len(parts) {
			n, err := strconv.ParseInt(parts[i+1], 10, 64)
			if err != nil {
				return nil, err
			}
			*into = n
		}
	}
	if w.Advance == 0 {
		w.Advance = w.Size
	}
	w.Retention = w.Size + w.Grace
	return w, nil
}
