package e2e

import (
	"context"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// insertBatches sends INSERTs of many rows, whose keys spread over the partitions, until stop is
// closed. A batch that fails may be there all the same, whole.
func (l *load) insertBatches(t *testing.T, s *server, seed int64, stop <-chan struct{}) {
	rng := rand.New(rand.NewSource(seed))
	var c *pgx.Conn
	defer func() {
		if c != nil {
			_ = c.Close(context.Background())
		}
	}()
	for {
		select {
		case <-stop:
			return
		case <-time.After(10 * time.Millisecond):
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		var err error
		if c == nil || c.IsClosed() {
			if c, err = pgx.Connect(ctx, "postgres://e2e@"+s.pg+"/tailrace?sslmode=disable"); err != nil {
				cancel()
				c = nil
				continue // the server is down
			}
		}
		batch, size := l.batches.Add(1), 1+rng.Intn(30)
		rows := make([]string, size)
		for i := range rows {
			rows[i] = fmt.Sprintf("('w%d', %d, %d)", rng.Intn(seriesKeys), batch, i)
		}
		_, err = c.Exec(ctx, "INSERT INTO written (k, batch, i) VALUES "+strings.Join(rows, ", "))
		if ctx.Err() != nil {
			t.Errorf("batch %d: %v", batch, err)
		}
		cancel()
		l.mu.Lock()
		l.sizes[batch] = size
		if err == nil && !l.closed {
			l.inserted[batch] = true
		}
		l.mu.Unlock()
	}
}

// checkBatches: an INSERT that was acknowledged is there, each that is there is whole.
func checkBatches(t *testing.T, in *input, l *load) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for batch := range l.inserted {
		if len(in.written[batch]) == 0 {
			t.Errorf("batch %d of %d rows was acknowledged and is lost", batch, l.sizes[batch])
		}
	}
	for batch, rows := range in.written {
		if size, ok := l.sizes[batch]; ok && len(rows) != size {
			t.Errorf("batch %d has %d rows of %d", batch, len(rows), size)
		}
	}
}
