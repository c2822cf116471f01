package node

import (
	"net/http"

	"tailrace/broker"
	"tailrace/server/admin"
	"tailrace/server/console"
	"tailrace/server/session"
	"tailrace/storage/env"
)

// withConsole puts the web console in front of what else the HTTP port serves, if it is enabled
// and there is such a port.
func (n *Node) withConsole(info admin.Info, deps *session.Deps, next http.Handler) http.Handler {
	if !n.cfg.Console || n.addrs.HTTP == "" {
		return next
	}
	n.console = console.New(console.Config{
		Info: info, Log: n.log, Groups: n.kafka.Groups(), Engine: n.engine, Catalog: n.catalog, Damage: n.damage, Memory: n.memory,
		Checks: n.checks(), ServiceID: n.cfg.ServiceID, ReadOnly: n.cfg.ConsoleReadOnly,
		MaxTopicPartitions: broker.Config{}.WithDefaults().MaxTopicPartitions,
		NewSession:         func(params map[string]string) *session.Session { return session.New(deps, params) },
		Traffic:            n.kafka.Traffic,
		Clock:              env.SystemClock, Rand: env.SystemRand, Logger: n.clientLogger,
	})
	return n.console.Handler(next)
}
