package bind

import (
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
)

// checkGrouping checks the rules of an aggregation: outside of aggregate functions only
// grouping expressions may stand, and the bounds of the query's own window.
func (q *Query) checkGrouping() error {
	groups := map[string]bool{}
	for _, g := range q.GroupBy {
		if call := findCall(g, function.IsAggregate); call != nil {
			return sqlerr.New(sqlerr.GroupingError, "GROUP BY does not support aggregate functions: %s is an aggregate function.", call.Name.Name).At(call.Pos())
		}
		if err := q.noBounds(g); err != nil {
			return err
		}
		groups[Text(g)] = true
	}
	if err := q.noBounds(q.Having); err != nil {
		return err
	}
	for _, call := range q.Aggregates {
		for _, a := range call.Args {
			if err := q.noBounds(a); err != nil {
				return err
			}
		}
	}
	if err := q.unknownFunction(); err != nil {
		return err
	}
	if len(q.Aggregates) == 0 && !q.Standard {
		return sqlerr.New(sqlerr.GroupingError, "GROUP BY requires aggregate functions in either the SELECT or HAVING clause.").At(q.GroupBy[0].Pos())
	}
	var loose []string
	pos := 0
	for _, it := range q.Items {
		if ref := ungrouped(it.Expr, groups); ref != nil {
			loose = append(loose, q.Display(it.Expr))
			if pos == 0 {
				pos = ref.Pos()
			}
		}
	}
	if len(loose) > 0 {
		return sqlerr.New(sqlerr.GroupingError, "Non-aggregate SELECT expression(s) not part of GROUP BY: %s\n"+
			"Either add the column(s) to the GROUP BY or remove them from the SELECT.", strings.Join(loose, ", ")).At(pos)
	}
	if q.Having != nil {
		if ref := ungrouped(q.Having, groups); ref != nil {
			return sqlerr.New(sqlerr.GroupingError, "Non-aggregate HAVING expression not part of GROUP BY: %s\n"+
				"Consider switching the HAVING clause to a WHERE clause before the GROUP BY.", q.Display(ref)).At(ref.Pos())
		}
	}
	return nil
}

// unknownFunction is the error for the first call of a function that does not exist: it
// may have been meant as the aggregate that is missing.
func (q *Query) unknownFunction() (err error) {
	find := func(e ast.Expr, _ map[string]bool) bool {
		if call, ok := e.(*ast.FunctionCall); ok && err == nil && function.KindOf(call.Name.Name) == function.NotAFunction {
			_, err = function.Resolve(call.Name.Name, nil)
			err = at(err, call.Pos())
		}
		return err == nil
	}
	for _, it := range q.Items {
		Walk(it.Expr, find)
	}
	if q.Having != nil {
		Walk(q.Having, find)
	}
	return err
}

// noBounds refuses the bounds of the query's own window where they are not known yet.
func (q *Query) noBounds(e ast.Expr) error {
	if q.Window == nil {
		return nil
	}
	var found *ast.ColumnRef
	Walk(e, func(e ast.Expr, _ map[string]bool) bool {
		if ref := Column(e); ref != nil && windowBound(ref.Name.Name) && found == nil {
			found = ref
		}
		return true
	})
	if found == nil {
		return nil
	}
	return sqlerr.New(sqlerr.WindowingError, "Window bounds column %s can only be used in the SELECT clause of windowed aggregations and can not be passed to aggregate functions.\n"+
		"See https://github.com/confluentinc/ksql/issues/4397", found.Name.Name).At(found.Pos())
}

// ungrouped is the first column of e that is neither inside an aggregate function nor
// inside a grouping expression, or nil.
func ungrouped(e ast.Expr, groups map[string]bool) *ast.ColumnRef {
	var found *ast.ColumnRef
	operations := false
	for g := range groups {
		operations = operations || strings.HasPrefix(g, "(")
	}
	Walk(e, func(e ast.Expr, shadowed map[string]bool) bool {
		if found != nil || (operations || !Operation(e)) && groups[Text(e)] {
			return false
		}
		if call, ok := e.(*ast.FunctionCall); ok && function.KindOf(call.Name.Name) == function.IsAggregate {
			return false
		}
		ref := Column(e)
		if ref == nil || ref.Qualifier.Empty() && (shadowed[ref.Name.Name] || windowBound(ref.Name.Name)) {
			return true
		}
		found = ref
		return false
	})
	return found
}
