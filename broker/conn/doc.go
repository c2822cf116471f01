// Package conn serves a listener: it accepts connections, cuts them into requests, has a
// Handler answer each, and sends the answers in the order of the requests.
//
//	accept -> [ frame -> header -> Handler.Handle ] -> answer
//	                                   |                 ^
//	                                   +-- Pending ------+   in order, by the writer
//
// A connection is one goroutine. It handles one request at a time, as Kafka does, so
// that the requests of one client take effect in order. The exception is an answer that
// only waits for durability (Outcome.Pending): the next request is handled meanwhile,
// and a second goroutine, started then, sends the answers in order. That is what lets a
// producer with five requests in flight share one fsync.
//
// A stranger cannot do harm: sizes, counts, times and memory are limited (Config), bad
// bytes close their own connection with one line in the log, and nothing else.
package conn
