package produce

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/cli/command"
	"tailrace/cli/kafka/client"
)

// writer hands records to the client and tells what became of them.
type writer struct {
	conn    *client.Conn
	std     command.Stdio
	json    bool
	skipBad bool
	rate    float64
	topic   string
	failed  chan error // the first record that was refused

	mu struct {
		sync.Mutex
		out     *bufio.Writer
		written int
		err     error // of the output
	}
}

func newWriter(conn *client.Conn, o *flags, std command.Stdio) *writer {
	w := &writer{conn: conn, std: std, json: o.format.String() == "json", skipBad: o.skipBad, rate: o.rate, failed: make(chan error, 1)}
	w.mu.out = bufio.NewWriter(std.Out)
	return w
}

// acknowledged is what --format json tells of a record.
type acknowledged struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
}

func (w *writer) produce(ctx context.Context, r *kgo.Record, line int) {
	w.topic = r.Topic
	w.conn.Produce(context.WithoutCancel(ctx), r, func(r *kgo.Record, err error) {
		if err != nil {
			err = client.Failed(fmt.Sprintf("line %d is not written", line), err, "")
			if errors.Is(err, kgo.ErrRecordTimeout) {
				err = command.WithHint(err, "The cluster did not take it in time.")
			}
			select {
			case w.failed <- err:
			default:
			}
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.mu.written++
		if !w.json || w.mu.err != nil {
			return
		}
		b, _ := json.Marshal(acknowledged{r.Topic, r.Partition, r.Offset, r.Timestamp.UnixMilli()}) // numbers and a name always encode
		_, _ = w.mu.out.Write(append(b, '\n'))
		if w.conn.BufferedProduceRecords() <= 1 {
			w.mu.err = w.mu.out.Flush()
		}
	})
}

// finish tells how much was written, and returns how it ended.
func (w *writer) finish(ctx context.Context, err error) error {
	if err == nil {
		select {
		case err = <-w.failed:
		default:
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.json && (err == nil || w.mu.written > 0) {
		fmt.Fprintf(w.mu.out, "Produced %s.\n", command.Count(w.mu.written, "record"))
	}
	if flushErr := w.mu.out.Flush(); flushErr != nil && err == nil {
		err = flushErr
	}
	if errors.Is(err, errStopped) && ctx.Err() != nil {
		return command.Silent(command.ExitInterrupted, err)
	}
	return err
}
