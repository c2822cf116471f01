package expr

import (
	"tailrace/sql/ast"
	"tailrace/sql/expr/kernel"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

func (b *binder) unary(e *ast.Unary) (*Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	x = b.typed(x, types.IntType)
	if t, ok := temporalResult(OpNeg, x.Type.Kind, types.Null); ok && e.Op == ast.Neg {
		return &Expr{Op: OpNeg, Type: t, Args: []*Expr{x}, Standard: true}, nil
	}
	if !x.Type.IsNumeric() {
		return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch,
			"Error processing expression: %s. Unsupported arithmetic types. %s", b.show(e), x.Type.Kind)}
	}
	if e.Op == ast.Plus {
		return x, nil
	}
	return &Expr{Op: OpNeg, Type: x.Type, Args: []*Expr{x}, Standard: b.opts.Standard}, nil
}

var arithmetic = map[ast.BinaryOp]Op{ast.Add: OpAdd, ast.Sub: OpSub, ast.Mul: OpMul, ast.Div: OpDiv, ast.Mod: OpMod}

func (b *binder) binary(e *ast.Binary) (*Expr, error) {
	switch {
	case e.Op.Logical():
		return b.logical(e)
	case e.Op.Comparison():
		l, err := b.bind(e.L)
		if err != nil {
			return nil, err
		}
		r, err := b.bind(e.R)
		if err != nil {
			return nil, err
		}
		return b.compare(e.Op, e.L, l, e.R, r)
	}
	l, err := b.bind(e.L)
	if err != nil {
		return nil, err
	}
	r, err := b.bind(e.R)
	if err != nil {
		return nil, err
	}
	if out, err := b.operator(e, l, r); out != nil || err != nil {
		return out, err
	}
	if e.Op == ast.Concat {
		if out, err := b.joined(l, r); out != nil || err != nil {
			return out, err
		}
		return b.concat(e, l, r)
	}
	return b.arith(e, l, r)
}

func (b *binder) arith(e *ast.Binary, l, r *Expr) (*Expr, error) {
	if !b.opts.Standard && (untyped(l) || untyped(r)) {
		return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch, "Error processing expression: %s. Arithmetic on types %s and %s are not supported.",
			b.show(e), typeShown(l), typeShown(r)).At(e.Pos())}
	}
	if out, err := b.temporal(arithmetic[e.Op], l, r); out != nil || err != nil {
		return out, err
	}
	l, r = b.typed(l, r.Type), b.typed(r, l.Type)
	l, r = b.literalFor(l, r.Type), b.literalFor(r, l.Type)
	if l.Type.Kind == types.Null {
		l, r = b.typed(l, types.IntType), b.typed(r, types.IntType)
	}
	lt, rt := l.Type, r.Type
	if e.Op == ast.Add && lt.Kind == types.String && rt.Kind == types.String {
		return &Expr{Op: OpConcat, Type: types.StringType, Args: []*Expr{l, r}, Standard: true}, nil
	}
	if !lt.IsNumeric() || !rt.IsNumeric() {
		return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch,
			"Error processing expression: %s. Unsupported arithmetic types. %s %s", b.show(e), lt.Kind, rt.Kind).At(e.Pos())}
	}
	op := arithmetic[e.Op]
	t, _ := CommonType(lt, rt)
	if t.Kind == types.Decimal && b.opts.Numeric && (op == OpDiv || !decimalFits(op, asDecimal(lt), asDecimal(rt))) {
		t = types.NumericType
	}
	if t.Kind == types.Decimal {
		lt, rt = asDecimal(lt), asDecimal(rt)
		t = decimalResult(op, lt, rt)
		l, r = Cast(l, lt, b.opts.Standard), Cast(r, rt, b.opts.Standard)
	} else {
		l, r = Cast(l, t, b.opts.Standard), Cast(r, t, b.opts.Standard)
	}
	return &Expr{Op: op, Type: t, Args: []*Expr{l, r}, Standard: b.opts.Standard}, nil
}

// temporal binds the standard's arithmetic of dates, times and intervals; nil where the operands
// have none. A literal text beside an interval or a time that moves is an interval.
func (b *binder) temporal(op Op, l, r *Expr) (*Expr, error) {
	if !b.opts.Standard || !isTemporal(l.Type) && !isTemporal(r.Type) {
		return nil, nil
	}
	var err error
	if l, err = b.besideTime(op, l, r.Type); err != nil {
		return nil, err
	}
	if r, err = b.besideTime(op, r, l.Type); err != nil {
		return nil, err
	}
	if op == OpMul || op == OpDiv {
		for _, x := range []**Expr{&l, &r} {
			if (*x).Type.IsNumeric() {
				*x = Cast(*x, types.DoubleType, true)
			}
		}
	}
	if op == OpSub && l.Type.Kind != r.Type.Kind { // a date and a timestamp
		switch {
		case l.Type.Kind == types.Date && r.Type.Kind == types.Timestamp:
			l = Cast(l, types.TimestampType, true)
		case r.Type.Kind == types.Date && l.Type.Kind == types.Timestamp:
			r = Cast(r, types.TimestampType, true)
		}
	}
	t, ok := temporalResult(op, l.Type.Kind, r.Type.Kind)
	if !ok {
		return nil, nil
	}
	return &Expr{Op: op, Type: t, Args: []*Expr{l, r}, Standard: true}, nil
}

// besideTime gives a text literal, a NULL or a parameter the type that it has beside a t: what is
// taken from a time is a time, what is added to one an interval.
func (b *binder) besideTime(op Op, x *Expr, t types.Type) (*Expr, error) {
	open := x.Type.Kind == types.Null
	if !open && (x.Op != OpLiteral || x.Type.Kind != types.String) {
		return x, nil
	}
	want := types.IntervalType
	switch op {
	case OpSub:
		want = t
	case OpMul, OpDiv:
		if want = types.DoubleType; t.Kind != types.Interval {
			want = types.IntervalType
		}
	}
	if open {
		return b.typed(x, want), nil
	}
	v, err := kernel.ParseValue(x.Value.V.(string), want, true)
	if err != nil {
		return nil, err
	}
	return &Expr{Op: OpLiteral, Type: want, Value: &Constant{V: v, Type: want}, Pos: x.Pos}, nil
}

func isTemporal(t types.Type) bool { return isTime(t) || t.Kind == types.Interval }

// untyped says that an expression is NULL without a type: ksqlDB computes with none.
func untyped(x *Expr) bool { return x.Type.Kind == types.Null && x.Op != OpParam }

func typeShown(x *Expr) string {
	if untyped(x) {
		return "null"
	}
	return x.Type.String()
}

// literalFor reads a string literal as the other operand's type, as PostgreSQL does with
// literals of unknown type.
func (b *binder) literalFor(x *Expr, t types.Type) *Expr {
	if !b.opts.Standard || x.Op != OpLiteral || x.Type.Kind != types.String || t.Kind == types.String || t.Kind == types.Null {
		return x
	}
	if t.Kind == types.Decimal { // whatever digits it has
		if d, err := types.ParseDec(x.Value.V.(string)); err == nil && d.Scale < types.MaxPrecision {
			t = d.Type()
		}
	}
	v, err := kernel.ParseValue(x.Value.V.(string), t, true)
	switch {
	case err != nil && !kernel.CanCast(x.Type, t, true):
		return x
	case err != nil: // it says why when it is evaluated
		return &Expr{Op: OpCast, Type: t, Args: []*Expr{x}, Standard: true, Pos: x.Pos}
	}
	return &Expr{Op: OpLiteral, Type: t, Value: &Constant{V: v, Type: t}, Pos: x.Pos}
}

// decimalResult is the type of an operation on two decimals, as ksqlDB defines it, within
// what 128 bits hold.
func decimalResult(op Op, a, b types.Type) types.Type {
	p1, s1, p2, s2 := a.Precision, a.Scale, b.Precision, b.Scale
	switch op {
	case OpMul:
		return capDecimal(p1+p2+1, s1+s2)
	case OpDiv:
		s := max(6, s1+p2+1)
		p := p1 - s1 + s2 + s
		if p > types.MaxPrecision { // a quotient's digits go from the right
			s = max(types.MaxPrecision-(p-s), min(s, 6))
		}
		return capDecimal(p, s)
	case OpMod:
		return capDecimal(min(p1-s1, p2-s2)+max(s1, s2), max(s1, s2))
	}
	s := max(s1, s2)
	return capDecimal(s+max(p1-s1, p2-s2)+1, s)
}

// decimalFits says that no result of an operation loses digits to the limits of its type.
func decimalFits(op Op, a, b types.Type) bool {
	if op == OpMul {
		return a.Scale+b.Scale <= types.MaxPrecision && a.Precision+b.Precision < types.MaxPrecision
	}
	return decimalResult(op, a, b).Precision < types.MaxPrecision
}

// concat is a || b: text with text, bytes with bytes; other scalars are written as text.
func (b *binder) concat(e *ast.Binary, l, r *Expr) (*Expr, error) {
	t := types.StringType
	if l.Type.Kind == types.Bytes && (r.Type.Kind == types.Bytes || r.Type.Kind == types.Null) ||
		r.Type.Kind == types.Bytes && l.Type.Kind == types.Null {
		t = types.BytesType
	}
	args := []*Expr{b.typed(l, t), b.typed(r, t)}
	for i, a := range args {
		if a.Type.Equal(t) {
			continue
		}
		if a.Type.IsNested() && !b.opts.Standard || !kernel.CanCast(a.Type, t, b.opts.Standard) {
			return nil, typeError{sqlerr.New(sqlerr.UndefinedFunction,
				"Function 'concat' does not accept parameters (%s, %s).", l.Type, r.Type).At(e.Pos())}
		}
		args[i] = Cast(a, t, b.opts.Standard)
	}
	return &Expr{Op: OpConcat, Type: t, Args: args, Standard: b.opts.Standard}, nil
}

func (b *binder) cast(e *ast.Cast) (*Expr, error) {
	t, err := b.castType(e.Type)
	if err != nil {
		return nil, err
	}
	if a, ok := e.X.(*ast.ArrayLit); ok && len(a.Elems) == 0 && b.opts.Standard && t.Kind == types.Array {
		return Lit(t, types.ArrayVal{}), nil
	}
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	if x.Type.Kind == types.Null && x.Op == OpParam {
		return b.typed(x, t), nil
	}
	if !kernel.CanCast(x.Type, t, b.opts.Standard) {
		return nil, codeError{sqlerr.New(sqlerr.CannotCoerce, "Cast of %s to %s is not supported", x.Type, t).At(e.Pos())}
	}
	if x.Type.Equal(t) && mayFail(x) { // it changes nothing but contains failures
		return &Expr{Op: OpCast, Type: t, Args: []*Expr{x}, Standard: b.opts.Standard}, nil
	}
	return Cast(x, t, b.opts.Standard), nil
}

// cases binds both forms of CASE to the searched one. The results are brought to their
// common type.
func (b *binder) cases(e *ast.Case) (*Expr, error) {
	var operand *Expr
	var err error
	if e.Operand != nil {
		if operand, err = b.bind(e.Operand); err != nil {
			return nil, err
		}
	}
	var conds []*Expr
	var results []item
	for _, w := range e.Whens {
		cond, err := b.bind(w.Cond)
		if err != nil {
			return nil, err
		}
		if operand != nil {
			if cond, err = b.compare(ast.Eq, e.Operand, operand, w.Cond, cond); err != nil {
				return nil, err
			}
		}
		if cond = b.typed(cond, types.BooleanType); cond.Type.Kind != types.Boolean {
			return nil, typeError{sqlerr.New(sqlerr.DatatypeMismatch, "WHEN operand type should be boolean.\nType for '%s' is %s",
				b.show(w.Cond), cond.Type).At(w.Cond.Pos())}
		}
		conds = append(conds, cond)
		result, err := b.bind(w.Result)
		if err != nil {
			return nil, err
		}
		results = append(results, item{w.Result, result})
	}
	if e.Else != nil {
		result, err := b.bind(e.Else)
		if err != nil {
			return nil, err
		}
		results = append(results, item{e.Else, result})
	}
	if err := b.caseTexts(results, caseMismatch(e)); err != nil {
		return nil, err
	}
	t, values, err := b.commonValues(results, caseMismatch(e))
	if err != nil {
		return nil, err
	}
	if t.Kind == types.Null {
		return nil, typeError{sqlerr.New(sqlerr.IndeterminateType, "Invalid Case expression. All case branches have NULL type")}
	}
	out := &Expr{Op: OpCase, Type: t}
	for i, cond := range conds {
		out.Args = append(out.Args, cond, values[i])
	}
	if e.Else != nil {
		out.Args = append(out.Args, values[len(values)-1])
	}
	return out, nil
}

// caseTexts refuses texts beside values of other types, which ksqlDB reads in lists but not
// in the branches of a CASE.
func (b *binder) caseTexts(results []item, mismatch func(*binder, item, types.Type) error) error {
	if b.opts.Standard {
		return nil
	}
	var first *Expr
	for _, it := range results {
		switch {
		case it.e.Type.Kind == types.Null || it.e.Op == OpParam:
		case first == nil:
			first = it.e
		case (first.Type.Kind == types.String) != (it.e.Type.Kind == types.String):
			return mismatch(b, it, first.Type)
		}
	}
	return nil
}

// caseMismatch says which branch of a CASE has a type that the others before it have not.
func caseMismatch(e *ast.Case) func(*binder, item, types.Type) error {
	return func(b *binder, it item, common types.Type) error {
		for _, w := range e.Whens {
			if w.Result == it.ast {
				return typeError{sqlerr.New(sqlerr.DatatypeMismatch, "Invalid Case expression. Type for all 'THEN' clauses should be the same.\n"+
					"THEN expression 'WHEN %s THEN %s' has type: %s.\nPrevious THEN expression(s) type: %s.",
					b.show(w.Cond), b.show(w.Result), it.e.Type, common).At(it.ast.Pos())}
			}
		}
		return typeError{sqlerr.New(sqlerr.DatatypeMismatch, "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\n"+
			"THEN type: %s.\nDEFAULT type: %s.", common, it.e.Type).At(it.ast.Pos())}
	}
}
