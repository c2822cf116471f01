package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// param declares a parameter of the path (when the path has {name}) or of the query.
type param struct {
	name string
	kind paramKind
	doc  string
	// def is the default, in the form of the query; "" for none.
	def string
	// min and max bound an integer; both 0: no bounds.
	min, max int64
	// values are the words that are allowed; nil: any text.
	values []string
}

type paramKind string

const (
	textParam paramKind = "string"
	intParam  paramKind = "integer"
	boolParam paramKind = "boolean"
)

// maxText bounds a parameter of text.
const maxText = 16 << 10

// Parameters that several endpoints share.
var (
	searchParam = param{name: "search", kind: textParam, doc: "Part of the name, in any case of letters."}
	limitParam  = param{name: "limit", kind: intParam, def: "50", min: 1, max: 1000, doc: "Entries of the page."}
	offsetParam = param{name: "offset", kind: intParam, def: "0", min: 0, max: 1 << 40, doc: "Entries before the page."}
	orderParam  = param{name: "order", kind: textParam, def: "asc", values: []string{"asc", "desc"}, doc: "Direction of the sort."}
)

func pathText(name, doc string) param { return param{name: name, kind: textParam, doc: doc} }

// request is a request whose parameters and body are what its endpoint declares.
type request struct {
	*http.Request
	k         *Console
	w         http.ResponseWriter
	texts     map[string]string
	ints      map[string]int64
	bools     map[string]bool
	given     map[string]bool
	body      any
	streaming bool
}

// parse reads the parameters; one that is not declared, twice there or out of its range is a fault.
func (r *request) parse(params []param) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badParam("the query of the address cannot be read: " + err.Error())
	}
	r.texts, r.ints, r.bools, r.given = map[string]string{}, map[string]int64{}, map[string]bool{}, map[string]bool{}
	for name, values := range query {
		if !slices.ContainsFunc(params, func(p param) bool { return p.name == name && r.PathValue(name) == "" }) {
			return badParam(fmt.Sprintf("there is no parameter %q here", name))
		}
		if len(values) > 1 {
			return badParam(fmt.Sprintf("the parameter %q is given %d times", name, len(values)))
		}
	}
	for _, p := range params {
		value := r.PathValue(p.name)
		if value == "" {
			if values, ok := query[p.name]; ok {
				value = values[0]
			}
		}
		r.given[p.name] = value != ""
		if value == "" {
			value = p.def
		}
		if err := r.take(p, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *request) take(p param, value string) error {
	switch p.kind {
	case intParam:
		if value == "" {
			return nil
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return badParam(fmt.Sprintf("%s must be a whole number, not %q", p.name, clip(value)))
		}
		if (p.min != 0 || p.max != 0) && (n < p.min || n > p.max) {
			return badParam(fmt.Sprintf("%s must be between %d and %d, not %d", p.name, p.min, p.max, n))
		}
		r.ints[p.name] = n
	case boolParam:
		switch value {
		case "true", "1":
			r.bools[p.name] = true
		case "", "false", "0":
		default:
			return badParam(fmt.Sprintf("%s must be true or false, not %q", p.name, clip(value)))
		}
	default:
		if len(value) > maxText {
			return badParam(fmt.Sprintf("%s is longer than %d bytes", p.name, maxText))
		}
		if p.values != nil && value != "" && !slices.Contains(p.values, value) {
			return badParam(fmt.Sprintf("%s must be one of %s, not %q", p.name, strings.Join(p.values, ", "), clip(value)))
		}
		r.texts[p.name] = value
	}
	return nil
}

// clip shortens what a stranger wrote for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

func (r *request) text(name string) string { return r.texts[name] }
func (r *request) int(name string) int64   { return r.ints[name] }
func (r *request) bool(name string) bool   { return r.bools[name] }

// page is a part of a list.
type page[T any] struct {
	Total  int `json:"total" doc:"Entries of the whole list."`
	Offset int `json:"offset" doc:"Entries before the page."`
	Items  []T `json:"items"`
}

// pageOf cuts a page out of a list, and makes its items.
func pageOf[A, B any](r *request, all []A, item func(A) (B, error)) (page[B], error) {
	from := min(int(r.int("offset")), len(all))
	to := min(from+int(r.int("limit")), len(all))
	out := page[B]{Total: len(all), Offset: from, Items: make([]B, 0, to-from)}
	for _, a := range all[from:to] {
		b, err := item(a)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, b)
	}
	return out, nil
}

// writeTimeout is how long a client may take nothing of what it is sent.
const writeTimeout = 20 * time.Second

// begin starts an answer of lines of JSON.
func (r *request) begin() {
	if r.streaming {
		return
	}
	h := r.w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	r.streaming = true
	// The request has been read; its time for that must not end the answer.
	_ = http.NewResponseController(r.w).SetReadDeadline(time.Time{})
	r.w.WriteHeader(http.StatusOK)
}

// line sends one line, at once.
func (r *request) line(v any) error {
	r.begin()
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(v); err != nil {
		return err
	}
	return r.raw(text.Bytes())
}

// raw sends what is lines of JSON already.
func (r *request) raw(text []byte) error {
	c := http.NewResponseController(r.w)
	// A recorder of tests knows no deadlines, and needs none.
	_ = c.SetWriteDeadline(r.k.c.Clock.Now().Add(writeTimeout))
	if _, err := r.w.Write(text); err != nil {
		return err
	}
	if err := c.Flush(); err != nil && err != http.ErrNotSupported {
		return err
	}
	return nil
}

// untilClosed is the context of a request, which ends with the console as well.
func (k *Console) untilClosed(r *request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(k.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}
