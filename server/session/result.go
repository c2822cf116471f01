package session

import (
	"context"
	"errors"
	"time"

	"tailrace/executor/chunk"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
	"tailrace/sql/types/vector"
)

// Column is a column of a result.
type Column struct {
	Name string
	Type types.Type
	// OID is PostgreSQL's number of the type where it is not the one that Type travels as
	// (name, oid, ...); 0 otherwise.
	OID uint32
}

// Result takes what a statement returns, in order: Columns once, if there are rows to
// come, then Rows as often as there are batches. It belongs to one statement.
type Result interface {
	// Columns announces the shape of the rows.
	Columns([]Column) error
	// Rows hands over n rows in columns, which are valid until it returns.
	Rows(cols []*vector.Vector, n int) error
	// Flush sends what has been handed over, as a push query does after each change.
	Flush() error
	// Notice tells the client something beside the rows.
	Notice(Notice)
}

// SharedResult is a Result that gains when several are given the same rows.
type SharedResult interface {
	Result
	// SharedRows is Rows, of rows that come with a memo. cols are asked for only when the
	// memo does not have what the result makes of them.
	SharedRows(cols func() []*vector.Vector, n int, memo *chunk.Memo) error
}

// Notice is a message that is not an error.
type Notice struct {
	Severity string // NOTICE, WARNING or INFO
	Message  string
	Hint     string
}

// Prepared is a statement ready to run, as often as wanted. Its Columns are what Run
// will announce.
type Prepared struct {
	Text string
	// Kind is what sort of statement it is, for those who count: one of a few dozen words.
	Kind   string
	Params []types.Type // of $1, $2, ...
	// ParamOIDs are PostgreSQL's numbers of the parameters' types where they are not those
	// that Params travel as; nil, or 0 in a place, otherwise.
	ParamOIDs []uint32
	Columns   []Column // nil: the statement returns no rows
	// Streaming statements run until they are cancelled, or reach their LIMIT: push
	// queries and PRINT.
	Streaming bool
	// Changes: it writes records or files, or changes the catalog or what queries do.
	Changes bool
	// Empty is a statement without content: only white space or comments.
	Empty bool

	run  func(ctx context.Context, args []types.Value, out Result) (tag string, err error)
	kept bool // the plan may be used again for the same text
	// timeout is how long a run may take, asked at its start; 0: for ever.
	timeout func() time.Duration
}

// ofKind gives a statement its kind; nil stays nil.
func (p *Prepared) ofKind(kind string) *Prepared {
	if p != nil {
		p.Kind = kind
	}
	return p
}

// errTimeout is the cause of the end of a context by statement_timeout.
var errTimeout = errors.New("statement timeout")

// Run executes the statement. The tag says what was done, as Postgres words it
// ("SELECT 3", "INSERT 0 1", "CREATE STREAM"). Cancelling ctx stops it with SQLSTATE
// 57014; rows that were handed over before stay with the client.
func (p *Prepared) Run(ctx context.Context, args []types.Value, out Result) (string, error) {
	if p.Empty {
		return "", nil
	}
	if p.timeout != nil {
		if d := p.timeout(); d > 0 {
			limited, cancel := context.WithTimeoutCause(ctx, d, errTimeout)
			defer cancel()
			ctx = limited
		}
	}
	tag, err := p.run(ctx, args, out)
	if err != nil && context.Cause(ctx) == errTimeout {
		return "", sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to statement timeout")
	}
	return tag, told(err)
}
