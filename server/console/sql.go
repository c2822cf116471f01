package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tailrace/server/session"
	"tailrace/sql/function"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types/vector"
)

// sqlBody is a text of statements to run.
type sqlBody struct {
	SQL string `json:"sql"`
	// Session names the settings and variables that the statements share with earlier ones.
	Session string `json:"session,omitempty" doc:"Any name of up to 64 characters; statements of one name share SET and DEFINE, and read what they wrote. Default: a session of their own."`
	MaxRows int    `json:"max_rows,omitempty" doc:"Rows after which a query that ends is cut off: 1 to 100000, default 10000. Streams are not cut off."`
}

// sqlLine is a line of the answer.
type sqlLine struct {
	Type      string      `json:"type" doc:"statement: one begins. columns; rows; notice. done: it has ended. error: it has failed, and the rest is not run. ping, every 10 seconds of silence."`
	Statement int         `json:"statement" doc:"Its number in the text, from 0."`
	Offset    int         `json:"offset,omitempty" doc:"Of statement: characters before it in the text."`
	Text      string      `json:"text,omitempty" doc:"Of statement."`
	Streaming bool        `json:"streaming,omitempty" doc:"Of statement: it goes on until the request ends."`
	Columns   []sqlColumn `json:"columns,omitempty"`
	Rows      [][]any     `json:"rows,omitempty"`
	Notice    *sqlNotice  `json:"notice,omitempty"`
	Tag       string      `json:"tag,omitempty" doc:"Of done: SELECT 3, CREATE STREAM, ..."`
	Millis    float64     `json:"ms,omitempty" doc:"Of done and error: how long it took."`
	Cut       bool        `json:"cut,omitempty" doc:"Of done: max_rows ended it."`
	Error     *apiError   `json:"error,omitempty" doc:"position counts in the whole text."`
}

type sqlColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type sqlNotice struct {
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// checkBody is a text to look for errors in.
type checkBody struct {
	SQL     string `json:"sql"`
	Session string `json:"session,omitempty"`
}

type checkResult struct {
	Errors []apiError `json:"errors" doc:"position counts in the whole text. What follows a statement that would change the catalog is checked for syntax only."`
}

// functionRow is a function of the language.
type functionRow struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind" doc:"scalar, aggregate or table."`
	Category string   `json:"category"`
	Doc      string   `json:"doc"`
	Forms    []string `json:"forms"`
}

var sqlEndpoints = []endpoint{
	{method: "POST", path: "/api/sql", summary: "Run statements, one after the other; rows come as they are found, a line of JSON each time", stream: true,
		body: sqlBody{}, answer: sqlLine{}, handle: func(k *Console, r *request) (any, error) { return nil, k.runSQL(r) }},
	{method: "POST", path: "/api/sql/check", summary: "Look for errors in statements, and run nothing", body: checkBody{}, answer: checkResult{},
		handle: func(k *Console, r *request) (any, error) { return k.checkSQL(r) }},
	{method: "GET", path: "/api/sources", summary: "Streams and tables with their columns", answer: page[sourceDetail]{},
		params: []param{searchParam, limitParam, offsetParam},
		handle: func(k *Console, r *request) (any, error) {
			var list []sourceDetail
			for _, s := range k.c.Catalog.Snapshot().Sources() {
				if matches(s.Name, r.text("search")) {
					list = append(list, describeSource(s))
				}
			}
			return pageOf(r, list, func(s sourceDetail) (sourceDetail, error) { return s, nil })
		}},
	{method: "GET", path: "/api/functions", summary: "Functions of the language", answer: page[functionRow]{},
		params: []param{searchParam, limitParam, offsetParam},
		handle: func(k *Console, r *request) (any, error) {
			list := slices.DeleteFunc(functions(), func(f functionRow) bool { return !matches(f.Name, r.text("search")) })
			return pageOf(r, list, func(f functionRow) (functionRow, error) { return f, nil })
		}},
}

func init() { endpoints = append(endpoints, sqlEndpoints...) }

const (
	defaultRows = 10_000
	mostRows    = 100_000
	// maxSessions bounds the sessions that are kept, idleSession how long one is that nobody uses.
	maxSessions = 64
	idleSession = 30 * time.Minute
)

// sessions are those of tabs, by the names that tabs gave them.
type sessions struct {
	k  *Console
	mu struct {
		sync.Mutex
		byName map[string]*tab
	}
}

type tab struct {
	session *session.Session
	busy    chan struct{} // holds one while a request has it
	used    time.Time
}

func (s *sessions) init(k *Console) {
	s.k = k
	s.mu.byName = map[string]*tab{}
}

func (k *Console) newSession() *session.Session {
	return k.c.NewSession(map[string]string{"user": "console", "application_name": "Tailrace console"})
}

// sessionWait is how long a request waits for its session: one that was stopped is about to be free.
const sessionWait = 2 * time.Second

// take gives the session of a name to one request, until give.
func (s *sessions) take(ctx context.Context, name string) (own *session.Session, give func(), err error) {
	if name == "" {
		own := s.k.newSession()
		return own, own.Close, nil
	}
	timer := s.k.c.Clock.NewTimer(sessionWait)
	defer timer.Stop()
	for {
		t, busy, err := s.tryTake(name)
		if err != nil {
			return nil, nil, err
		}
		if t != nil {
			return t.session, func() { <-t.busy }, nil
		}
		select {
		case busy <- struct{}{}: // it is free: let go, and take it as everybody does
			<-busy
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-timer.C():
			return nil, nil, fault(409, "conflict", "the session is busy with another request")
		}
	}
}

// tryTake takes a session that is free, or returns what tells when the one that is there is.
func (s *sessions) tryTake(name string) (free *tab, busy chan struct{}, err error) {
	if utf8.RuneCountInString(name) > 64 {
		return nil, nil, badBody("session is longer than 64 characters")
	}
	now := s.k.c.Clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.mu.byName[name]
	if t == nil {
		if err := s.makeRoom(now); err != nil {
			return nil, nil, err
		}
		t = &tab{session: s.k.newSession(), busy: make(chan struct{}, 1)}
		s.mu.byName[name] = t
	}
	t.used = now
	select {
	case t.busy <- struct{}{}:
	default:
		return nil, t.busy, nil
	}
	return t, nil, nil
}

// makeRoom ends sessions that nobody uses, and when there are too many the one that rests longest;
// s.mu is held.
func (s *sessions) makeRoom(now time.Time) error {
	var oldest string
	for name, t := range s.mu.byName {
		switch {
		case len(t.busy) > 0:
		case now.Sub(t.used) > idleSession:
			t.session.Close()
			delete(s.mu.byName, name)
		case oldest == "" || t.used.Before(s.mu.byName[oldest].used):
			oldest = name
		}
	}
	if len(s.mu.byName) < maxSessions {
		return nil
	}
	if oldest == "" {
		return fault(503, "", "64 sessions are busy: stop a query first")
	}
	s.mu.byName[oldest].session.Close()
	delete(s.mu.byName, oldest)
	return nil
}

// runSQL runs a text of statements, and streams what they return.
func (k *Console) runSQL(r *request) error {
	body := r.body.(*sqlBody)
	if body.MaxRows == 0 {
		body.MaxRows = defaultRows
	}
	if body.MaxRows < 1 || body.MaxRows > mostRows {
		return badBody("max_rows must be between 1 and 100000")
	}
	pieces, err := session.Split(body.SQL)
	if err != nil {
		return err
	}
	s, give, err := k.sessions.take(r.Context(), body.Session)
	if err != nil {
		return err
	}
	defer give()
	ctx, cancel := k.untilClosed(r)
	defer cancel()
	out := &lineResult{r: r, most: body.MaxRows}
	stopPings := out.pings(ctx)
	defer stopPings()
	for i, p := range pieces {
		if strings.TrimSpace(p.Text) == "" {
			continue
		}
		out.statement(i)
		if err := k.runPiece(ctx, s, p, out); err != nil {
			return nil // the client has been told, or is gone
		}
	}
	return nil
}

// runPiece runs one statement. Its error is that there is nothing to go on with.
func (k *Console) runPiece(ctx context.Context, s *session.Session, p session.Piece, out *lineResult) error {
	began := k.c.Clock.Now()
	millis := func() float64 { return float64(k.c.Clock.Now().Sub(began).Microseconds()) / 1000 }
	fail := func(err error) error {
		s.Failed()
		e := *asAPIError(err)
		if e.Position > 0 {
			e.Position += p.Offset
		}
		return errors.Join(err, out.line(sqlLine{Type: "error", Error: &e, Millis: millis()}))
	}
	prepared, err := s.Prepare(ctx, p.Text, nil)
	if err == nil && prepared.Changes && k.c.ReadOnly {
		err = errReadOnly
	}
	if err == nil && len(prepared.Params) > 0 {
		err = sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $1").Hint("Write the values into the statement, or DEFINE a variable.")
	}
	if err != nil {
		return fail(err)
	}
	if err := out.line(sqlLine{Type: "statement", Offset: p.Offset, Text: p.Text, Streaming: prepared.Streaming}); err != nil {
		return err
	}
	out.streaming = prepared.Streaming
	tag, err := prepared.Run(ctx, nil, out)
	cut := errors.Is(err, errCut)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !cut {
		return fail(err)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return out.line(sqlLine{Type: "done", Tag: tag, Millis: millis(), Cut: cut})
}

var errCut = errors.New("as many rows as were asked for")

// lineResult is a session.Result that sends lines.
type lineResult struct {
	r         *request
	most      int
	number    int
	streaming bool
	columns   []session.Column
	n         int // rows of the statement
	rows      [][]any

	mu   sync.Mutex // of the connection: pings come in between
	last time.Time
}

func (o *lineResult) statement(i int) { o.number, o.n, o.rows, o.columns = i, 0, nil, nil }

func (o *lineResult) line(l sqlLine) error {
	l.Statement = o.number
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(l); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = o.r.k.c.Clock.Now()
	o.r.begin()
	return o.r.raw(text.Bytes())
}

// pings keep the connection from looking dead.
func (o *lineResult) pings(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		timer := o.r.k.c.Clock.NewTimer(pingTime)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C():
			}
			o.mu.Lock()
			if o.r.k.c.Clock.Now().Sub(o.last) >= pingTime {
				o.r.begin()
				_ = o.r.raw([]byte("{\"type\":\"ping\",\"statement\":0}\n")) // a client that is gone ends the context
			}
			o.mu.Unlock()
			timer.Reset(pingTime)
		}
	}()
	return func() { cancel(); <-done }
}

// Columns implements session.Result.
func (o *lineResult) Columns(cols []session.Column) error {
	o.columns = cols
	l := sqlLine{Type: "columns", Columns: []sqlColumn{}}
	for _, c := range cols {
		l.Columns = append(l.Columns, sqlColumn{c.Name, c.Type.String()})
	}
	return o.line(l)
}

// batchRows is how many rows go into one line.
const batchRows = 500

// Rows implements session.Result.
func (o *lineResult) Rows(cols []*vector.Vector, n int) error {
	for i := range n {
		if o.n == o.most && !o.streaming {
			return errCut
		}
		o.n++
		row := make([]any, len(cols))
		for c, v := range cols {
			row[c] = jsonValue(v.Type, v.Value(i))
		}
		if o.rows = append(o.rows, row); len(o.rows) >= batchRows {
			if err := o.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Flush implements session.Result.
func (o *lineResult) Flush() error {
	if len(o.rows) == 0 {
		return nil
	}
	err := o.line(sqlLine{Type: "rows", Rows: o.rows})
	o.rows = o.rows[:0]
	return err
}

// Notice implements session.Result.
func (o *lineResult) Notice(n session.Notice) {
	// A client that is gone ends the statement by its context.
	_ = o.line(sqlLine{Type: "notice", Notice: &sqlNotice{n.Severity, n.Message, n.Hint}})
}

// noticeResult keeps what a statement says beside its rows.
type noticeResult struct{ messages []string }

// Columns implements session.Result.
func (o *noticeResult) Columns([]session.Column) error { return nil }

// Rows implements session.Result.
func (o *noticeResult) Rows([]*vector.Vector, int) error { return nil }

// Flush implements session.Result.
func (o *noticeResult) Flush() error { return nil }

// Notice implements session.Result.
func (o *noticeResult) Notice(n session.Notice) { o.messages = append(o.messages, n.Message) }

// checkSQL prepares statements and runs none. Those that change the catalog are planned by
// preparing their EXPLAIN.
func (k *Console) checkSQL(r *request) (any, error) {
	body := r.body.(*checkBody)
	out := checkResult{Errors: []apiError{}}
	pieces, err := session.Split(body.SQL)
	if err != nil {
		return nil, err
	}
	s := k.newSession()
	defer s.Close()
	changed := false
	for _, p := range pieces {
		after := changed // an earlier statement would change the catalog
		prepared, err := s.Prepare(r.Context(), p.Text, nil)
		shift := p.Offset
		if err == nil && prepared.Changes {
			if lead := strings.TrimLeft(p.Text, " \t\r\n"); !after && planned(lead) {
				const prefix = "EXPLAIN "
				_, err = s.Prepare(r.Context(), prefix+lead, nil)
				shift += utf8.RuneCountInString(p.Text) - utf8.RuneCountInString(lead) - len(prefix)
			}
			changed = true
		}
		if err == nil || r.Context().Err() != nil {
			continue
		}
		e := *asAPIError(err)
		if after && !strings.HasPrefix(e.SQLState, string(sqlerr.SyntaxError)) {
			continue // what it misses may be what an earlier one makes
		}
		e.Position = max(1, e.Position+shift)
		out.Errors = append(out.Errors, e)
	}
	return out, nil
}

// planned reports whether EXPLAIN takes a statement: CREATE ... AS SELECT, INSERT ... SELECT.
func planned(text string) bool {
	upper := strings.ToUpper(text)
	return (strings.HasPrefix(upper, "CREATE") || strings.HasPrefix(upper, "INSERT")) && strings.Contains(upper, "SELECT") && !strings.Contains(upper, "VALUES")
}

// functions are all functions, by name.
func functions() []functionRow {
	var out []functionRow
	form := func(name string, params []string, result string) string {
		return name + "(" + strings.Join(params, ", ") + ") " + result
	}
	for _, name := range function.Names(function.IsScalar) {
		f, _ := function.LookupScalar(name)
		row := functionRow{Name: f.Name, Kind: "scalar", Category: f.Category, Doc: f.Doc, Forms: []string{}}
		for _, o := range f.Overloads {
			row.Forms = append(row.Forms, form(f.Name, o.Params, o.Result))
		}
		out = append(out, row)
	}
	for _, name := range function.Names(function.IsAggregate) {
		f, _ := function.LookupAggregate(name)
		row := functionRow{Name: f.Name, Kind: "aggregate", Category: "AGGREGATE", Doc: f.Doc, Forms: []string{}}
		for _, o := range f.Overloads {
			row.Forms = append(row.Forms, form(f.Name, o.Params, o.Result))
		}
		out = append(out, row)
	}
	for _, name := range function.Names(function.IsTable) {
		f, _ := function.LookupTable(name)
		row := functionRow{Name: f.Name, Kind: "table", Category: "TABLE", Doc: f.Doc, Forms: []string{}}
		for _, o := range f.Overloads {
			row.Forms = append(row.Forms, form(f.Name, o.Params, o.Result))
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b functionRow) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
