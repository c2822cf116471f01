package pgwire_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/server/pgwire"
)

// TestTranscripts plays dialogues. Each line of "send" is a message of the client; the
// answers are shown up to ReadyForQuery, or as many as "until" asks for.
//
//	Q <text>                    Query
//	P <name|-> [oids=1,2] <text>  Parse
//	B <portal|-> <statement|-> [binary] [params=a,b]   Bind; params as text, NULL for NULL
//	D <S|P> <name|->            Describe
//	E <portal|-> [rows]         Execute
//	C <S|P> <name|->            Close
//	S, H, F                     Sync, Flush, FunctionCall
func TestTranscripts(t *testing.T) {
	datadriven.Walk(t, "testdata/transcripts", func(t *testing.T, path string) {
		addr, _ := startServer(t, pgwire.Config{})
		c := login(t, addr)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			until := "Z"
			d.MaybeScanArgs(t, "until", &until)
			for _, line := range strings.Split(d.Input, "\n") {
				c.Send(frontendMessage(t, line))
			}
			c.say()
			return strings.Join(c.until(until[0]), "\n") + "\n"
		})
	})
}

func frontendMessage(t *testing.T, line string) pgproto3.FrontendMessage {
	kind, rest, _ := strings.Cut(line, " ")
	word := func() string {
		var w string
		w, rest, _ = strings.Cut(rest, " ")
		return strings.Replace(w, "-", "", 1)
	}
	option := func(name string) (string, bool) {
		if value, ok := strings.CutPrefix(rest, name); ok {
			value, rest, _ = strings.Cut(value, " ")
			return value, true
		}
		return "", false
	}
	switch kind {
	case "Q":
		return &pgproto3.Query{String: rest}
	case "P":
		m := &pgproto3.Parse{Name: word()}
		if list, ok := option("oids="); ok {
			for _, s := range strings.Split(list, ",") {
				n, _ := strconv.Atoi(s)
				m.ParameterOIDs = append(m.ParameterOIDs, uint32(n))
			}
		}
		m.Query = rest
		return m
	case "B":
		m := &pgproto3.Bind{DestinationPortal: word(), PreparedStatement: word()}
		if _, ok := option("binary"); ok {
			m.ResultFormatCodes = []int16{1}
		}
		if list, ok := option("params="); ok {
			for _, s := range strings.Split(list, ",") {
				if s == "NULL" {
					m.Parameters = append(m.Parameters, nil)
				} else {
					m.Parameters = append(m.Parameters, []byte(s))
				}
			}
		}
		return m
	case "D":
		return &pgproto3.Describe{ObjectType: word()[0], Name: word()}
	case "C":
		return &pgproto3.Close{ObjectType: word()[0], Name: word()}
	case "E":
		m := &pgproto3.Execute{Portal: word()}
		n, _ := strconv.Atoi(rest)
		m.MaxRows = uint32(n)
		return m
	case "S":
		return &pgproto3.Sync{}
	case "H":
		return &pgproto3.Flush{}
	case "F":
		return &pgproto3.FunctionCall{Function: 1}
	}
	t.Fatal(fmt.Errorf("no message %q", line))
	return nil
}
