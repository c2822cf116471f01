package pgwire

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
)

// startup does the handshake. It returns false when the connection is over without an
// error: it was a cancel request, or the client gave up.
func (c *conn) startup() (bool, error) {
	for {
		msg, err := c.proto.ReceiveStartupMessage()
		if err != nil {
			if clientGone(err) {
				return false, nil
			}
			return false, c.refuseStartup(err)
		}
		switch m := msg.(type) {
		case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest:
			if _, err := c.net.Write([]byte{'N'}); err != nil {
				return false, err
			}
		case *pgproto3.CancelRequest:
			c.server.cancel(m.ProcessID, secretOf(m.SecretKey))
			return false, nil
		case *pgproto3.StartupMessage:
			return true, c.greet(m.Parameters)
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

// greet accepts the client. Authentication is trust: the listeners are on loopback by
// default.
func (c *conn) greet(params map[string]string) error {
	c.session = c.server.cfg.NewSession(params)
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
