package pgcatalog_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"tailrace/server/pgcatalog"
	"tailrace/sql/catalog"
	_ "tailrace/sql/function/all"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// settings are the parameters of the session under test.
type settings map[string]string

func (s settings) Setting(name string) (string, bool) {
	v, ok := s[strings.ToLower(name)]
	return v, ok
}

func (s settings) SetSetting(name, value string) error {
	if _, ok := s[name]; !ok {
		return sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter %q", name)
	}
	s[name] = value
	return nil
}

func (s settings) SettingNames() []string { return slices.Sorted(maps.Keys(s)) }

// facts is a catalog with a stream, a table, a table made by a query, a windowed one, and
// names that need quotes.
func facts() *pgcatalog.Facts {
	col := func(name string, t types.Type, in types.Namespace) types.Column {
		return types.Column{Name: name, Type: t, In: in}
	}
	json := catalog.Format{Name: "JSON"}
	info := types.StructOf(types.Field{Name: "A", Type: types.IntType})
	snap := catalog.Empty().
		WithSource(&catalog.Source{Name: "FLIGHTS", Topic: "flights", Key: catalog.Format{Name: "KAFKA"}, Value: json, Schema: types.Schema{Columns: []types.Column{
			col("ID", types.IntType, types.InKey), col("DEST", types.StringType, types.InValue), col("PRICE", types.DecimalOf(8, 2), types.InValue),
			col("TAGS", types.ArrayOf(types.StringType), types.InValue), col("INFO", info, types.InValue), col("AT", types.TimestampType, types.InValue)}}}).
		WithSource(&catalog.Source{Name: "AIRPORTS", Table: true, Topic: "airports", Key: json, Value: json, Schema: types.Schema{Columns: []types.Column{
			col("CODE", types.StringType, types.InKey), col("REGION", types.IntType, types.InKey), col("NAME", types.StringType, types.InValue)}}}).
		WithSource(&catalog.Source{Name: "DELAYS", Table: true, CreatedBy: "CTAS_DELAYS_1", Topic: "DELAYS", Key: json, Value: json,
			Statement: "CREATE TABLE delays AS SELECT dest, COUNT(*) AS n FROM flights GROUP BY dest EMIT CHANGES;",
			Schema:    types.Schema{Columns: []types.Column{col("DEST", types.StringType, types.InKey), col("N", types.BigintType, types.InValue)}}}).
		WithSource(&catalog.Source{Name: "HOURLY", Table: true, CreatedBy: "CTAS_HOURLY_2", Topic: "HOURLY", Key: json, Value: json,
			Window: &catalog.Window{Kind: "TUMBLING", Size: 3_600_000},
			Schema: types.Schema{Columns: []types.Column{col("DEST", types.StringType, types.InKey), col("N", types.BigintType, types.InValue)}}}).
		WithSource(&catalog.Source{Name: "Mixed Case", Topic: "m", Value: json, Schema: types.Schema{Columns: []types.Column{col("a b", types.BooleanType, types.InValue)}}})
	at := time.UnixMilli(1_700_000_000_000)
	return &pgcatalog.Facts{Catalog: snap, User: "joe", Database: "trdb", Version: "test", PID: 7, Now: at, Started: at,
		Settings: settings{"search_path": `"$user", public`, "server_version": "15.0", "application_name": ""}}
}

// TestQueries runs statements and shows what comes back: the columns with their types,
// and at most ten rows.
func TestQueries(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		f := facts()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if !pgcatalog.Wants(d.Input) {
				return "not wanted\n"
			}
			return run(f, d.Input)
		})
	})
}

func run(f *pgcatalog.Facts, text string) string {
	explain := func(err error) string {
		e, ok := sqlerr.As(err)
		if !ok {
			return fmt.Sprintf("BUG: %v\n", err)
		}
		return fmt.Sprintf("%s ", e.Code) + e.Caret(text)
	}
	q, err := pgcatalog.Prepare(text, nil)
	if err != nil {
		return explain(err)
	}
	rows, err := q.Run(context.Background(), f, make([]types.Value, len(q.Params)))
	if err != nil {
		return explain(err)
	}
	var b strings.Builder
	for i, c := range q.Columns {
		if i > 0 {
			b.WriteString(" ")
		}
		fmt.Fprintf(&b, "%s:%s:%d", c.Name, c.Type, c.OID)
	}
	for i, t := range q.Params {
		fmt.Fprintf(&b, " $%d:%s:%d", i+1, t, q.ParamOIDs[i])
	}
	b.WriteString("\n")
	for i, row := range rows {
		if strings.Contains(text, "pg_proc") { // the language's functions grow
			b.WriteString("functions\n")
			break
		}
		if i == 10 {
			b.WriteString("...\n")
			break
		}
		for k, v := range row {
			if k > 0 {
				b.WriteString(" | ")
			}
			if v == nil {
				v = "NULL"
			}
			fmt.Fprintf(&b, "%v", v)
		}
		b.WriteString("\n")
	}
	return b.String()
}
