// Package optest plays scripts against operators.
//
//	operator aggregate group=g calls=(COUNT(),SUM(BIGINT):v)   make one, over empty state
//	push [side=right]                                          rows in, rows out
//	commit                                                     what was pushed is kept
//	crash                                                      what was not committed is not
//
// Every push is followed by a flush, and every chunk that comes out is checked.
package optest

import (
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"tailrace/executor/check"
	"tailrace/executor/chunk"
	"tailrace/executor/chunk/chunktest"
	"tailrace/executor/op"
	"tailrace/sql/types"
	"tailrace/storage/state"
)

// Made is an operator of a script: its inputs' schemas by side, and its output's.
type Made struct {
	Op  op.Operator
	In  [2]types.Schema
	Out types.Schema
}

// Make makes the operator of a line "operator ...", over st.
type Make func(d *datadriven.TestData, st *state.Task) (Made, error)

// Run plays all scripts in testdata.
func Run(t *testing.T, make Make) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		p := player{make: make}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			out, err := p.play(t, d)
			if err != nil {
				d.Fatalf(t, "%v", err)
			}
			return out
		})
	})
}

type player struct {
	make  Make
	line  *datadriven.TestData
	store state.Store
	task  *state.Task
	made  Made
}

func (p *player) play(t *testing.T, d *datadriven.TestData) (string, error) {
	switch d.Cmd {
	case "operator":
		line := *d
		p.line, p.store = &line, state.NewMemory()
		return "ok\n", p.open()
	case "push":
		return p.push(d)
	case "commit":
		p.task.Committed()
		return "ok\n", p.task.Flush([]byte("meta"))
	case "crash":
		return "ok\n", p.open()
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return "", nil
}

func (p *player) open() error {
	p.task = state.NewTask(p.store)
	var err error
	p.made, err = p.make(p.line, p.task)
	return err
}

func (p *player) push(d *datadriven.TestData) (string, error) {
	side := op.Left
	if Arg(d, "side", "left") == "right" {
		side = op.Right
	}
	in, err := chunktest.Rows(p.made.In[side], d.Input)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	emit := check.Emitter(p.made.Out, chunk.EmitFunc(func(c *chunk.Chunk) error {
		out.WriteString(chunktest.Format(c))
		return nil
	}))
	if err := p.made.Op.Push(side, in, emit); err != nil {
		return "", err
	}
	if err := p.made.Op.Flush(emit); err != nil {
		return "", err
	}
	if out.Len() == 0 {
		return "nothing\n", nil
	}
	return out.String(), nil
}

// Arg returns the value of an argument of a line, or otherwise.
func Arg(d *datadriven.TestData, name, otherwise string) string {
	for _, a := range d.CmdArgs {
		if a.Key == name {
			return strings.Join(a.Vals, ",")
		}
	}
	return otherwise
}
