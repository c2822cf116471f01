package task

import (
	"context"

	"tailrace/executor/chunk"
	"tailrace/executor/source"
	"tailrace/storage/commitlog"
	"tailrace/storage/memory"
)

// Scan gives fn the rows of a partition from its start to its present end, in chunks of which
// the account tells how large they may be.
func Scan(ctx context.Context, log commitlog.Log, account *memory.Account, tp commitlog.TopicPartition, dec *source.Decoder, fn func(*chunk.Chunk) error) error {
	b, err := log.Bounds(ctx, tp)
	if err != nil {
		return err
	}
	in := &input{tp: tp, dec: dec, most: chunkBytes(account)}
	in.seek(b.LogStart)
	for in.position() < b.HighWatermark {
		ok, err := in.fill(ctx, log)
		if err != nil || !ok {
			return err
		}
		n := 0
		for n < in.rows.N && commitlog.Offset(in.offsets[n]) < b.HighWatermark {
			n++
		}
		if n == 0 {
			return nil
		}
		if err := fn(in.rows.Slice(0, n)); err != nil {
			return err
		}
		in.at = in.rows.N
	}
	return nil
}
