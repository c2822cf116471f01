package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"tailrace/sql/ast"
	"tailrace/sql/catalog"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/commitlog"
	"tailrace/storage/record"
	"tailrace/storage/serde"
)

var printColumns = []Column{{Name: "rowtime", Type: types.TimestampType}, {Name: "partition", Type: types.IntType},
	{Name: "offset", Type: types.BigintType}, {Name: "key", Type: types.StringType}, {Name: "value", Type: types.StringType}}

// preparePrint is PRINT topic: the records as they are, in the formats that they seem to
// have. Which those are is told before the first record, and again when a record turns out
// to be of none of them.
func (s *Session) preparePrint(ctx context.Context, a *ast.Print) (*Prepared, error) {
	topic, err := s.findTopic(ctx, a.Topic)
	if err != nil {
		return nil, err
	}
	return &Prepared{Columns: printColumns, Streaming: true, run: func(ctx context.Context, _ []types.Value, out Result) (string, error) {
		p := &printer{session: s, topic: topic, stmt: a, out: out, keys: serde.NewGuesser(true), values: serde.NewGuesser(false)}
		p.preferDeclared()
		n, err := p.run(ctx)
		return fmt.Sprintf("PRINT %d", n), cancelled(ctx, err)
	}}, nil
}

// findTopic finds a topic by name: exactly, or, when it was not quoted, in lower case,
// which is how most topics are named.
func (s *Session) findTopic(ctx context.Context, name ast.Ident) (commitlog.Topic, error) {
	t, err := s.deps.Log.Topic(ctx, name.Name)
	if errors.Is(err, commitlog.ErrUnknownTopic) && !name.Quoted {
		t, err = s.deps.Log.Topic(ctx, strings.ToLower(name.Name))
	}
	if err == nil || !errors.Is(err, commitlog.ErrUnknownTopic) {
		return t, err
	}
	all, listErr := s.deps.Log.Topics(ctx)
	if listErr != nil {
		return t, listErr
	}
	var names []string
	for _, t := range all {
		names = append(names, t.Name)
	}
	fault := sqlerr.New(sqlerr.UndefinedTable, "Could not find topic '%s', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive.", name.Name).At(name.Pos())
	if near := sqlerr.Closest(name.Name, names); near != "" {
		return t, fault.Hint("Perhaps you meant '%s'.", near)
	}
	return t, fault.Hint("SHOW TOPICS lists what there is.")
}

// printer is one running PRINT.
type printer struct {
	session      *Session
	topic        commitlog.Topic
	stmt         *ast.Print
	out          Result
	keys, values *serde.Guesser
	told         [2]string // the formats of keys and values that the client knows of
	seen, sent   int64
}

// preferDeclared makes the formats the likeliest that a stream or table over the topic says
// its records have: a VARCHAR key of four letters is no INT.
func (p *printer) preferDeclared() {
	for _, src := range p.session.deps.Catalog.Snapshot().Sources() {
		if src.Topic != p.topic.Name {
			continue
		}
		if key := declaredFormat(src, types.InKey, src.Key.Name); key != "" {
			if src.Window != nil {
				key = src.Window.Kind + "(" + key + ")"
			}
			p.keys.Prefer(key)
		}
		if value := declaredFormat(src, types.InValue, src.Value.Name); value != "" {
			p.values.Prefer(value)
		}
		return
	}
}

// kafkaFormats are the guesser's names for what the KAFKA format makes of a type.
var kafkaFormats = map[types.Kind]string{types.Int: "KAFKA_INT", types.Bigint: "KAFKA_BIGINT", types.Double: "KAFKA_DOUBLE", types.String: "KAFKA_STRING"}

// declaredFormat is a guesser's name for the format of the keys or values of a source;
// empty when it has none.
func declaredFormat(src *catalog.Source, in types.Namespace, format string) string {
	switch format {
	case "JSON":
		return "JSON"
	case "DELIMITED":
		return "KAFKA_STRING"
	case "KAFKA":
		for _, c := range src.Schema.Columns {
			if c.In == in {
				return kafkaFormats[c.Type.Kind]
			}
		}
	}
	return ""
}

func (p *printer) done() bool { return p.stmt.Limit >= 0 && p.sent >= p.stmt.Limit }

func (p *printer) run(ctx context.Context) (int64, error) {
	log := p.session.deps.Log
	if err := p.out.Columns(printColumns); err != nil {
		return 0, err
	}
	at := make([]commitlog.Offset, p.topic.Partitions)
	tps := make([]commitlog.TopicPartition, p.topic.Partitions)
	for i := range tps {
		tps[i] = commitlog.TopicPartition{Topic: p.topic.Name, Partition: commitlog.PartitionID(i)}
		b, err := log.Bounds(ctx, tps[i])
		if err != nil {
			return 0, err
		}
		if at[i] = b.HighWatermark; p.stmt.FromBeginning {
			at[i] = b.LogStart
		}
	}
	wake := make(chan struct{}, 1)
	stop, err := log.Watch(tps, wake)
	if err != nil {
		return 0, err
	}
	defer stop()
	buf := make([]byte, 256<<10)
	for !p.done() {
		progress := false
		for i, tp := range tps {
			got, err := log.Read(ctx, tp, at[i], buf)
			if err != nil {
				return p.sent, err
			}
			if len(got.Batches) == 0 {
				continue
			}
			progress = true
			if at[i], err = p.batches(got.Batches, i, at[i]); err != nil {
				return p.sent, err
			}
		}
		if progress || p.done() {
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return p.sent, ctx.Err()
		}
	}
	return p.sent, nil
}

// batches prints the records of some batches. All of them are looked at before the first
// is shown, so that a format that only its fellows rule out does not garble it.
func (p *printer) batches(batches []byte, partition int, from commitlog.Offset) (commitlog.Offset, error) {
	var chosen []record.Record
	next, err := record.Walk(batches, int64(from), func(r *record.Record) error {
		if !p.done() && p.choose() {
			p.keys.Text(r.Key)
			p.values.Text(r.Value)
			kept := *r
			kept.Key, kept.Value = bytes.Clone(r.Key), bytes.Clone(r.Value) // the next batch may be unpacked over them
			chosen = append(chosen, kept)
		}
		return nil
	})
	if err != nil {
		return from, err
	}
	if len(chosen) > 0 {
		p.tellFormats()
		if err := p.out.Rows(p.rows(chosen, partition), len(chosen)); err != nil {
			return from, err
		}
	}
	return commitlog.Offset(next), p.out.Flush()
}

// choose reports whether the next record is to be shown: every one, or every nth.
func (p *printer) choose() bool {
	p.seen++
	if p.stmt.Interval > 1 && (p.seen-1)%p.stmt.Interval != 0 {
		return false
	}
	p.sent++
	return true
}

// noFormat is told of keys or values that no format reads.
const noFormat = "none that is known, shown in hexadecimal"

// tellFormats tells the formats that keys and values may have, when the client does not
// know them yet or what it knows has turned out wrong. Formats that were only ruled out
// behind the likeliest are not worth a word.
func (p *printer) tellFormats() {
	for i, g := range []*serde.Guesser{p.keys, p.values} {
		formats := g.Formats()
		if formats == nil {
			continue // there was nothing but NULL
		}
		likeliest, all := noFormat, noFormat
		if len(formats) > 0 {
			likeliest, all = formats[0], strings.Join(formats, " or ")
		}
		if p.told[i] == likeliest {
			continue
		}
		if p.told[i] != "" {
			all = "now " + all
		}
		p.told[i] = likeliest
		p.out.Notice(Notice{Severity: "INFO", Message: [2]string{"Key", "Value"}[i] + " format: " + all})
	}
}

func (p *printer) rows(records []record.Record, partition int) []*vector.Vector {
	cols := make([]*vector.Vector, len(printColumns))
	for i, c := range printColumns {
		cols[i] = vector.New(c.Type, len(records))
	}
	for _, r := range records {
		cols[0].AppendValue(types.TimestampVal(r.Timestamp))
		cols[1].AppendValue(int32(partition))
		cols[2].AppendValue(r.Offset)
		for i, part := range [][]byte{r.Key, r.Value} {
			switch g := [2]*serde.Guesser{p.keys, p.values}[i]; {
			case part == nil:
				cols[3+i].AppendNull()
			default:
				cols[3+i].AppendString(g.Text(part))
			}
		}
	}
	return cols
}
