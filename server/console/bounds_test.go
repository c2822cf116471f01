package console_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tailrace/server/console"
)

// TestRings: what the console remembers has a size that does not grow.
func TestRings(t *testing.T) {
	if console.RingSize != 720 {
		t.Errorf("a ring holds %d samples, want an hour of 5 s: 720", console.RingSize)
	}
	if n := console.NodeRingBytes; n > 160<<10 {
		t.Errorf("the ring of the node takes %d bytes, want at most 160 KiB", n)
	}
	if n := console.GroupRingBytes * console.RingGroups; n > 6<<20 {
		t.Errorf("the rings of groups take %d bytes, want at most 6 MiB", n)
	}
	for _, tc := range []struct {
		n, kept     int
		first, last int64
	}{{1, 1, 0, 0}, {720, 720, 0, 719}, {721, 720, 1, 720}, {5000, 720, 4280, 4999}} {
		kept, first, last := console.FillRing(tc.n)
		if kept != tc.kept || first != tc.first || last != tc.last {
			t.Errorf("after %d samples the ring holds %d, from %d to %d; want %d, from %d to %d", tc.n, kept, first, last, tc.kept, tc.first, tc.last)
		}
	}
}

// TestScanIsBounded: a filter that lets nothing through ends in time, tells how far it came, and
// goes on from there to the end.
func TestScanIsBounded(t *testing.T) {
	n := 60_000
	if testing.Short() {
		n = 10_000
	}
	s := newSystem(t)
	s.flights(0)
	s.produceFlights(0, n)
	filter := url.QueryEscape("REGEXP_EXTRACT('(a|b|c)+d', value || value) IS NOT NULL AND origin = 'nowhere'")
	var p messagePage
	began := time.Now()
	s.get("/api/topics/flights/messages?timeout_ms=10&filter="+filter, &p)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a scan of 10 ms took %s", took)
	}
	if p.Reason != "time" || p.Cursor == "" || p.Scanned+p.Left != int64(n) || p.Total != int64(n) {
		t.Errorf("the scan stopped by %q: %d of %d scanned, %d left", p.Reason, p.Scanned, p.Total, p.Left)
	}
	scanned := p.Scanned
	for cursor := p.Cursor; cursor != ""; cursor = p.Cursor {
		p = messagePage{}
		s.get("/api/topics/flights/messages?timeout_ms=20000&filter="+filter+"&cursor="+cursor, &p)
		scanned += p.Scanned
	}
	if scanned != int64(n) {
		t.Errorf("the pages have scanned %d of %d", scanned, n)
	}
	began = time.Now()
	s.get("/api/topics/flights/messages?limit=100", &p)
	if took := time.Since(began); len(p.Messages) != 100 || took > time.Second {
		t.Errorf("the last 100 of %d took %s", n, took)
	}
}

// TestManyTopics: lists stay quick when they are long.
func TestManyTopics(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 60
	}
	s := newSystem(t)
	var sql strings.Builder
	for i := range n {
		fmt.Fprintf(&sql, "CREATE STREAM s%d (a INT) WITH (kafka_topic='topic-%05d', value_format='JSON', partitions=1);", i, i)
		if i%500 == 499 || i == n-1 {
			s.must(sql.String())
			sql.Reset()
		}
	}
	for _, path := range []string{"/api/topics?limit=100", "/api/topics?sort=bytes&order=desc&limit=100", "/api/topics?search=9", "/api/overview", "/api/sources?limit=100", "/api/groups", "/api/queries"} {
		began := time.Now()
		var out any
		s.get(path, &out)
		if took := time.Since(began); took > time.Second {
			t.Errorf("GET %s takes %s with %d topics", path, took, n)
		}
	}
}
