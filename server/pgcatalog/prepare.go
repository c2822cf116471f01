package pgcatalog

import (
	"time"

	"tailrace/sql/catalog"
	"tailrace/sql/types"
)

// Column is a column of a result. OID is PostgreSQL's type, which drivers look at;
// Type is how the value travels.
type Column struct {
	Name string
	Type types.Type
	OID  uint32
}

// Settings are the run-time parameters of a session.
type Settings interface {
	// Setting returns a parameter by name, in any case of letters.
	Setting(name string) (string, bool)
	// SetSetting changes a parameter, as SET does.
	SetSetting(name, value string) error
	// SettingNames lists the parameters.
	SettingNames() []string
}

// Facts are what the tables and functions report.
type Facts struct {
	Catalog  *catalog.Snapshot
	Settings Settings
	User     string
	Database string
	Version  string // of Tailrace
	PID      uint32 // of the connection, as in its BackendKeyData
	Now      time.Time
	Started  time.Time // of the connection
}
