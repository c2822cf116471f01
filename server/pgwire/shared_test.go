package pgwire_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"tailrace/server/pgwire"
)

// Clients of one push query get rows that were encoded once for each format: in text and
// in binary, small ones and some larger than what is gathered before it is sent.
func TestClientsOfOnePushQueryGetTheSameRows(t *testing.T) {
	addr, _ := startServer(t, pgwire.Config{})
	producer := pushing(t, addr)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	value := func(id int) string { return strings.Repeat(fmt.Sprintf("%d,", id), 1+id%3*20_000) }
	const enough = 12
	modes := []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeCacheDescribe}
	done := make(chan error, len(modes))
	for _, mode := range modes {
		conn := connect(t, addr)
		go func() {
			done <- func() error {
				rows, err := conn.Query(ctx, fmt.Sprintf("SELECT id, v FROM pushed EMIT CHANGES LIMIT %d", enough), mode)
				if err != nil {
					return err
				}
				defer rows.Close()
				count, next := 0, 0
				for ; rows.Next(); count++ {
					var id int
					var v string
					if err := rows.Scan(&id, &v); err != nil {
						return err
					}
					if count > 0 && id != next || v != value(id) {
						return fmt.Errorf("mode %v: row %d has id %d and %d bytes", mode, count, id, len(v))
					}
					next = id + 1
				}
				if err := rows.Err(); err != nil || count != enough {
					return fmt.Errorf("mode %v: %d rows, error %v", mode, count, err)
				}
				return nil
			}()
		}()
	}
	for id, left := 1, len(modes); left > 0; id++ {
		if _, err := producer.Exec(ctx, fmt.Sprintf("INSERT INTO pushed (id, v) VALUES (%d, '%s')", id, value(id)), pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if left--; err != nil {
				t.Error(err)
			}
		default:
		}
	}
}
