package pgtext

import (
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"

	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Parse reads text as PostgreSQL's input functions do. Errors are *sqlerr.Error: text that
// does not read as the type is 22P02 (of dates and times 22007), a value beyond it 22003
// (22008).
func Parse(text string, t types.Type) (types.Value, error) {
	s := strings.Trim(text, " \t\n\r\v\f")
	switch t.Kind {
	case types.String:
		return text, nil
	case types.Boolean:
		return parseBool(s, text)
	case types.Int, types.Bigint:
		return parseInteger(s, text, t)
	case types.Double:
		return parseFloat(s, text)
	case types.Decimal, types.Numeric:
		return parseNumeric(s, text, t)
	case types.Bytes:
		return parseBytes(text)
	case types.Date, types.Time, types.Timestamp:
		return parseDateTime(text, t)
	case types.Array:
		return parseArray(text, t)
	case types.JSON, types.JSONB:
		return parseJSON(text, t)
	case types.Interval:
		return valueOr(ParseInterval(text))
	}
	return nil, sqlerr.New(sqlerr.CannotCoerce, "cannot cast type text to %s", TypeName(t))
}

func syntax(text string, t types.Type) error {
	return sqlerr.New(sqlerr.InvalidText, "invalid input syntax for type %s: \"%s\"", TypeName(t), strings.Clone(text))
}

// parseBool takes a unique beginning of true, yes, on, false, no and off, and 1 and 0.
func parseBool(s, text string) (types.Value, error) {
	low := strings.ToLower(s)
	for word, value := range map[string]bool{"true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false} {
		if low != "" && strings.HasPrefix(word, low) && low != "o" {
			return value, nil
		}
	}
	return nil, syntax(text, types.BooleanType)
}

func parseInteger(s, text string, t types.Type) (types.Value, error) {
	bits := 64
	if t.Kind == types.Int {
		bits = 32
	}
	n, err := strconv.ParseInt(s, 10, bits)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, sqlerr.New(sqlerr.NumericOutOfRange, "value \"%s\" is out of range for type %s", strings.Clone(text), TypeName(t))
	case err != nil:
		return nil, syntax(text, t)
	case t.Kind == types.Int:
		return int32(n), nil
	}
	return n, nil
}

func parseFloat(s, text string) (types.Value, error) {
	low := strings.ToLower(strings.TrimLeft(s, "+-"))
	switch low {
	case "nan":
		if s[0] != '+' && s[0] != '-' {
			return math.NaN(), nil
		}
	case "inf", "infinity":
		return math.Inf(1 - 2*b2i(s[0] == '-')), nil
	}
	if strings.Trim(low, "0123456789+-.e") != "" {
		return nil, syntax(text, types.DoubleType)
	}
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, sqlerr.New(sqlerr.NumericOutOfRange, "\"%s\" is out of range for type double precision", strings.Clone(text))
	case err != nil:
		return nil, syntax(text, types.DoubleType)
	case f == 0 && strings.Trim(strings.Split(low, "e")[0], "0.") != "": // it vanished
		return nil, sqlerr.New(sqlerr.NumericOutOfRange, "\"%s\" is out of range for type double precision", strings.Clone(text))
	}
	return f, nil
}

func parseNumeric(s, text string, t types.Type) (types.Value, error) {
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" {
		return nil, syntax(text, t)
	}
	d, err := types.ParseDec(s)
	if err != nil {
		if _, bad := strconv.ParseFloat(s, 64); bad != nil && !errors.Is(bad, strconv.ErrRange) {
			return nil, syntax(text, t)
		}
		return nil, sqlerr.New(sqlerr.NumericOutOfRange, "value \"%s\" has more digits than numeric holds here: %d", strings.Clone(text), types.MaxPrecision)
	}
	out, err := FitNumeric(d, t)
	return valueOr(out, err)
}

// FitNumeric brings a number into a numeric type, rounding half away from zero.
func FitNumeric(d types.Dec, t types.Type) (types.Dec, error) {
	if t.Kind == types.Numeric {
		return d, nil
	}
	out, err := d.Fit(t.Precision, t.Scale, types.HalfUp)
	if err != nil {
		return out, sqlerr.New(sqlerr.NumericOutOfRange, "numeric field overflow").
			Detail("A field with precision %d, scale %d must round to an absolute value less than 10^%d.", t.Precision, t.Scale, t.Precision-t.Scale)
	}
	return out, nil
}

func valueOr[T any](v T, err error) (types.Value, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// parseBytes reads \x and hexadecimal digits, or text with \\ and \ooo in it.
func parseBytes(s string) (types.Value, error) {
	if digits, ok := strings.CutPrefix(s, `\x`); ok {
		digits = strings.NewReplacer(" ", "", "\n", "", "\t", "", "\r", "").Replace(digits)
		b, err := hex.DecodeString(digits)
		switch {
		case errors.Is(err, hex.ErrLength):
			return nil, sqlerr.New(sqlerr.InvalidParameter, "invalid hexadecimal data: odd number of digits")
		case err != nil:
			return nil, sqlerr.New(sqlerr.InvalidParameter, "invalid hexadecimal digit in \"%s\"", strings.Clone(s))
		}
		return b, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if strings.HasPrefix(s[i:], `\\`) {
			out = append(out, '\\')
			i++
			continue
		}
		if i+3 >= len(s) {
			return nil, syntax(s, types.BytesType)
		}
		n, err := strconv.ParseUint(s[i+1:i+4], 8, 8)
		if err != nil {
			return nil, syntax(s, types.BytesType)
		}
		out = append(out, byte(n))
		i += 3
	}
	return out, nil
}

// maxDimensions is how deep arrays nest in PostgreSQL.
const maxDimensions = 6

// parseArray reads {1,NULL,"a b"}; braces inside make arrays of arrays.
func parseArray(text string, t types.Type) (types.Value, error) {
	p := arrayParser{text: text}
	p.space()
	out, err := p.array(t, 1)
	if err == nil {
		if p.space(); p.at < len(text) {
			err = p.malformed()
		}
	}
	return valueOr(out, err)
}

type arrayParser struct {
	text string
	at   int
}

func (p *arrayParser) malformed() error {
	return sqlerr.New(sqlerr.InvalidText, "malformed array literal: \"%s\"", strings.Clone(p.text))
}

func (p *arrayParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r\v\f", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *arrayParser) is(c byte) bool { return p.at < len(p.text) && p.text[p.at] == c }

func (p *arrayParser) array(t types.Type, depth int) (types.ArrayVal, error) {
	if !p.is('{') || depth > maxDimensions {
		return nil, p.malformed()
	}
	p.at++
	out := types.ArrayVal{}
	if p.space(); p.is('}') {
		p.at++
		return out, nil
	}
	for {
		p.space()
		x, err := p.element(*t.Elem, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
		p.space()
		switch {
		case p.is(','):
			p.at++
		case p.is('}'):
			p.at++
			return out, nil
		default:
			return nil, p.malformed()
		}
	}
}

func (p *arrayParser) element(t types.Type, depth int) (types.Value, error) {
	if t.Kind == types.Array {
		return valueOr(p.array(t, depth+1))
	}
	var b strings.Builder
	quoted := p.is('"')
	if quoted {
		p.at++
	}
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if quoted && c == '"' || !quoted && (c == ',' || c == '}') {
			break
		}
		if !quoted && (c == '{' || c == '"') {
			return nil, p.malformed()
		}
		if c == '\\' {
			if p.at++; p.at == len(p.text) {
				return nil, p.malformed()
			}
		}
		b.WriteByte(p.text[p.at])
	}
	if p.at == len(p.text) {
		return nil, p.malformed()
	}
	s := b.String()
	if quoted {
		p.at++
	} else {
		s = strings.TrimRight(s, " \t\n\r\v\f")
		if s == "" {
			return nil, p.malformed()
		}
		if strings.EqualFold(s, "NULL") {
			return nil, nil
		}
	}
	return Parse(s, t)
}
