package node

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"tailrace/broker"
	"tailrace/server/admin"
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
	if err := n.checkReach(key, addr); err != nil {
		return nil, err
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

// checkReach keeps listeners to this machine unless the configuration says otherwise:
// nobody is asked who they are.
func (n *Node) checkReach(key, addr string) error {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	switch {
	case a.IP != nil && a.IP.IsLoopback():
		return nil
	case !n.cfg.AllowInsecureListeners:
		return fmt.Errorf("%s %s can be reached from other machines, and there is no authentication: use an address of this machine alone (127.0.0.1), "+
			"or --allow-insecure-listeners in a network that you trust", key, addr)
	}
	n.logger.Warn("INSECURE LISTENER: whoever reaches this port may read and change everything; there is no authentication and no encryption",
		"listener", key, "addr", addr)
	return nil
}

// hosts are the names that the HTTP port answers to.
func (n *Node) hosts() admin.Hosts {
	h := admin.Hosts{Names: strings.Split(n.cfg.HTTPAllowedHosts, ",")}
	if a, err := net.ResolveTCPAddr("tcp", n.cfg.HTTPAddr); err == nil {
		h.Loopback = a.IP != nil && a.IP.IsLoopback()
	}
	if host, _, err := net.SplitHostPort(n.cfg.HTTPAddr); err == nil && host != "" {
		h.Names = append(h.Names, host)
	}
	if name, err := os.Hostname(); err == nil && !h.Loopback {
		h.Names = append(h.Names, name)
	}
	return h
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
	l = env.PatientListener(l, env.SystemClock, func(err error) {
		n.clientLogger.Warn("cannot accept a connection for now", "listener", "http", "err", err)
	})
	n.http.ConnState = n.limitConns(n.room.http)
	n.http.ErrorLog = log.New(libraryLog{n.clientLogger}, "", 0)
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

// libraryLog takes what a library of Go's has to say, as one message with many texts.
type libraryLog struct{ *slog.Logger }

// Write implements io.Writer.
func (l libraryLog) Write(text []byte) (int, error) {
	l.Warn("http", "err", strings.TrimSpace(string(text)))
	return len(text), nil
}

// limitConns counts connections, and closes those beyond max at once.
func (n *Node) limitConns(max int) func(net.Conn, http.ConnState) {
	l := &n.web
	return func(nc net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			l.Accepted.Add(1)
			if l.Open.Add(1) > int64(max) {
				l.Refused.Add(1)
				n.clientLogger.Warn("connection refused: there are too many", "listener", "http", "client", nc.RemoteAddr().String(), "limit", max)
				_ = nc.Close()
			}
		case http.StateClosed, http.StateHijacked:
			l.Open.Add(-1)
		}
	}
}
