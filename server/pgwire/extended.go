package pgwire

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// Limits of what one connection may keep open.
const (
	maxStatements = 10_000
	maxPortals    = 1_000
)

// What a prepared statement and a portal take beside their text, and how much a byte of it
// becomes as a tree and a plan: by measurement, of long lists of short literals.
const (
	objectBytes = 4 << 10
	planFactor  = 40
	argFactor   = 4
)

// statement is a prepared statement. declared holds the parameter types that the client
// named, 0 where it left the choice to us.
type statement struct {
	prepared *session.Prepared
	text     string
	declared []uint32
	bytes    int64
}

// extended handles the messages of the extended protocol but Sync and Flush.
func (c *conn) extended(msg pgproto3.FrontendMessage) error {
	var err error
	switch m := msg.(type) {
	case *pgproto3.Parse:
		err = c.parse(m)
	case *pgproto3.Bind:
		err = c.bind(m)
	case *pgproto3.Describe:
		err = c.describe(m)
	case *pgproto3.Execute:
		err = c.execute(m)
	case *pgproto3.Close:
		err = c.closeObject(m)
	default:
		err = sqlerr.New(sqlerr.ProtocolViolation, "unexpected message %T", msg)
	}
	if err == nil {
		return nil
	}
	c.session.Failed()
	return c.fail(err)
}

func (c *conn) parse(m *pgproto3.Parse) error {
	if _, ok := c.statements[m.Name]; ok && m.Name != "" {
		return sqlerr.New(sqlerr.DuplicateStatement, "prepared statement %q already exists", m.Name)
	}
	if len(c.statements) >= maxStatements {
		return sqlerr.New(sqlerr.LimitExceeded, "too many prepared statements").
			Hint("One connection may hold %d; close those that are not used any more.", maxStatements)
	}
	c.dropStatement(m.Name) // the one without a name
	bytes := objectBytes + planFactor*int64(len(m.Query))
	if err := c.keep(bytes); err != nil {
		return err
	}
	ctx, release := c.statementContext(false)
	defer release()
	p, err := c.prepare(ctx, m)
	if err != nil {
		_ = c.keep(-bytes)
		return err
	}
	declared := make([]uint32, len(p.Params))
	copy(declared, m.ParameterOIDs)
	for i, oid := range p.ParamOIDs {
		if declared[i] == oidUnknown {
			declared[i] = oid
		}
	}
	c.statements[m.Name] = &statement{prepared: p, text: m.Query, declared: declared, bytes: bytes}
	return c.send(&pgproto3.ParseComplete{})
}

// prepare passes on what a driver declares of its parameters: what it has in hand, a smallint
// or a numeric, which need not be what the column is. Values are converted at bind.
func (c *conn) prepare(ctx context.Context, m *pgproto3.Parse) (*session.Prepared, error) {
	declared := make([]types.Type, len(m.ParameterOIDs))
	for i, oid := range m.ParameterOIDs {
		declared[i] = typeOf(oid)
	}
	return c.session.Prepare(ctx, m.Query, declared)
}

func (c *conn) dropStatement(name string) {
	if st, ok := c.statements[name]; ok {
		delete(c.statements, name)
		_ = c.keep(-st.bytes)
	}
}

func (c *conn) statement(name string) (*statement, error) {
	st, ok := c.statements[name]
	if !ok {
		return nil, sqlerr.New(sqlerr.InvalidStatementName, "prepared statement %q does not exist", name)
	}
	return st, nil
}

func (c *conn) bind(m *pgproto3.Bind) error {
	st, err := c.statement(m.PreparedStatement)
	if err != nil {
		return err
	}
	if len(m.Parameters) != len(st.prepared.Params) {
		return sqlerr.New(sqlerr.ProtocolViolation, "bind message supplies %d parameters, but the statement requires %d",
			len(m.Parameters), len(st.prepared.Params))
	}
	formats, err := formatCodes(m.ParameterFormatCodes, len(m.Parameters))
	if err != nil {
		return err
	}
	p := &portal{statement: st, args: make([]types.Value, len(m.Parameters)), bytes: objectBytes}
	for i, raw := range m.Parameters {
		p.bytes += argFactor * int64(len(raw))
		if p.args[i], err = decodeParam(raw, formats[i], st.declared[i], st.prepared.Params[i], i+1); err != nil {
			return err
		}
	}
	if p.formats, err = formatCodes(m.ResultFormatCodes, len(st.prepared.Columns)); err != nil {
		return err
	}
	if _, ok := c.portals[m.DestinationPortal]; ok {
		if m.DestinationPortal != "" {
			return sqlerr.New(sqlerr.DuplicateObject, "portal %q already exists", m.DestinationPortal)
		}
		c.closePortal(m.DestinationPortal)
	}
	if len(c.portals) >= maxPortals {
		return sqlerr.New(sqlerr.LimitExceeded, "too many open portals").
			Hint("One connection may hold %d; close those that are not used any more.", maxPortals)
	}
	if err := c.keep(p.bytes); err != nil {
		return err
	}
	c.portals[m.DestinationPortal] = p
	return c.send(&pgproto3.BindComplete{})
}

func (c *conn) describe(m *pgproto3.Describe) error {
	if m.ObjectType == 'P' {
		p, err := c.portal(m.Name)
		if err != nil {
			return err
		}
		return c.describeColumns(p.statement.prepared.Columns, p.formats)
	}
	st, err := c.statement(m.Name)
	if err != nil {
		return err
	}
	d := &pgproto3.ParameterDescription{ParameterOIDs: make([]uint32, len(st.prepared.Params))}
	for i, t := range st.prepared.Params {
		if d.ParameterOIDs[i] = st.declared[i]; d.ParameterOIDs[i] == oidUnknown {
			d.ParameterOIDs[i] = infoOf(t).oid
		}
	}
	if err := c.send(d); err != nil {
		return err
	}
	return c.describeColumns(st.prepared.Columns, make([]int16, len(st.prepared.Columns)))
}

func (c *conn) describeColumns(cols []session.Column, formats []int16) error {
	if cols == nil {
		return c.send(&pgproto3.NoData{})
	}
	return c.send(rowDescription(cols, formats))
}

func (c *conn) portal(name string) (*portal, error) {
	p, ok := c.portals[name]
	if !ok {
		return nil, sqlerr.New(sqlerr.InvalidCursorName, "portal %q does not exist", name)
	}
	return p, nil
}

func (c *conn) execute(m *pgproto3.Execute) error {
	p, err := c.portal(m.Portal)
	if err != nil {
		return err
	}
	if p.statement.prepared.Empty {
		return c.send(&pgproto3.EmptyQueryResponse{})
	}
	if p.finished {
		return c.executeAgain(p, m.Portal)
	}
	if m.MaxRows > 0 || p.started() {
		return c.executeSome(p, int(m.MaxRows))
	}
	ctx, release := c.statementContext(p.statement.prepared.Streaming)
	defer release()
	p.finished = true
	began := c.server.cfg.Clock.Now()
	defer func() { c.ran(p.statement, c.since(began)) }()
	tag, err := p.statement.prepared.Run(ctx, p.args, &rowWriter{c: c, formats: p.formats})
	if err != nil {
		return err
	}
	return c.send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
}

// executeAgain answers Execute on a portal that has run to its end: a query has no more
// rows, anything else must not happen twice.
func (c *conn) executeAgain(p *portal, name string) error {
	if p.statement.prepared.Columns == nil {
		return sqlerr.New(sqlerr.NotInPrerequisiteState, "portal %q cannot be run again", name)
	}
	return c.send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 0")})
}

// executeSome runs a portal until max rows have been sent (0: to the end), and suspends
// it there.
func (c *conn) executeSome(p *portal, max int) error {
	p.start(c)
	release := c.watchPortal(p)
	defer release()
	defer p.worked(c, c.server.cfg.Clock.Now())
	sent := 0
	for max == 0 || sent < max {
		if p.at == p.batch.n && !p.fetch() {
			if p.err != nil {
				return p.err
			}
			return c.send(&pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "%s", p.tag)})
		}
		take := p.batch.n - p.at
		if max > 0 {
			take = min(take, max-sent)
		}
		if err := c.sendRows(p.batch.cols, p.at, p.at+take, p.formats); err != nil {
			return err
		}
		p.at, sent = p.at+take, sent+take
		if p.batch.flush {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	return c.send(&pgproto3.PortalSuspended{})
}

// watchPortal makes the portal's statement the one that a cancel request stops.
func (c *conn) watchPortal(p *portal) (release func()) {
	c.mu.Lock()
	c.mu.cancel = p.cancel
	c.mu.Unlock()
	stop := func() {}
	if p.statement.prepared.Streaming {
		stop = c.watchClient(p.cancel)
	}
	return func() {
		stop()
		c.mu.Lock()
		c.mu.cancel = nil
		c.mu.Unlock()
	}
}

func (c *conn) closeObject(m *pgproto3.Close) error {
	if m.ObjectType == 'P' {
		c.closePortal(m.Name)
	} else {
		c.dropStatement(m.Name)
	}
	return c.send(&pgproto3.CloseComplete{})
}

func (c *conn) closePortal(name string) {
	if p, ok := c.portals[name]; ok {
		p.close()
		delete(c.portals, name)
		_ = c.keep(-p.bytes)
	}
}

func (c *conn) closePortals() {
	for name := range c.portals {
		c.closePortal(name)
	}
}
