package pgwire

import (
	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
)

// simpleQuery runs the statements of a Query message, in order, up to the first that
// fails. Positions in errors count from the start of the whole message.
func (c *conn) simpleQuery(text string) error {
	c.closePortal("") // a simple query destroys the unnamed portal and statement
	c.dropStatement("")
	pieces, err := session.Split(text)
	if err == nil && len(pieces) == 0 {
		if err := c.send(&pgproto3.EmptyQueryResponse{}); err != nil {
			return err
		}
	}
	for _, p := range pieces {
		if err = c.runSimple(p.Text); err != nil {
			err = shift(err, p.Offset)
			break
		}
	}
	if err != nil {
		c.session.Failed()
		if err := c.sendError(err, "ERROR"); err != nil {
			return err
		}
	}
	return c.ready()
}

func (c *conn) runSimple(text string) error {
	began := c.server.cfg.Clock.Now()
	prepareCtx, release := c.statementContext(false)
	p, err := c.session.Prepare(prepareCtx, text, nil)
	release()
	if err != nil {
		return err
	}
	if len(p.Params) > 0 {
		return sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $1").
			Hint("Parameters need the extended protocol: prepare the statement in your driver.")
	}
	ctx, release := c.statementContext(p.Streaming)
	defer release()
	defer func() { c.ran(&statement{prepared: p, text: text}, c.since(began)) }()
	tag, err := p.Run(ctx, nil, &rowWriter{c: c, describe: true})
	if err != nil {
		return err
	}
	return c.send(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
}

// shift moves the position of an error by the characters before its statement.
func shift(err error, by int) error {
	if e, ok := sqlerr.As(err); ok && e.Pos > 0 && by > 0 {
		moved := *e
		moved.Pos += by
		return &moved
	}
	return err
}
