package join_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"tailrace/executor/chunk/chunktest"
	"tailrace/executor/op"
	"tailrace/executor/op/join"
	"tailrace/executor/optest"
	"tailrace/storage/state"
)

// TestScripts plays testdata: operator stream-table|stream-stream|table-table|foreign-key
// type=INNER|LEFT|RIGHT|FULL [within=(before,after) [grace=ms]]. The left side is k, l (and
// for foreign keys the reference f), the right one k, r.
func TestScripts(t *testing.T) { optest.Run(t, makeOperator) }

func makeOperator(d *datadriven.TestData, st *state.Task) (m optest.Made, err error) {
	left, right, out := "k bigint key, l string", "k bigint key, r string", "k bigint key, l string, r string"
	kind := d.CmdArgs[0].Key
	if kind == "foreign-key" {
		left = "k bigint key, f bigint, l string"
	}
	for i, text := range []string{left, right} {
		if m.In[i], err = chunktest.Schema(text); err != nil {
			return m, err
		}
	}
	if m.Out, err = chunktest.Schema(out); err != nil {
		return m, err
	}
	spec := join.Spec{Schema: m.Out, Left: m.In[0], Right: m.In[1], Type: join.Type(optest.Arg(d, "type", "INNER")), Output: []join.Output{
		{From: join.FromKey}, {From: join.FromLeft, Column: len(m.In[0].Columns) - 1}, {From: join.FromRight, Column: 1},
	}}
	switch kind {
	case "stream-table":
		m.Op, err = join.NewStreamTable(spec, nil, st, "j")
	case "table-table":
		m.Op, err = join.NewTableTable(spec, st, "j")
	case "foreign-key":
		m.Op = join.NewForeignKey(spec, op.Column(1), st, "j")
	case "stream-stream":
		w, err := within(d)
		if err != nil {
			return m, err
		}
		m.Op, err = join.NewStreamStream(spec, w, nil, st, "j")
		return m, err
	default:
		err = fmt.Errorf("no operator %s", kind)
	}
	return m, err
}

func within(d *datadriven.TestData) (w join.Within, err error) {
	parts := strings.Split(optest.Arg(d, "within", "10,10"), ",")
	if w.Before, err = strconv.ParseInt(parts[0], 10, 64); err != nil {
		return w, err
	}
	if w.After, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
		return w, err
	}
	if g := optest.Arg(d, "grace", ""); g != "" {
		n, err := strconv.ParseInt(g, 10, 64)
		w.Grace = &n
		return w, err
	}
	return w, nil
}
