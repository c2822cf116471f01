package pgwire

import (
	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/executor/chunk"
	"tailrace/server/session"
	"tailrace/sql/types/vector"
)

// rowWriter is the session.Result of a statement that runs to its end: rows are encoded
// straight into the connection's output.
type rowWriter struct {
	c       *conn
	formats []int16
	// describe says that the client has not been told the columns: the simple protocol.
	describe bool
}

// Columns sends the RowDescription that the simple protocol puts before rows.
func (w *rowWriter) Columns(cols []session.Column) error {
	if !w.describe {
		return nil
	}
	w.formats = make([]int16, len(cols))
	return w.c.send(rowDescription(cols, w.formats))
}

// Rows encodes a batch.
func (w *rowWriter) Rows(cols []*vector.Vector, n int) error {
	return w.c.sendRows(cols, 0, n, w.formats)
}

// SharedRows sends a batch that other connections get too: the first one encodes it for
// all that asked for the same formats.
func (w *rowWriter) SharedRows(cols func() []*vector.Vector, n int, memo *chunk.Memo) error {
	key := make([]byte, 0, 32)
	for _, f := range w.formats {
		key = append(key, byte(f))
	}
	rows := memo.Get(string(key), func() any {
		var out []byte
		columns := cols()
		for i := range n {
			out = appendRow(out, columns, i, w.formats)
		}
		return out
	}).([]byte)
	w.c.server.meters.rows.Add(int64(n))
	return w.c.sendEncoded(rows)
}

// Flush sends what is gathered.
func (w *rowWriter) Flush() error { return w.c.flush() }

// Notice sends a NoticeResponse.
func (w *rowWriter) Notice(n session.Notice) { w.c.notice(n) }

// sendEncoded sends messages that are ready; the bytes stay the caller's.
func (c *conn) sendEncoded(b []byte) error {
	if len(c.out)+len(b) < flushBytes {
		c.out = append(c.out, b...)
		return nil
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.write(b)
}

// sendRows sends rows [from,to) of a batch.
func (c *conn) sendRows(cols []*vector.Vector, from, to int, formats []int16) error {
	for i := from; i < to; i++ {
		c.out = appendRow(c.out, cols, i, formats)
		if len(c.out) >= flushBytes {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
	c.server.meters.rows.Add(int64(to - from))
	return nil
}

// rowDescription describes columns in the formats that were asked for.
func rowDescription(cols []session.Column, formats []int16) *pgproto3.RowDescription {
	d := &pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, len(cols))}
	for i, col := range cols {
		info := columnInfo(col)
		d.Fields[i] = pgproto3.FieldDescription{Name: []byte(col.Name), DataTypeOID: info.oid,
			DataTypeSize: info.size, TypeModifier: info.mod, Format: formats[i]}
	}
	return d
}
