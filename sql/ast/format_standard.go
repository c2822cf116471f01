package ast

import (
	"fmt"
	"strings"
)

// standard renders what SQL and PostgreSQL have beyond ksqlDB.
func (f *formatter) standard(e Expr) {
	switch e := e.(type) {
	case *GroupingSets:
		f.groupingSets(e)
	case *Row:
		f.add("ROW(")
		f.exprs(e.Items)
		f.add(")")
	case *ArrayQuery:
		f.add("ARRAY(")
		f.query(e.Query)
		f.add(")")
	case *Slice:
		f.expr(e.X)
		f.add("[")
		f.optional(e.Low)
		f.add(":")
		f.optional(e.High)
		f.add("]")
	case *Collate:
		f.add("(")
		f.expr(e.X)
		f.add(" COLLATE ")
		f.name(e.Name.Ident)
		f.add(")")
	case *AtTimeZone:
		f.add("(")
		f.expr(e.X)
		f.add(" AT TIME ZONE ")
		f.expr(e.Zone)
		f.add(")")
	case *Interval:
		f.add("INTERVAL ", FormatString(e.Text))
		for i, u := range []Unit{e.From, e.To} {
			if u != 0 {
				f.add([]string{" ", " TO "}[i], strings.TrimSuffix(u.String(), "S"))
			}
		}
	default:
		panic(fmt.Sprintf("ast: cannot format %T", e))
	}
}

func (f *formatter) optional(e Expr) {
	if e != nil {
		f.expr(e)
	}
}

func (f *formatter) groupingSets(e *GroupingSets) {
	f.add([...]string{"", "ROLLUP (", "CUBE (", "GROUPING SETS ("}[e.Kind])
	for i, set := range e.Sets {
		f.comma(i)
		if len(set) == 1 {
			f.expr(set[0])
			continue
		}
		f.add("(")
		f.exprs(set)
		f.add(")")
	}
	f.add(")")
}

// over renders the specification of a window.
func (f *formatter) over(o *Over) {
	f.add("(")
	space := ""
	part := func() { f.add(space); space = " " }
	if !o.Name.Empty() {
		part()
		f.name(o.Name)
	}
	if len(o.PartitionBy) > 0 {
		part()
		f.list("PARTITION BY ", o.PartitionBy)
	}
	if len(o.OrderBy) > 0 {
		if space == "" {
			f.add("ORDER BY ")
			f.orderItems(o.OrderBy)
		} else {
			f.orderBy(o.OrderBy)
		}
		space = " "
	}
	if o.Frame != nil {
		part()
		f.frame(o.Frame)
	}
	f.add(")")
}

func (f *formatter) frame(fr *Frame) {
	f.add([...]string{"", "ROWS", "RANGE", "GROUPS"}[fr.Unit], " BETWEEN ")
	f.bound(fr.Start)
	f.add(" AND ")
	f.bound(fr.End)
	f.add([...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[fr.Exclude])
}

func (f *formatter) bound(b Bound) {
	switch b.Kind {
	case UnboundedPreceding:
		f.add("UNBOUNDED PRECEDING")
	case UnboundedFollowing:
		f.add("UNBOUNDED FOLLOWING")
	case CurrentRow:
		f.add("CURRENT ROW")
	case Preceding:
		f.expr(b.Offset)
		f.add(" PRECEDING")
	case Following:
		f.expr(b.Offset)
		f.add(" FOLLOWING")
	}
}

// orderBy renders ORDER BY, with a space in front, if there is one.
func (f *formatter) orderBy(order []OrderItem) {
	if len(order) > 0 {
		f.add(" ORDER BY ")
		f.orderItems(order)
	}
}

func (f *formatter) orderItems(order []OrderItem) {
	for i, o := range order {
		f.comma(i)
		f.expr(o.Expr)
		if o.Desc {
			f.add(" DESC")
		}
		switch o.Nulls {
		case NullsFirst:
			f.add(" NULLS FIRST")
		case NullsLast:
			f.add(" NULLS LAST")
		}
	}
}
