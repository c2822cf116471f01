package relational

import (
	"slices"
	"strings"

	"tailrace/planner/plan/algebra"
	"tailrace/sql/ast"
	"tailrace/sql/expr"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// builtin is a window function that is no aggregate.
type builtin struct {
	min, max int // arguments
	result   types.Type
	first    bool // its result is of the type of the first argument
}

var builtins = map[string]builtin{
	"ROW_NUMBER": {result: types.BigintType}, "RANK": {result: types.BigintType}, "DENSE_RANK": {result: types.BigintType},
	"PERCENT_RANK": {result: types.DoubleType}, "CUME_DIST": {result: types.DoubleType},
	"NTILE": {min: 1, max: 1, result: types.IntType},
	"LAG":   {min: 1, max: 3, first: true}, "LEAD": {min: 1, max: 3, first: true},
	"FIRST_VALUE": {min: 1, max: 1, first: true}, "LAST_VALUE": {min: 1, max: 1, first: true}, "NTH_VALUE": {min: 2, max: 2, first: true},
}

// windows binds the window functions of the select list and ORDER BY, one operator for each
// partitioning and order.
func (k *block) windows(s *ast.Select, list []entry) error {
	var found []*ast.FunctionCall
	collect := func(e ast.Expr) {
		calls(e, func(c *ast.FunctionCall) bool {
			if isWindow(c) && !slices.Contains(found, c) {
				found = append(found, c)
			}
			return !isWindow(c)
		})
	}
	for _, en := range list {
		collect(en.expr)
	}
	for _, o := range s.OrderBy {
		collect(o.Expr)
	}
	for _, e := range s.DistinctOn {
		collect(e)
	}
	var overs []*algebra.Over
	for _, c := range found {
		spec, err := resolve(c.Over, s.Named, nil)
		if err != nil {
			return err
		}
		o, call, err := k.window(c, spec)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(overs, func(x *algebra.Over) bool {
			return slices.Equal(x.Partition, o.Partition) && slices.Equal(x.Order, o.Order)
		})
		if at < 0 {
			at, overs = len(overs), append(overs, o)
		}
		call.ID = k.b.column(call.Name, call.Type)
		overs[at].Calls = append(overs[at].Calls, call)
		k.calls[c] = call.ID
	}
	for _, o := range overs {
		o.Input, k.node = k.node, o
	}
	return nil
}

// resolve follows the names of windows.
func resolve(o *ast.Over, named []ast.NamedWindow, seen []string) (*ast.Over, error) {
	if o.Name.Empty() {
		return o, nil
	}
	at := slices.IndexFunc(named, func(w ast.NamedWindow) bool { return w.Name.Name == o.Name.Name })
	if at < 0 || slices.Contains(seen, o.Name.Name) {
		return nil, sqlerr.New(sqlerr.UndefinedObject, "window %q does not exist", strings.ToLower(o.Name.Name)).At(o.Name.Pos())
	}
	base, err := resolve(named[at].Spec, named, append(seen, o.Name.Name))
	if err != nil || o.Named {
		return base, err
	}
	out := *base
	switch {
	case len(o.PartitionBy) > 0:
		return nil, sqlerr.New(sqlerr.WindowingError, "cannot override PARTITION BY clause of window %q", strings.ToLower(o.Name.Name)).At(o.Pos())
	case len(o.OrderBy) > 0 && len(base.OrderBy) > 0:
		return nil, sqlerr.New(sqlerr.WindowingError, "cannot override ORDER BY clause of window %q", strings.ToLower(o.Name.Name)).At(o.Pos())
	case base.Frame != nil:
		return nil, sqlerr.New(sqlerr.WindowingError, "cannot copy window %q because it has a frame clause", strings.ToLower(o.Name.Name)).At(o.Pos())
	}
	if len(o.OrderBy) > 0 {
		out.OrderBy = o.OrderBy
	}
	out.Frame = o.Frame
	return &out, nil
}

// window binds a call and where it looks; the columns of partitioning and order are computed.
func (k *block) window(c *ast.FunctionCall, spec *ast.Over) (*algebra.Over, algebra.WindowCall, error) {
	var call algebra.WindowCall
	for _, a := range append(slices.Clone(c.Args), c.Filter) {
		if x := findCall(a, isWindow); x != nil {
			return nil, call, sqlerr.New(sqlerr.WindowingError, "window function calls cannot be nested").At(x.Pos())
		}
	}
	if c.Distinct {
		return nil, call, sqlerr.New(sqlerr.FeatureNotSupported, "DISTINCT is not implemented for window functions").At(c.Pos())
	}
	o := &algebra.Over{}
	column := func(e ast.Expr) (algebra.ID, error) {
		x, err := k.expr(e, "WINDOW")
		if err != nil {
			return 0, err
		}
		var ids []algebra.ID
		k.node, ids = k.b.compute(k.node, []string{"window"}, []*expr.Expr{x})
		return ids[0], nil
	}
	for _, p := range spec.PartitionBy {
		id, err := column(p)
		if err != nil {
			return nil, call, err
		}
		o.Partition = append(o.Partition, id)
	}
	for _, s := range spec.OrderBy {
		id, err := column(s.Expr)
		if err != nil {
			return nil, call, err
		}
		o.Order = append(o.Order, orderOf(id, s))
	}
	var err error
	if b, ok := builtins[strings.ToUpper(c.Name.Name)]; ok {
		call, err = k.builtin(c, b)
	} else if function.KindOf(c.Name.Name) == function.IsAggregate {
		call.Call, err = k.aggregate(c)
	} else {
		err = sqlerr.New(sqlerr.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", strings.ToLower(c.Name.Name)).At(c.Pos())
	}
	if err == nil {
		call.Frame, err = k.frame(spec, o)
	}
	return o, call, err
}

// builtin binds a window function that is no aggregate.
func (k *block) builtin(c *ast.FunctionCall, b builtin) (algebra.WindowCall, error) {
	name := strings.ToUpper(c.Name.Name)
	out := algebra.WindowCall{Builtin: true}
	if len(c.Args) < b.min || len(c.Args) > b.max || c.Star || c.Filter != nil {
		return out, sqlerr.New(sqlerr.UndefinedFunction, "window function %s takes %d to %d arguments", strings.ToLower(name), b.min, b.max).At(c.Pos())
	}
	args, _, err := k.callArgs(c.Args, "SELECT")
	if err != nil {
		return out, err
	}
	out.Name, out.Type = name, b.result
	offset := 1 // the argument that is a number of rows
	if name == "NTILE" {
		offset = 0
	}
	if len(args) > offset {
		if args[offset], err = expr.Coerce(args[offset], types.BigintType, true); err != nil {
			return out, position(err, c.Args[offset].Pos())
		}
	}
	if b.first {
		values := []*expr.Expr{args[0]}
		if len(args) == 3 {
			values = append(values, args[2])
		}
		t, both, err := expr.Unify(values, k.b.options("SELECT"))
		if err != nil {
			return out, err
		}
		out.Type, args[0] = t, both[0]
		if len(args) == 3 {
			args[2] = both[1]
		}
	}
	out.Args = args
	return out, nil
}

var frameUnits = map[ast.FrameUnit]algebra.FrameUnit{ast.Rows: algebra.Rows, ast.RangeUnit: algebra.Range, ast.Groups: algebra.Groups}

// frame binds which rows a function sees: without a clause those up to the last peer, without
// ORDER BY all.
func (k *block) frame(spec *ast.Over, o *algebra.Over) (algebra.Frame, error) {
	f := spec.Frame
	if f == nil {
		return algebra.Frame{Unit: algebra.Range, Start: algebra.Bound{Kind: algebra.UnboundedPreceding}, End: algebra.Bound{Kind: algebra.CurrentRow}}, nil
	}
	out := algebra.Frame{Unit: frameUnits[f.Unit], Exclude: algebra.Exclusion(f.Exclude)}
	bad := func(format string, args ...any) (algebra.Frame, error) {
		return out, sqlerr.New(sqlerr.WindowingError, format, args...).At(spec.Pos())
	}
	out.Start.Kind, out.End.Kind = algebra.BoundKind(f.Start.Kind), algebra.BoundKind(f.End.Kind)
	switch {
	case out.Start.Kind == algebra.UnboundedFollowing:
		return bad("frame start cannot be UNBOUNDED FOLLOWING")
	case out.End.Kind == algebra.UnboundedPreceding:
		return bad("frame end cannot be UNBOUNDED PRECEDING")
	case out.Start.Kind == algebra.CurrentRow && out.End.Kind == algebra.Preceding:
		return bad("frame starting from current row cannot have preceding rows")
	case out.Start.Kind == algebra.Following && out.End.Kind < algebra.Following:
		return bad("frame starting from following row cannot end with preceding rows")
	case out.Unit == algebra.Groups && len(o.Order) == 0:
		return bad("GROUPS mode requires an ORDER BY clause")
	}
	for _, b := range []struct {
		from ast.Bound
		to   *algebra.Bound
	}{{f.Start, &out.Start}, {f.End, &out.End}} {
		if b.from.Offset == nil {
			continue
		}
		t := types.BigintType
		if out.Unit == algebra.Range {
			if len(o.Order) != 1 {
				return bad("RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column")
			}
			if t = k.b.cols[o.Order[0].ID].Type; !t.IsNumeric() {
				return out, sqlerr.New(sqlerr.FeatureNotSupported, "RANGE with an offset is not supported for a column of type %s", t).At(b.from.Offset.Pos())
			}
		}
		x, err := expr.Bind(b.from.Offset, expr.NoColumns, k.b.options("WINDOW"))
		if err == nil {
			x, err = expr.Coerce(x, t, true)
		}
		if err != nil {
			return out, position(err, b.from.Offset.Pos())
		}
		b.to.Offset = x
	}
	return out, nil
}

// tableCalls binds the table functions of the select list: side by side, one operator.
func (k *block) tableCalls(list []entry) error {
	n := &algebra.Unnest{Ordinality: -1}
	var ids []algebra.ID
	var found []*ast.FunctionCall
	for _, en := range list {
		calls(en.expr, func(c *ast.FunctionCall) bool {
			table := k.b.isTable(c) && !k.b.isSeries(c)
			if table {
				found = append(found, c)
			}
			return !table
		})
		calls(en.expr, func(c *ast.FunctionCall) bool { // as an argument a series is an array
			if k.b.isSeries(c) {
				found = append(found, c)
			}
			return false
		})
	}
	if len(found) == 0 {
		return nil
	}
	for _, c := range found {
		call, err := k.tableCall(c)
		if err != nil {
			return err
		}
		ids = append(ids, k.b.column(strings.ToUpper(c.Name.Name), call.Type))
		n.Calls = append(n.Calls, call)
	}
	n.Input, n.IDs = k.node, ids
	k.node = n
	for i, c := range found {
		k.calls[c] = ids[i]
	}
	return nil
}
