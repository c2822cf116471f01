package shell

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"tailrace/cli/shell/render"
	"tailrace/sql/sqlerr"
)

// settings say how results are shown: what \pset changes.
type settings struct {
	render.Options
	noFooter  bool
	lineStyle string // of boxes: ascii or unicode; empty: as the terminal can
	columns   int    // the width to fit; 0: that of the terminal
	pager     pagerUse
	pagerMin  int // fewer lines are not paged, whatever the screen
	timing    bool
}

// pagerUse says when results are shown by a pager.
type pagerUse byte

const (
	pagerOn     pagerUse = iota // when they are longer than the screen
	pagerOff                    // never
	pagerAlways                 // always, on a terminal
)

// setting is one of \pset. set gets the value, empty when there is none: then a setting
// that is on or off changes sides, and the others stay as they are. show is the sentence
// that tells the state.
type setting struct {
	name, values, short string
	set                 func(s *settings, value string, given bool) error
	value               func(s *settings) string
	show                func(s *settings) string
}

var allSettings = []setting{
	{"columns", "number", "width that boxes are fitted to; 0 is that of the terminal",
		func(s *settings, v string, given bool) error { return setNumber(&s.columns, v, given) },
		func(s *settings) string { return strconv.Itoa(s.columns) },
		func(s *settings) string {
			if s.columns == 0 {
				return "Target width is that of the terminal."
			}
			return fmt.Sprintf("Target width is %d.", s.columns)
		}},
	{"csv_fieldsep", "character", "what stands between the values of CSV",
		func(s *settings, v string, given bool) error {
			if !given {
				return nil
			}
			r, n := utf8.DecodeRuneInString(v)
			if n != len(v) || r == '"' || r == '\n' || r == '\r' {
				return fmt.Errorf(`csv_fieldsep is one character, and neither a double quote nor a line break`)
			}
			s.Comma = r
			return nil
		},
		func(s *settings) string { return quoteSetting(string(comma(s))) },
		func(s *settings) string { return fmt.Sprintf("Field separator for CSV is %q.", comma(s)) }},
	{"expanded", "on|off|auto", "one column a line; auto: where a box does not fit the screen",
		func(s *settings, v string, given bool) error {
			switch on, err := parseSwitch(v); {
			case !given && s.Expanded == render.On:
				s.Expanded = render.Auto
			case !given || err == nil && on:
				s.Expanded = render.On
			case strings.EqualFold(v, "auto"):
				s.Expanded = render.Auto
			case err == nil:
				s.Expanded = render.Off
			default:
				return fmt.Errorf("expanded is on, off or auto, not %q", v)
			}
			return nil
		},
		func(s *settings) string { return [...]string{"auto", "on", "off"}[s.Expanded] },
		func(s *settings) string {
			return [...]string{"Expanded display is used automatically.", "Expanded display is on.", "Expanded display is off."}[s.Expanded]
		}},
	{"fieldsep", "text", "what stands between the values of unaligned output",
		func(s *settings, v string, given bool) error {
			if given {
				s.Separator = v
			}
			return nil
		},
		func(s *settings) string { return quoteSetting(fieldSeparator(s)) },
		func(s *settings) string { return fmt.Sprintf("Field separator is %q.", fieldSeparator(s)) }},
	onOffSetting("footer", "the number of rows below a result", "Default footer is %s.",
		func(s *settings) bool { return !s.noFooter }, func(s *settings, on bool) { s.noFooter = !on }),
	{"format", strings.Join(render.FormatNames(), "|"), "how results are written",
		func(s *settings, v string, given bool) (err error) {
			if given {
				s.Format, err = render.ParseFormat(v)
			}
			return err
		},
		func(s *settings) string { return s.Format.String() },
		func(s *settings) string { return fmt.Sprintf("Output format is %s.", s.Format) }},
	onOffSetting("header", "the names of the columns above a result", "Header is %s.",
		func(s *settings) bool { return !s.NoHeader }, func(s *settings, on bool) { s.NoHeader = !on }),
	{"linestyle", "ascii|unicode|auto", "what boxes are drawn with; auto: as the terminal can",
		func(s *settings, v string, given bool) error {
			switch v = strings.ToLower(v); {
			case !given:
			case v == "ascii" || v == "unicode":
				s.lineStyle = v
			case v == "auto":
				s.lineStyle = ""
			default:
				return fmt.Errorf("linestyle is ascii, unicode or auto, not %q", v)
			}
			return nil
		},
		func(s *settings) string { return orDefault(s.lineStyle, "auto") },
		func(s *settings) string { return fmt.Sprintf("Line style is %s.", orDefault(s.lineStyle, "auto")) }},
	{"null", "text", "how NULL is written",
		func(s *settings, v string, given bool) error {
			if given {
				s.Null = &v
			}
			return nil
		},
		func(s *settings) string {
			if s.Null == nil {
				return "auto"
			}
			return quoteSetting(*s.Null)
		},
		func(s *settings) string {
			if s.Null == nil {
				return "Null display is that of the format."
			}
			return fmt.Sprintf("Null display is %q.", *s.Null)
		}},
	{"pager", "on|off|always", "a pager for what is longer than the screen",
		func(s *settings, v string, given bool) error {
			switch on, err := parseSwitch(v); {
			case !given && s.pager == pagerOff:
				s.pager = pagerOn
			case !given:
				s.pager = pagerOff
			case strings.EqualFold(v, "always"):
				s.pager = pagerAlways
			case err != nil:
				return fmt.Errorf("pager is on, off or always, not %q", v)
			case on:
				s.pager = pagerOn
			default:
				s.pager = pagerOff
			}
			return nil
		},
		func(s *settings) string { return [...]string{"on", "off", "always"}[s.pager] },
		func(s *settings) string {
			return [...]string{"Pager is used for long output.", "Pager usage is off.", "Pager is always used."}[s.pager]
		}},
	{"pager_min_lines", "number", "results with fewer lines are never paged",
		func(s *settings, v string, given bool) error { return setNumber(&s.pagerMin, v, given) },
		func(s *settings) string { return strconv.Itoa(s.pagerMin) },
		func(s *settings) string {
			if s.pagerMin == 0 {
				return "Pager is used for whatever is longer than the screen."
			}
			return fmt.Sprintf("Pager is not used for less than %d lines.", s.pagerMin)
		}},
	onOffSetting("tuples_only", "rows alone: no header, no number of rows", "Tuples only is %s.",
		func(s *settings) bool { return s.TuplesOnly }, func(s *settings, on bool) { s.TuplesOnly = on }),
}

func onOffSetting(name, short, sentence string, get func(*settings) bool, set func(*settings, bool)) setting {
	return setting{name, "on|off", short,
		func(s *settings, v string, given bool) error {
			on, err := !get(s), error(nil)
			if given {
				if on, err = parseSwitch(v); err != nil {
					return fmt.Errorf("%s is on or off, not %q", name, v)
				}
			}
			set(s, on)
			return nil
		},
		func(s *settings) string { return onOff(get(s)) },
		func(s *settings) string { return fmt.Sprintf(sentence, onOff(get(s))) }}
}

// findSetting finds a setting by its name.
func findSetting(name string) (*setting, error) {
	var names []string
	for i := range allSettings {
		if strings.EqualFold(allSettings[i].name, name) {
			return &allSettings[i], nil
		}
		names = append(names, allSettings[i].name)
	}
	if near := sqlerr.Closest(name, names); near != "" {
		return nil, fmt.Errorf("no setting %q; did you mean %s?", name, near)
	}
	return nil, fmt.Errorf(`no setting %q; \pset lists them`, name)
}

// Set changes a setting of \pset by its name.
func (s *settings) Set(name, value string) error {
	found, err := findSetting(name)
	if err != nil {
		return err
	}
	return found.set(s, value, true)
}

func setNumber(to *int, value string, given bool) error {
	if !given {
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no whole number from 0 on", value)
	}
	*to = n
	return nil
}

// parseSwitch reads on and off, and the other words that SQL has for them.
func parseSwitch(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "on", "true", "yes", "1", "t", "y":
		return true, nil
	case "off", "false", "no", "0", "f", "n":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither on nor off", text)
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func comma(s *settings) rune {
	if s.Comma == 0 {
		return ','
	}
	return s.Comma
}

func fieldSeparator(s *settings) string { return orDefault(s.Separator, "|") }

func quoteSetting(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// optionsFor are the options of a result that is shown on a screen.
func (s *settings) optionsFor(screen Screen) render.Options {
	o := s.Options
	o.Screen = screen
	if s.columns > 0 {
		o.Screen.Width = s.columns
	}
	if s.lineStyle != "" {
		o.Screen.Unicode = s.lineStyle == "unicode"
	}
	return o
}

// footer says whether the number of rows stands below results.
func (s *settings) footer() bool {
	return !s.noFooter && !s.TuplesOnly && !s.Format.ForPrograms()
}
