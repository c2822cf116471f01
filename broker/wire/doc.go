// Package wire is the byte layer of the Kafka protocol: frames, headers, and the two
// requests whose payload the broker never decodes, Produce and Fetch.
//
//	frame    | size int32 | header | body |
//	header   | api key int16 | version int16 | correlation id int32 | client id | tags? |
//	answer   | size int32 | correlation id int32 | tags? | body |
//
// Everything here works on bytes that a stranger sent: nothing panics, nothing is
// allocated because a length field said so, and every count has a limit. All other
// requests are decoded by franz-go's kmsg, below a smaller frame limit (see
// MaxControlBytes) and after CheckShape, because kmsg trusts the counts that it reads.
//
// Nothing in this package does I/O but FrameReader, and nothing knows a partition.
package wire
