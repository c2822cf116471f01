package kafka_test

import (
	"testing"

	"tailrace/storage/serde"
	"tailrace/storage/serde/serdetest"
)

func TestConformance(t *testing.T) {
	serdetest.Run(t, serde.Format{Name: "KAFKA"})
}
