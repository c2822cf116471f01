package node

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"

	"tailrace/broker"
	"tailrace/storage/env"
)

// listen takes the three ports before anything is opened, so that a port that is taken is
// the first thing that a user learns.
func (n *Node) listen() (kafka, pg, web net.Listener, err error) {
	if kafka, err = n.listenOn("kafka-addr", n.cfg.KafkaAddr, &n.addrs.Kafka); err != nil {
		return
	}
	if pg, err = n.listenOn("pg-addr", n.cfg.PGAddr, &n.addrs.PG); err != nil {
		return
	}
	web, err = n.listenOn("http-addr", n.cfg.HTTPAddr, &n.addrs.HTTP)
	return
}

func (n *Node) listenOn(key, addr string, bound *string) (net.Listener, error) {
	if addr == "" || strings.EqualFold(addr, "off") {
		return nil, nil
	}
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s %s is taken by another program: choose another with --%s, or port 0 for a free one", key, addr, key)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	*bound = l.Addr().String()
	n.listeners = append(n.listeners, l)
	return l, nil
}

func (n *Node) serve(l net.Listener, serve func(net.Listener) error) {
	if l == nil {
		return
	}
	go func() {
		if err := serve(l); err != nil {
			n.failed <- fmt.Errorf("port %s: %w", l.Addr(), err)
		}
	}()
}

func (n *Node) serveHTTP(l net.Listener) error {
	l = env.PatientListener(l, env.SystemClock, func(err error) { n.logger.Warn("cannot accept a connection for now", "err", err) })
	n.http.ConnState = limitConns(n.room.http)
	if err := n.http.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func (n *Node) serveKafka(l net.Listener) error {
	if err := n.kafka.Serve(l); !errors.Is(err, broker.ErrClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// limitConns closes connections beyond max at once.
func limitConns(max int) func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(nc net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			if open.Add(1) > int64(max) {
				_ = nc.Close()
			}
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
}
