package session

import (
	"context"
	"fmt"
	"time"

	"tailrace/server/pgcatalog"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// clientFacts are what pg_catalog reports about a connection.
type clientFacts struct {
	user, database string
	pid            uint32
	started        time.Time
}

func factsOf(params map[string]string, started time.Time) clientFacts {
	f := clientFacts{user: userOf(params), database: params["database"], started: started}
	if f.database == "" {
		f.database = f.user
	}
	return f
}

// SetProcessID tells the session the number by which its client knows the connection.
func (s *Session) SetProcessID(pid uint32) { s.client.pid = pid }

// SetSetting changes a run-time parameter, as SET does.
func (s *Session) SetSetting(name, value string) error { return s.setSetting(name, value) }

// SettingNames lists the run-time parameters.
func (s *Session) SettingNames() []string {
	names := sortedKeys(s.settings)
	for i, key := range names {
		names[i] = s.settings[key].name
	}
	return names
}

// prepareCatalogQuery binds a SELECT over PostgreSQL's catalog.
func (s *Session) prepareCatalogQuery(text string, params []types.Type) (*Prepared, error) {
	if s.tx == 'E' {
		return nil, errAborted()
	}
	q, err := pgcatalog.Prepare(text, params)
	if err != nil {
		return nil, err
	}
	p := &Prepared{Text: text, Params: q.Params, ParamOIDs: q.ParamOIDs, Columns: make([]Column, len(q.Columns))}
	for i, c := range q.Columns {
		p.Columns[i] = Column{Name: c.Name, Type: c.Type, OID: c.OID}
	}
	p.run = func(ctx context.Context, args []types.Value, out Result) (string, error) {
		facts := &pgcatalog.Facts{Catalog: s.deps.Catalog.Snapshot(), Settings: s, User: s.client.user, Database: s.client.database,
			Version: s.deps.Version, PID: s.client.pid, Now: s.deps.Clock.Now(), Started: s.client.started}
		rows, err := q.Run(ctx, facts, args)
		if err != nil {
			return "", cancelled(ctx, err)
		}
		return fmt.Sprintf("SELECT %d", len(rows)), sendRows(out, p.Columns, rows)
	}
	return p, nil
}

// sendRows hands rows over in columns.
func sendRows(out Result, columns []Column, rows [][]types.Value) error {
	if err := out.Columns(columns); err != nil || len(rows) == 0 {
		return err
	}
	cols := make([]*vector.Vector, len(columns))
	for i, c := range columns {
		cols[i] = vector.New(c.Type, len(rows))
		for _, row := range rows {
			cols[i].AppendValue(row[i])
		}
	}
	return out.Rows(cols, len(rows))
}
