// Package clienttest holds the broker against real Kafka clients: franz-go in process,
// kcat, kafka-python and librdkafka where they are installed, Kafka's own tools and
// the clients of Java, Node and Rust that make clients fetches (a test that misses its
// program is skipped with one line), and hostile ones. Everything goes through a TCP
// port; the broker is the one that tailrace server starts.
//
//	go test ./broker/clienttest
//	TAILRACE_CLIENTS=dir go test -run Kafkas ./broker/clienttest -record
//	TAILRACE_LISTEN=127.0.0.1:9092 go test -run TestListen -timeout 0 ./broker/clienttest
//
// The second form compares with Apache Kafka and records the shapes of its answers
// (testdata/kafka-shapes-*.txt, held to by TestShapes) and its answers to odd requests, field
// by field (testdata/kafka-answers-*.txt, TestAnswers). The third serves a scratch folder until
// it is interrupted, for suites that bring their own runner; TestFranzGoSuite runs franz-go's own when TAILRACE_KGO_SUITE is set.
package clienttest
