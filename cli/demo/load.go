package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tailrace/testdata"
)

// airportsSince is the event time of the airports: before every flight, so that the join
// knows an airport when a flight leaves it.
var airportsSince = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// flightRecords turns the archive into records: one flight a record, no key, as a
// collector of events would send them.
func flightRecords() ([]*kgo.Record, error) {
	var flights []json.RawMessage
	if err := json.Unmarshal(testdata.Flights, &flights); err != nil {
		return nil, fmt.Errorf("flights: %w", err)
	}
	records := make([]*kgo.Record, len(flights))
	for i, f := range flights {
		records[i] = &kgo.Record{Topic: "flights", Value: f}
	}
	return records, nil
}

// airportRecords turns the list of airports into records by IATA code.
func airportRecords() ([]*kgo.Record, error) {
	rows, err := csv.NewReader(bytes.NewReader(testdata.Airports)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("airports: %w", err)
	}
	names, rows := rows[0], rows[1:]
	records := make([]*kgo.Record, len(rows))
	for i, row := range rows {
		value := map[string]string{}
		for c := 1; c < len(row); c++ {
			value[names[c]] = row[c]
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		records[i] = &kgo.Record{Topic: "airports", Key: []byte(row[0]), Value: text, Timestamp: airportsSince}
	}
	return records, nil
}

// produce sends records and waits for every acknowledgement; progress is told how many
// have come.
func produce(ctx context.Context, client *kgo.Client, records []*kgo.Record, progress func(done int)) error {
	acks := make(chan error, len(records))
	for _, r := range records {
		client.Produce(ctx, r, func(_ *kgo.Record, err error) { acks <- err })
	}
	for i := range records {
		if err := <-acks; err != nil {
			return fmt.Errorf("produce: %w", err)
		}
		progress(i + 1)
	}
	return nil
}

// trickle sends records one after the other over a time, as they would come in life.
func trickle(ctx context.Context, client *kgo.Client, records []*kgo.Record, over time.Duration) error {
	pause := over / time.Duration(len(records))
	for _, r := range records {
		if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
			return fmt.Errorf("produce: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}
