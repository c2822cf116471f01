package pgwire

import (
	"encoding/binary"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
)

// liftDeadline ends the time limit of the handshake, unless the server is stopping: then
// the deadline is what wakes the connection.
func (c *conn) liftDeadline() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.mu.stopping {
		_ = c.net.SetReadDeadline(time.Time{})
	}
}

// startup does the handshake. It returns false when the connection is over without an
// error: it was a cancel request, or the client gave up.
func (c *conn) startup() (bool, error) {
	_ = c.net.SetReadDeadline(c.server.cfg.Clock.Now().Add(startupTimeout))
	defer c.liftDeadline()
	for {
		msg, err := c.reader.startup()
		if err != nil {
			if clientGone(err) {
				return false, nil
			}
			return false, c.refuseStartup(err)
		}
		switch m := msg.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if err := c.write([]byte{'N'}); err != nil {
				return false, err
			}
		case *pgproto3.CancelRequest:
			c.server.cancel(m.ProcessID, secretOf(m.SecretKey))
			return false, nil
		case *pgproto3.StartupMessage:
			if err := c.negotiate(m); err != nil {
				return false, err
			}
			return c.accept(m.Parameters)
		default:
			return false, fmt.Errorf("unexpected startup message %T", msg)
		}
	}
}

func secretOf(key []byte) uint32 {
	if len(key) != 4 {
		return 0
	}
	return uint32(key[0])<<24 | uint32(key[1])<<16 | uint32(key[2])<<8 | uint32(key[3])
}

// refuseStartup answers bytes that are not a startup message, so that a person who
// pointed a browser or a Kafka client at this port learns what it is.
func (c *conn) refuseStartup(err error) error {
	fault := sqlerr.New(sqlerr.ProtocolViolation, "this port speaks the PostgreSQL protocol 3.0: %s", err)
	if sendErr := c.sendError(fault, "FATAL"); sendErr == nil {
		_ = c.flush()
	}
	return err
}

// startupTimeout is how long a client may take to introduce itself, as PostgreSQL's
// authentication_timeout.
const startupTimeout = time.Minute

// negotiate tells a client that asks for a newer minor version, or for protocol options,
// what it gets: 3.0 without options.
func (c *conn) negotiate(m *pgproto3.StartupMessage) error {
	var options []string
	for name := range m.Parameters {
		if strings.HasPrefix(name, "_pq_.") {
			options = append(options, name)
		}
	}
	if m.ProtocolVersion == pgproto3.ProtocolVersion30 && len(options) == 0 {
		return nil
	}
	sort.Strings(options)
	body := binary.BigEndian.AppendUint32(nil, pgproto3.ProtocolVersion30)
	body = binary.BigEndian.AppendUint32(body, uint32(len(options)))
	for _, o := range options {
		body = append(append(body, o...), 0)
	}
	c.out = append(c.out, 'v')
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(len(body)+4))
	c.out = append(c.out, body...)
	return nil
}

// accept lets the client in, or says why not.
func (c *conn) accept(params map[string]string) (bool, error) {
	var fault *sqlerr.Error
	switch {
	case c.surplus:
		c.server.refused(c.net)
		fault = sqlerr.New(sqlerr.TooManyConnections, "sorry, too many clients already").
			Hint("The limit is pg.max.connections = %d.", c.server.cfg.MaxConnections)
	case params["replication"] != "" && params["replication"] != "false":
		fault = sqlerr.New(sqlerr.FeatureNotSupported, "replication connections are not supported").
			Hint("Read the topics over the Kafka protocol.")
	default:
		return true, c.greet(withOptions(params))
	}
	if err := c.sendError(fault, "FATAL"); err != nil {
		return false, err
	}
	return false, c.flush()
}

// withOptions adds the settings of the options parameter (PGOPTIONS): "-c name=value".
func withOptions(params map[string]string) map[string]string {
	words := strings.Fields(params["options"])
	for i, w := range words {
		if w == "-c" && i+1 < len(words) {
			w = "--" + words[i+1]
		} else if rest, ok := strings.CutPrefix(w, "-c"); ok {
			w = "--" + rest
		}
		if name, value, ok := strings.Cut(strings.TrimPrefix(w, "--"), "="); ok && strings.HasPrefix(w, "--") {
			if _, given := params[name]; !given {
				params[name] = value
			}
		}
	}
	return params
}

// greet accepts the client. Authentication is trust: the listeners are on loopback by
// default.
func (c *conn) greet(params map[string]string) error {
	c.session = c.server.cfg.NewSession(params)
	c.session.SetProcessID(c.id)
	c.session.OnNotice(c.notice)
	messages := []pgproto3.BackendMessage{&pgproto3.AuthenticationOk{}}
	for _, name := range session.ReportedSettings {
		value, _ := c.session.Setting(name)
		messages = append(messages, &pgproto3.ParameterStatus{Name: name, Value: value})
	}
	c.session.OnSettingChange(func(name, value string) {
		_ = c.send(&pgproto3.ParameterStatus{Name: name, Value: value})
	})
	key := []byte{byte(c.secret >> 24), byte(c.secret >> 16), byte(c.secret >> 8), byte(c.secret)}
	messages = append(messages, &pgproto3.BackendKeyData{ProcessID: c.id, SecretKey: key},
		&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for _, m := range messages {
		if err := c.send(m); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *conn) notice(n session.Notice) {
	_ = c.send(&pgproto3.NoticeResponse{Severity: n.Severity, SeverityUnlocalized: n.Severity,
		Code: noticeCode(n.Severity), Message: n.Message, Hint: n.Hint})
}

func noticeCode(severity string) string {
	if strings.EqualFold(severity, "WARNING") {
		return "01000"
	}
	return "00000"
}
