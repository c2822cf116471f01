// Package client connects the Kafka commands to a cluster: --bootstrap-server and its
// like, the client properties of --command-config with Kafka's names, TLS and SASL, and
// what a failed connection or a broker's error means to who sits in front of it.
//
// An address comes from --bootstrap-server, else from bootstrap.servers in the
// properties, else from TAILRACE_BOOTSTRAP_SERVERS, else it is localhost:9092. Properties
// that the commands have no use for, such as those that name Java classes, are passed
// over, so that one file serves Kafka's tools and these.
package client
