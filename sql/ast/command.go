package ast

// QueryVerb is what a QueryControl does.
type QueryVerb uint8

// The verbs of QueryControl.
const (
	Terminate QueryVerb = iota + 1
	Pause
	Resume
	Rebuild
)

// String is the keyword.
func (v QueryVerb) String() string {
	return [...]string{"", "TERMINATE", "PAUSE", "RESUME", "REBUILD"}[v]
}

// QueryControl is TERMINATE, PAUSE, RESUME or REBUILD of one continuous query or of all.
type QueryControl struct {
	Loc
	Verb  QueryVerb
	All   bool
	Query Ident // empty with All
}

// ShowKind is what a Show lists.
type ShowKind uint8

// What can be listed.
const (
	ShowStreams ShowKind = iota + 1
	ShowTables
	ShowTopics
	ShowQueries
	ShowFunctions
	ShowProperties
	ShowTypes
	ShowVariables
	ShowConnectors
	ShowConnectorPlugins
	ShowFaults
)

// String is the keyword after SHOW.
func (k ShowKind) String() string {
	return [...]string{"", "STREAMS", "TABLES", "TOPICS", "QUERIES", "FUNCTIONS", "PROPERTIES", "TYPES",
		"VARIABLES", "CONNECTORS", "CONNECTOR PLUGINS", "FAULTS"}[k]
}

// Show is SHOW or LIST of a kind of object.
type Show struct {
	Loc
	Kind ShowKind
	// All is SHOW ALL TOPICS: internal ones too.
	All      bool
	Extended bool
	// Scope is SOURCE or SINK before CONNECTORS, or empty.
	Scope string
}

// ShowSetting is Postgres' SHOW name; SHOW ALL has the name "all".
type ShowSetting struct {
	Loc
	// Name is in lower case, with its dots: "statement_timeout", "transaction isolation level".
	Name string
}

// DescribeKind is what a Describe describes.
type DescribeKind uint8

// What can be described.
const (
	DescribeSource DescribeKind = iota + 1
	DescribeFunction
	DescribeConnector
	DescribeStreams
	DescribeTables
)

// Describe is DESCRIBE of one object, or of all streams or tables.
type Describe struct {
	Loc
	Kind     DescribeKind
	Name     TableName // empty for DescribeStreams and DescribeTables
	Extended bool
}

// Explain is EXPLAIN statement or EXPLAIN queryId.
type Explain struct {
	Loc
	Analyze   bool
	Statement Statement // nil when Query is set
	Query     Ident     // the id of a running query
}

// Print is PRINT topic.
type Print struct {
	Loc
	Topic         Ident
	FromBeginning bool
	// Interval shows every n-th record; 0 when not given.
	Interval int64
	// Limit ends the listing after n records; -1 when not given.
	Limit int64
}

// Acknowledge is ACKNOWLEDGE COMMANDS. Tailrace's own.
type Acknowledge struct{ Loc }

// Backup is BACKUP TO 'folder'. Tailrace's own.
type Backup struct {
	Loc
	Folder string // on the server's machine
}

// Set is ksqlDB's SET 'property' = 'value', and Postgres' SET name = value or
// SET name TO value.
type Set struct {
	Loc
	// Name is the property as written for ksqlDB's form; in lower case, with its dots,
	// for Postgres'.
	Name string
	// Values holds one value for ksqlDB's form, one or more for Postgres'. Empty means
	// DEFAULT.
	Values []string
	// Postgres tells the two forms apart.
	Postgres bool
	// Local is SET LOCAL: until the end of the transaction.
	Local bool
}

// Unset is ksqlDB's UNSET 'property', and Postgres' RESET name; RESET ALL has the
// name "all".
type Unset struct {
	Loc
	Name     string
	Postgres bool
}

// Define is DEFINE variable = 'value'.
type Define struct {
	Loc
	Name  Ident
	Value string
}

// Undefine is UNDEFINE variable.
type Undefine struct {
	Loc
	Name Ident
}

// RunScript is RUN SCRIPT 'file'.
type RunScript struct {
	Loc
	File string
}

// TransactionVerb is what a Transaction does.
type TransactionVerb uint8

// The verbs of transaction control.
const (
	Begin TransactionVerb = iota + 1
	Commit
	Rollback
	Savepoint
	Release
	RollbackTo
)

// Transaction is BEGIN, COMMIT, ROLLBACK and their synonyms, and savepoints.
type Transaction struct {
	Loc
	Verb TransactionVerb
	// Modes are those of BEGIN, in upper case: "READ ONLY", "ISOLATION LEVEL SERIALIZABLE".
	Modes []string
	Name  Ident // of a savepoint
}

// SessionVerb is what a SessionControl does.
type SessionVerb uint8

// The verbs of SessionControl, the commands that Postgres drivers send about the
// session rather than about data.
const (
	Discard SessionVerb = iota + 1
	Deallocate
	Listen
	Unlisten
	Notify
	CloseCursor
)

// SessionControl is DISCARD ALL, DEALLOCATE name, LISTEN, UNLISTEN, NOTIFY, CLOSE.
type SessionControl struct {
	Loc
	Verb SessionVerb
	// All is ALL (or * for UNLISTEN) in place of a name. DISCARD's other targets are
	// in Name.
	All  bool
	Name Ident
	// Payload is the string of NOTIFY.
	Payload string
}

// AssertTopic is ASSERT [NOT EXISTS] TOPIC.
type AssertTopic struct {
	Loc
	NotExists bool
	Topic     Ident
	With      []Property
	Timeout   *Duration // optional
}

// AssertSchema is ASSERT [NOT EXISTS] SCHEMA [SUBJECT s] [ID n].
type AssertSchema struct {
	Loc
	NotExists bool
	Subject   Ident // optional
	// ID is the schema's id, or -1 when not given.
	ID      int64
	Timeout *Duration // optional
}

// AssertValues is ASSERT VALUES src (cols) VALUES (...), and ASSERT NULL VALUES src
// (cols) KEY (...), which expects a tombstone.
type AssertValues struct {
	Loc
	What      Loc // where VALUES or NULL VALUES stands
	Tombstone bool
	Name      TableName
	Columns   []Ident
	Row       []Expr
}

// AssertSource is ASSERT STREAM or TABLE: the source exists and looks like this. Source
// stands where STREAM or TABLE does.
type AssertSource struct {
	Loc
	Source CreateSource
}

func (*QueryControl) statement()   {}
func (*Show) statement()           {}
func (*ShowSetting) statement()    {}
func (*Describe) statement()       {}
func (*Explain) statement()        {}
func (*Print) statement()          {}
func (*Backup) statement()         {}
func (*Acknowledge) statement()    {}
func (*Set) statement()            {}
func (*Unset) statement()          {}
func (*Define) statement()         {}
func (*Undefine) statement()       {}
func (*RunScript) statement()      {}
func (*Transaction) statement()    {}
func (*SessionControl) statement() {}
func (*AssertTopic) statement()    {}
func (*AssertSchema) statement()   {}
func (*AssertValues) statement()   {}
func (*AssertSource) statement()   {}
