package pgcatalog

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"tailrace/server/pgcatalog/syntax"
	"tailrace/sql/sqlerr"
)

func (s *scope) like(e *syntax.Like) (*expr, error) {
	l, err := s.value(e.X)
	if err != nil {
		return nil, err
	}
	r, err := s.value(e.Pattern)
	if err != nil {
		return nil, err
	}
	op := "~~"
	if e.Not {
		op = "!~~"
	}
	if e.Fold {
		op += "*"
	}
	var escape *expr
	if e.Escape != nil {
		if escape, err = s.value(e.Escape); err != nil {
			return nil, err
		}
	}
	return s.match(op, l, r, escape, e.Pos())
}

// match binds LIKE (~~) and regular expressions (~), with ! for not and a star at the end
// for any case.
func (s *scope) match(op string, l, r, escape *expr, pos int) (*expr, error) {
	var err error
	if l, err = s.coerce(l, textType); err != nil {
		return nil, err
	}
	if r, err = s.coerce(r, textType); err != nil {
		return nil, err
	}
	l, r = s.foldNames(l, r)
	not, fold, isLike := op[0] == '!', strings.HasSuffix(op, "*"), strings.Contains(op, "~~")
	return both(l, r, boolType, func(f *frame, a, b any) (any, error) {
		if !isLike {
			re, err := f.ex.pattern(b.(string), fold)
			if err != nil {
				return nil, sqlerr.New(sqlerr.InvalidRegexp, "invalid regular expression: %s", err).At(pos)
			}
			return re.MatchString(a.(string)) != not, nil
		}
		esc := `\`
		if escape != nil {
			v, err := escape.eval(f)
			if err != nil || v == nil {
				return nil, err
			}
			esc = text(v)
		}
		x, y := a.(string), b.(string)
		if fold {
			x, y = strings.ToLower(x), strings.ToLower(y)
		}
		return likeMatch(x, y, esc) != not, nil
	}), nil
}

// pattern compiles a regular expression once per execution. PostgreSQL's advanced regular
// expressions and Go's agree on what tools use.
func (ex *execution) pattern(text string, fold bool) (*regexp.Regexp, error) {
	text = strings.TrimPrefix(text, "***:")
	if rest, literal := strings.CutPrefix(text, "***="); literal {
		text = regexp.QuoteMeta(rest)
	}
	if fold {
		text = "(?i)" + text
	}
	if re, ok := ex.patterns[text]; ok {
		return re, nil
	}
	re, err := regexp.Compile(text)
	if err == nil {
		ex.patterns[text] = re
	}
	return re, err
}

// likeMatch is LIKE: % is any text, _ one character. It goes back to the last % only, so
// its cost is bounded by the product of the lengths.
func likeMatch(s, pattern, escape string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for i < len(s) {
		if j < len(pattern) && pattern[j] == '%' && escape != "%" {
			star, mark = j, i
			j++
			continue
		}
		if n, m, ok := likeOne(s[i:], pattern[j:], escape); ok {
			i, j = i+n, j+m
			continue
		}
		if star < 0 {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		i, j = mark, star+1
	}
	for j < len(pattern) && pattern[j] == '%' {
		j++
	}
	return j == len(pattern)
}

// likeOne matches one character; n and m are what it takes of text and pattern.
func likeOne(s, pattern, escape string) (n, m int, ok bool) {
	if pattern == "" {
		return 0, 0, false
	}
	_, size := utf8.DecodeRuneInString(s)
	if escape != "" && strings.HasPrefix(pattern, escape) && len(pattern) > len(escape) {
		m = len(escape)
	} else if pattern[0] == '_' {
		return size, 1, true
	}
	if strings.HasPrefix(pattern[m:], s[:size]) {
		return size, m + size, true
	}
	return 0, 0, false
}

func (s *scope) in(e *syntax.In) (*expr, error) {
	if e.Query != nil {
		return s.quantified(&syntax.Quantified{At: e.At, X: e.X, Op: map[bool]string{false: "=", true: "<>"}[e.Not], All: e.Not, Query: e.Query})
	}
	var out *expr
	for _, item := range e.List {
		one, err := s.binary(&syntax.Binary{At: e.At, Op: "=", L: e.X, R: item})
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = one
		} else {
			out = or(out, one)
		}
	}
	if e.Not {
		return out.then(boolType, func(v any) (any, error) { return !v.(bool), nil }), nil
	}
	return out, nil
}

// quantified binds X op ANY/ALL (array or query). The comparison is bound once, over a
// cell that holds the element at hand.
func (s *scope) quantified(e *syntax.Quantified) (*expr, error) {
	elements, t, err := s.elements(e)
	if err != nil {
		return nil, err
	}
	x, err := s.value(e.X)
	if err != nil {
		return nil, err
	}
	cell := &expr{typ: t, pos: e.Pos()}
	cell.eval = func(f *frame) (any, error) { return f.ex.cells[cell], nil }
	test, err := s.operator(e.Op, x, cell, e.Pos())
	if err != nil {
		return nil, err
	}
	return &expr{typ: boolType, pos: e.Pos(), eval: func(f *frame) (any, error) {
		list, isNull, err := elements(f)
		if err != nil || isNull {
			return nil, err
		}
		unknown := false
		for _, v := range list {
			if err := f.ex.step(); err != nil {
				return nil, err
			}
			outer := f.ex.cells[cell]
			f.ex.cells[cell] = v
			got, err := test.eval(f)
			f.ex.cells[cell] = outer
			if err != nil {
				return nil, err
			}
			if got == nil {
				unknown = true
			} else if got.(bool) != e.All {
				return !e.All, nil
			}
		}
		if unknown {
			return nil, nil
		}
		return e.All, nil
	}}, nil
}

// elements binds what a quantified comparison goes over.
func (s *scope) elements(e *syntax.Quantified) (list func(*frame) (array, bool, error), t typ, err error) {
	if e.Query != nil {
		p, err := s.b.query(e.Query, s, s.ctes)
		if err != nil {
			return nil, t, err
		}
		row := typ{oid: oidRecord}
		for _, c := range p.cols {
			row.fields = append(row.fields, field{c.name, c.typ})
		}
		if len(p.cols) == 1 {
			row = p.cols[0].typ
		}
		return func(f *frame) (array, bool, error) {
			rows, err := p.rows(f.ex, f)
			out := make(array, len(rows))
			for i, r := range rows {
				if out[i] = r[0]; len(r) != 1 {
					out[i] = record(r)
				}
			}
			return out, false, err
		}, row, err
	}
	a, err := s.value(e.Array)
	if err != nil {
		return nil, t, err
	}
	if a.typ.isUnknown() {
		x, err := s.value(e.X)
		if err != nil {
			return nil, t, err
		}
		if a, err = s.coerce(a, arrayOf(unify(x.typ))); err != nil {
			return nil, t, err
		}
	}
	if a.typ.shape() != isArray {
		return nil, t, sqlerr.New(sqlerr.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(e.Pos())
	}
	return func(f *frame) (array, bool, error) {
		v, err := a.eval(f)
		list, ok := v.(array)
		return list, !ok, err
	}, a.typ.elem(), nil
}
