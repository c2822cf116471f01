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

// BenchmarkDecode picks 3 of 10 fields (BIGINT, DOUBLE, STRING) into columns. unpadded is
// the same without room behind each record, so that it is copied first; unlike has records
// of two orders of keys by turns, for which no shape holds. ceiling is a walk over the same
// bytes that only finds the ends of strings: what one pass costs.
func BenchmarkDecode(b *testing.B) {
	const n = 1024
	for _, tc := range []struct{ name, space string }{{"compact", ""}, {"python", " "}} {
		batch, ends := orders(n, tc.space)
		records, clipped, unlike := make([][]byte, n), make([][]byte, n), make([][]byte, n)
		start := 0
		for i, end := range ends {
			records[i], clipped[i], unlike[i] = batch[start:end], batch[start:end:end], batch[start:end]
			if i%2 == 0 {
				swapped := strings.Replace(string(records[i]), `"product"`, `"product2"`, 1)
				unlike[i] = append([]byte(swapped), make([]byte, json.Padding)...)[:len(swapped)]
			}
			start = end
		}
		b.Run(tc.name, func(b *testing.B) { decodeAll(b, records) })
		b.Run(tc.name+"/unpadded", func(b *testing.B) { decodeAll(b, clipped) })
		b.Run(tc.name+"/unlike", func(b *testing.B) { decodeAll(b, unlike) })
		b.Run(tc.name+"/ceiling", func(b *testing.B) {
			b.SetBytes(int64(ends[n-1] / n))
			i := 0
			for b.Loop() {
				r := records[i%n]
				sink += json.QuoteWalk(r[:len(r)+json.Padding], 0, len(r))
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
		})
	}
}

func decodeAll(b *testing.B, records [][]byte) {
	n := len(records)
	wanted := []int{0, 4, 6}
	var out []*vector.Vector
	for _, w := range wanted {
		out = append(out, vector.New(orderColumns[w].Type, n))
	}
	d, err := json.NewDecoder(orderColumns, wanted, false)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(records[0])))
	i := 0
	for b.Loop() {
		if i%n == 0 {
			for _, v := range out {
				v.Reset()
			}
		}
		if err := d.Decode(records[i%n], out); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrec/s")
}
