package standard

import (
	"math"
	"strconv"
	"strings"

	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/numeric"
)

// numberFormat is a format of numbers, read (formatting.c, NUMDesc).
type numberFormat struct {
	words                           []string // 9 0 . , D G S MI PL SG PR TH th L RN V EEEE, or text behind a quote
	pre, post, multi                int      // digits before and behind the point, and behind V
	zeroStart, zeroEnd, preSign     int
	zero, decimal, fill, minus      bool
	plus, bracket, sign, signBehind bool
	roman, lowRoman, exponent       bool
}

var numberKeys = []string{"EEEE", "FM", "MI", "PL", "PR", "RN", "SG", "TH", ",", ".", "0", "9", "D", "G", "L", "S", "V"}

func parseNumberFormat(format string) (*numberFormat, error) {
	f := &numberFormat{}
	for rest := format; rest != ""; {
		if rest[0] == '"' {
			text, after, _ := strings.Cut(rest[1:], `"`)
			f.words, rest = append(f.words, `"`+text), after
			continue
		}
		key := ""
		for _, k := range numberKeys {
			if strings.HasPrefix(strings.ToUpper(rest), k) {
				key = k
				break
			}
		}
		if key == "" {
			f.words, rest = append(f.words, `"`+rest[:1]), rest[1:]
			continue
		}
		written := rest[:len(key)]
		rest = rest[len(key):]
		if err := f.take(key, written); err != nil {
			return nil, err
		}
	}
	if f.zeroStart > 0 {
		f.zeroStart--
	}
	return f, nil
}

func (f *numberFormat) take(key, written string) error {
	bad := func(text string) error { return sqlerr.New(sqlerr.SyntaxError, "%s", text) }
	switch key {
	case "9", "0":
		switch {
		case f.bracket:
			return bad("\"9\" must be ahead of \"PR\"")
		case f.multi > 0:
			f.multi++
		case f.decimal:
			f.post++
		default:
			if key == "0" && !f.zero {
				f.zero, f.zeroStart = true, f.pre+1
			}
			f.pre++
		}
		if key == "0" {
			f.zeroEnd = f.pre + f.post
		}
	case ".", "D":
		if f.decimal {
			return bad("multiple decimal points")
		}
		f.decimal = true
	case "FM":
		f.fill = true
		return nil
	case "S":
		if f.sign {
			return bad("cannot use \"S\" twice")
		}
		f.sign = true
		if f.decimal || f.pre > 0 {
			f.signBehind = true
		}
		f.preSign = f.pre
	case "MI":
		f.minus = true
	case "PL":
		f.plus = true
	case "SG":
		f.minus, f.plus = true, true
	case "PR":
		f.bracket = true
	case "RN":
		f.roman, f.lowRoman = true, written == "rn"
	case "V":
		f.multi = 1
		return nil
	case "EEEE":
		f.exponent = true
	case "TH":
		key = written
	}
	f.words = append(f.words, key)
	return nil
}

// numberFormats are the overloads of TO_CHAR for numbers.
func numberFormats() []function.Signature {
	lift := func(param string, digits func(x types.Value, f *numberFormat) (string, bool, error)) function.Signature {
		s := function.Signature{Params: []string{param, "STRING format"}, Result: "STRING", NullIn: true}
		s.Compile = func([]types.Type, types.Type) (function.Kernel, error) {
			var last memo[*numberFormat]
			return function.LiftRows(func(_ *function.Context, a []types.Value) (types.Value, error) {
				if a[0] == nil || a[1] == nil || a[1] == "" {
					return nil, nil
				}
				f, err := last.get(a[1].(string), parseNumberFormat)
				if err != nil {
					return nil, err
				}
				text, negative, err := digits(a[0], f)
				if err != nil {
					return nil, err
				}
				return f.write(text, negative), nil
			}), nil
		}
		return s
	}
	exact := func(d types.Dec, f *numberFormat) (string, bool, error) {
		if f.multi > 0 {
			up, err := numeric.Mul(d, types.Dec{Unscaled: types.Pow10(min(f.multi-1, 30))})
			if err != nil {
				return "", false, err
			}
			d = up
		}
		if f.exponent {
			return scientific(d.Float64(), f.post)
		}
		if f.roman {
			d, err := numeric.Round(d, 0)
			return strings.TrimPrefix(d.String(), "-"), d.Unscaled.Sign() < 0, err
		}
		d, err := numeric.Round(d, f.post)
		text, negative := strings.CutPrefix(d.String(), "-")
		return text, negative, err
	}
	whole := func(n int64, f *numberFormat) (string, bool, error) { return exact(types.DecOf(n), f) }
	return []function.Signature{
		lift("INTEGER value", func(x types.Value, f *numberFormat) (string, bool, error) { return whole(int64(x.(int32)), f) }),
		lift("BIGINT value", func(x types.Value, f *numberFormat) (string, bool, error) { return whole(x.(int64), f) }),
		lift("DECIMAL value", func(x types.Value, f *numberFormat) (string, bool, error) { return exact(x.(types.Dec), f) }),
		lift("NUMERIC value", func(x types.Value, f *numberFormat) (string, bool, error) { return exact(x.(types.Dec), f) }),
		lift("DOUBLE value", func(x types.Value, f *numberFormat) (string, bool, error) { return doubleDigits(x.(float64), f) }),
	}
}

func scientific(x float64, post int) (string, bool, error) {
	text := strconv.FormatFloat(math.Abs(x), 'e', post, 64)
	return text, x < 0, nil
}

// doubleDigits shows no more than the 15 digits that a double has.
func doubleDigits(x float64, f *numberFormat) (string, bool, error) {
	if f.multi > 0 {
		x *= math.Pow10(f.multi - 1)
	}
	negative := math.Signbit(x)
	switch {
	case math.IsNaN(x):
		return "NaN", false, nil
	case math.IsInf(x, 0):
		return "Infinity", negative, nil
	case f.exponent:
		return scientific(x, f.post)
	}
	const digits = 15
	post := f.post
	if n := len(strconv.FormatFloat(math.Abs(x), 'f', 0, 64)); n >= digits {
		post = 0
	} else if n+post > digits {
		post = digits - n
	}
	text := strconv.FormatFloat(math.Abs(x), 'f', post, 64)
	return text, negative && strings.Trim(text, "0.") != "", nil
}

var romanDigits = []struct {
	value int
	text  string
}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}}

func (f *numberFormat) writeRoman(text string, negative bool) string {
	n, err := strconv.Atoi(text)
	if err != nil || negative || n < 1 || n > 3999 {
		return strings.Repeat("#", 15)
	}
	var b strings.Builder
	for _, r := range romanDigits {
		for ; n >= r.value; n -= r.value {
			b.WriteString(r.text)
		}
	}
	out := b.String()
	if f.lowRoman {
		out = strings.ToLower(out)
	}
	if f.fill {
		return out
	}
	return strings.Repeat(" ", 15-len(out)) + out
}

// write is NUM_processor: text are the digits of a number that is not negative.
func (f *numberFormat) write(text string, negative bool) string {
	switch {
	case f.roman:
		return f.writeRoman(text, negative)
	case f.exponent:
		if negative {
			return "-" + text
		}
		return " " + text
	}
	n := &numberWriter{f: f, sign: '+', pre: f.pre + max(0, f.multi-1), bracket: f.bracket, behind: f.signBehind}
	if negative {
		n.sign = '-'
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if f.decimal || fraction != "" {
		text = whole + "." + fraction
	}
	if over := len(whole) - n.pre; over < 0 {
		n.spaces = -over
	} else if over > 0 {
		text = strings.Repeat("#", n.pre)
		if f.decimal {
			text += "." + strings.Repeat("#", f.post)
		}
	}
	n.text = text
	n.run()
	return string(n.out)
}

type numberWriter struct {
	f       *numberFormat
	text    string // digits and point
	at      int    // what is next of text
	sign    byte
	out     []byte
	pre     int
	spaces  int // places before the first digit
	place   int // of digits, so far
	wrote   bool
	inside  bool // the last place had a digit
	bracket bool
	behind  bool
	last    int // with FM the last digit that says something, else -1
}

func (n *numberWriter) run() {
	f := n.f
	n.last = -1
	if f.fill && f.decimal {
		n.last = n.lastRelevant()
	}
	switch {
	case f.plus || f.minus:
		n.wrote = !f.plus || f.minus
	default:
		if n.sign == '+' && f.fill {
			n.bracket = false
		}
		n.wrote = n.sign == '+' && f.fill && !f.sign
	}
	for _, w := range f.words {
		switch w {
		case "9", "0", ".", "D":
			n.digit(w)
		case ",", "G":
			if n.inside {
				n.out = append(n.out, ',')
			} else if !f.fill {
				n.out = append(n.out, ' ')
			}
		case "L":
			n.out = append(n.out, ' ')
		case "MI":
			n.orBlank('-', n.sign == '-')
		case "PL":
			n.orBlank('+', n.sign == '+')
		case "SG":
			n.out = append(n.out, n.sign)
		case "TH", "th":
			if n.sign == '+' && !f.decimal && !strings.HasPrefix(n.text, "#") {
				n.out = append(n.out, ordinal(n.text, w)...)
			}
		default:
			if text, ok := strings.CutPrefix(w, `"`); ok {
				n.out = append(n.out, text...)
			}
		}
	}
}

func (n *numberWriter) orBlank(c byte, yes bool) {
	switch {
	case yes:
		n.out = append(n.out, c)
	case !n.f.fill:
		n.out = append(n.out, ' ')
	}
}

// lastRelevant is where the zeros at the end begin, but not before the last 0 of the format.
func (n *numberWriter) lastRelevant() int {
	point := strings.IndexByte(n.text, '.')
	if point < 0 {
		return -1
	}
	last := point
	for i := point + 1; i < len(n.text); i++ {
		if n.text[i] != '0' {
			last = i
		}
	}
	if end := n.f.zeroEnd; end > n.spaces {
		last = max(last, min(len(n.text)-1, end-n.spaces))
	}
	return last
}

// blankZero says that the 0 before a point is not shown: 9.9 of 0.1 is " .1".
func (n *numberWriter) blankZero() bool {
	return !n.f.zero && n.at == 0 && strings.HasPrefix(n.text, "0") && n.f.post != 0
}

func (n *numberWriter) pointLast() bool { return n.last >= 0 && n.text[n.last] == '.' }

func (n *numberWriter) digit(w string) {
	f := n.f
	n.inside = false
	zeros := f.zero && f.zeroStart <= n.place
	if !n.wrote && (n.place >= n.spaces || f.zero && f.zeroStart == n.place) && (!n.blankZero() || n.pointLast()) {
		n.writeSign()
	}
	switch {
	case n.place < n.spaces && !zeros:
		if !f.fill {
			n.out = append(n.out, ' ')
		}
	case n.place < n.spaces:
		n.out, n.inside = append(n.out, '0'), true
	default:
		n.real(w)
		if n.at < len(n.text) {
			n.at++
		}
	}
	end := f.post + n.pre - 1
	if n.spaces > 0 {
		end++
	}
	if f.decimal {
		end++
	}
	if n.spaces == 0 {
		end++
	}
	if n.last >= 0 && n.last == n.at {
		end = n.place
	}
	if n.place+1 == end || n.place+1 == f.post+n.pre+b2i(f.decimal) {
		n.finish()
	}
	n.place++
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// finish writes what stands behind the last digit, once.
func (n *numberWriter) finish() {
	switch {
	case n.bracket && n.wrote:
		n.bracket = false
		if n.sign == '-' {
			n.out = append(n.out, '>')
		} else {
			n.out = append(n.out, ' ')
		}
	case n.f.sign && n.behind:
		n.behind = false
		n.out = append(n.out, n.sign)
	}
}

func (n *numberWriter) writeSign() {
	f := n.f
	switch {
	case f.sign:
		if !n.behind {
			n.out = append(n.out, n.sign)
		}
	case n.bracket:
		if n.sign == '+' {
			n.out = append(n.out, ' ')
		} else {
			n.out = append(n.out, '<')
		}
	case n.sign == '-':
		n.out = append(n.out, '-')
	case !f.fill:
		n.out = append(n.out, ' ')
	}
	n.wrote = true
}

// real writes a digit of the number, or its point.
func (n *numberWriter) real(w string) {
	switch {
	case n.at >= len(n.text):
	case n.text[n.at] == '.':
		n.out = append(n.out, '.')
	case n.last >= 0 && n.at > n.last && w != "0":
	case n.blankZero():
		if !n.f.fill {
			n.out = append(n.out, ' ')
		} else if n.pointLast() {
			n.out = append(n.out, '0')
		}
	default:
		n.out, n.inside = append(n.out, n.text[n.at]), true
	}
}
