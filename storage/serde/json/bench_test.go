package json_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tailrace/sql/types"
	"tailrace/sql/types/vector"
	"tailrace/storage/serde/json"
)

// orderColumns are the ten fields of the benchmark's records.
var orderColumns = []types.Column{
	{Name: "ORDER_ID", Type: types.BigintType}, {Name: "CUSTOMER", Type: types.StringType},
	{Name: "PRODUCT", Type: types.StringType}, {Name: "QUANTITY", Type: types.IntType},
	{Name: "PRICE", Type: types.DoubleType}, {Name: "CURRENCY", Type: types.StringType},
	{Name: "COUNTRY", Type: types.StringType}, {Name: "CREATED", Type: types.BigintType},
	{Name: "STATUS", Type: types.StringType}, {Name: "EXPRESS", Type: types.BooleanType},
}

// orders makes records of about 200 bytes, back to back as in a batch.
func orders(n int, space string) (batch []byte, ends []int) {
	r := rand.New(rand.NewPCG(1, 2))
	status := []string{"created", "paid", "shipped", "returned"}
	for i := range n {
		record := fmt.Sprintf(`{"order_id":%d,"customer":"customer-%05d","product":"SKU-%06d","quantity":%d,"price":%d.%02d,`+
			`"currency":"EUR","country":"DE","created":%d,"status":"%s","express":%v}`,
			100000+i, r.IntN(100000), r.IntN(1000000), 1+r.IntN(20), r.IntN(500), r.IntN(100),
			1700000000000+int64(r.IntN(1e9)), status[r.IntN(4)], r.IntN(2) == 0)
		record = strings.NewReplacer(`,"`, `,`+space+`"`, `":`, `":`+space).Replace(record)
		batch = append(batch, record...)
		ends = append(ends, len(batch))
	}
	return append(batch, make([]byte, json.Padding)...), ends
}

var sink uint64

// BenchmarkDecode picks 3 of 10 fields (BIGINT, DOUBLE, STRING) into columns. ceiling is
// the same walk over the same bytes that only finds quotes: what one pass costs.
func BenchmarkDecode(b *testing.B) {
	const n = 1024
	wanted := []int{0, 4, 6}
	for _, tc := range []struct{ name, space string }{{"compact", ""}, {"python", " "}} {
		batch, ends := orders(n, tc.space)
		var out []*vector.Vector
		for _, w := range wanted {
			out = append(out, vector.New(orderColumns[w].Type, n))
		}
		d, err := json.NewDecoder(orderColumns, wanted, false)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(ends[n-1] / n))
			for i := 0; i < b.N; i++ {
				if i%n == 0 {
					for _, v := range out {
						v.Reset()
					}
				}
				start := 0
				if i%n > 0 {
					start = ends[i%n-1]
				}
				if err := d.Decode(batch[start:ends[i%n]], out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
		})
		b.Run(tc.name+"/unpadded", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(ends[n-1] / n))
			for i := 0; i < b.N; i++ {
				if i%n == 0 {
					for _, v := range out {
						v.Reset()
					}
				}
				start := 0
				if i%n > 0 {
					start = ends[i%n-1]
				}
				if err := d.Decode(batch[start:ends[i%n]:ends[i%n]], out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
		})
		b.Run(tc.name+"/ceiling", func(b *testing.B) {
			b.SetBytes(int64(ends[n-1] / n))
			for i := 0; i < b.N; i++ {
				start := 0
				if i%n > 0 {
					start = ends[i%n-1]
				}
				sink += json.QuoteWalk(batch, start, ends[i%n])
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
		})
	}
}
