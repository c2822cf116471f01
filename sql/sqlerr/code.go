package sqlerr

// Code is a SQLSTATE: five characters, the first two of which name the class
// (PostgreSQL, appendix A). Drivers map codes to exception types, so a code once
// given to a fault stays.
type Code string

// The codes that Tailrace uses, by class.
const (
	// Success is what a command that did not fail reports.
	Success Code = "00000"
	// Warning marks a notice that the client should show.
	Warning Code = "01000"

	// ConnectionException: the peer broke off or cannot be reached.
	ConnectionException Code = "08000"
	// ProtocolViolation: a frame or message that the protocol does not allow.
	ProtocolViolation Code = "08P01"

	// FeatureNotSupported: understood, and not done by this version or in this place.
	FeatureNotSupported Code = "0A000"

	// InvalidTransactionState: a command that the open transaction forbids.
	InvalidTransactionState Code = "25000"
	// InFailedTransaction: commands are refused until the end of the failed block.
	InFailedTransaction Code = "25P02"
	// InvalidStatementName: no prepared statement has this name.
	InvalidStatementName Code = "26000"
	// InvalidCursorName: no portal or cursor has this name.
	InvalidCursorName Code = "34000"
	// InvalidAuthorization: the user may not connect.
	InvalidAuthorization Code = "28000"
	// InvalidPassword: the password is wrong.
	InvalidPassword Code = "28P01"
	// InvalidCatalogName: no database has this name.
	InvalidCatalogName Code = "3D000"
	// InvalidSchema: no schema has this name.
	InvalidSchema Code = "3F000"

	// CardinalityViolation: a subquery that stands for a value gave several rows.
	CardinalityViolation Code = "21000"

	// DataException: a value that does not fit, where no code below is closer.
	DataException Code = "22000"
	// NumericOutOfRange: a number beyond its type.
	NumericOutOfRange Code = "22003"
	// NullNotAllowed: NULL where a value is needed.
	NullNotAllowed Code = "22004"
	// InvalidDatetime: text that is no date, time or timestamp.
	InvalidDatetime Code = "22007"
	// DatetimeOverflow: a date or time beyond its type.
	DatetimeOverflow Code = "22008"
	// SubstringError: a part of a text with a negative length.
	SubstringError Code = "22011"
	// DivisionByZero: x / 0 or x % 0 where the dialect makes that an error.
	DivisionByZero Code = "22012"
	// IntervalOverflow: an interval beyond its type.
	IntervalOverflow Code = "22015"
	// InvalidCharacter: text that is not UTF-8, or holds a NUL.
	InvalidCharacter Code = "22021"
	// InvalidEscape: a LIKE pattern that ends in its escape character.
	InvalidEscape Code = "22025"
	// InvalidParameter: a property, setting or argument with a value it cannot have.
	InvalidParameter Code = "22023"
	// InvalidRegexp: a pattern that does not compile.
	InvalidRegexp Code = "2201B"
	// InvalidLogarithm: the logarithm of zero or of a negative number.
	InvalidLogarithm Code = "2201E"
	// InvalidPower: a power or root that is no real number.
	InvalidPower Code = "2201F"
	// InvalidWidthBucket: bounds or a count that make no buckets.
	InvalidWidthBucket Code = "2201G"
	// InvalidNtile: NTILE of less than one part.
	InvalidNtile Code = "22014"
	// InvalidNthValue: NTH_VALUE of a row before the first.
	InvalidNthValue Code = "22016"
	// InvalidRowCount: LIMIT with something that is no row count.
	InvalidRowCount Code = "2201W"
	// ArraySubscript: arrays whose dimensions do not go together.
	ArraySubscript Code = "2202E"
	// InvalidFrameOffset: PRECEDING or FOLLOWING by a negative offset.
	InvalidFrameOffset Code = "22013"
	// InvalidRowOffset: an OFFSET that is negative.
	InvalidRowOffset Code = "2201X"
	// InvalidText: text that does not read as the type it stands for.
	InvalidText Code = "22P02"
	// InvalidBinary: a binary parameter that does not decode.
	InvalidBinary Code = "22P03"

	// NotNullViolation: NULL in a column that holds none, as a key does.
	NotNullViolation Code = "23502"
	// UniqueViolation: a second row under one key.
	UniqueViolation Code = "23505"

	// DependentObjects: other queries or sources still read or write it.
	DependentObjects Code = "2BP01"

	// SyntaxError: the statement does not parse.
	SyntaxError Code = "42601"
	// InsufficientPrivilege: this user may not do that.
	InsufficientPrivilege Code = "42501"
	// CannotCoerce: no cast leads from the one type to the other.
	CannotCoerce Code = "42846"
	// GroupingError: a column neither grouped by nor aggregated.
	GroupingError Code = "42803"
	// WindowingError: a window where none may be, or none where one must.
	WindowingError Code = "42P20"
	// ReservedName: a name that the system keeps for itself.
	ReservedName Code = "42939"
	// InvalidName: a name that is too long or otherwise cannot be one.
	InvalidName Code = "42602"
	// UndefinedColumn: no source in scope has this column.
	UndefinedColumn Code = "42703"
	// UndefinedFunction: no function of this name takes these arguments.
	UndefinedFunction Code = "42883"
	// UndefinedTable: no stream, table, topic or view has this name.
	UndefinedTable Code = "42P01"
	// UndefinedParameter: $n without a value.
	UndefinedParameter Code = "42P02"
	// UndefinedObject: no type, query, connector, setting or variable has this name.
	UndefinedObject Code = "42704"
	// AmbiguousColumn: more than one source in scope has this column.
	AmbiguousColumn Code = "42702"
	// AmbiguousFunction: several overloads fit equally well.
	AmbiguousFunction Code = "42725"
	// DuplicateColumn: one name twice in a row type.
	DuplicateColumn Code = "42701"
	// DuplicateTable: the name is taken by a stream, table or view.
	DuplicateTable Code = "42P07"
	// DuplicateObject: the name is taken by a type, query, connector or variable.
	DuplicateObject Code = "42710"
	// DuplicateStatement: a prepared statement of this name exists.
	DuplicateStatement Code = "42P05"
	// DuplicateAlias: one alias for two sources.
	DuplicateAlias Code = "42712"
	// DatatypeMismatch: an expression of one type where another is needed.
	DatatypeMismatch Code = "42804"
	// IndeterminateType: nothing says which type a parameter or NULL has.
	IndeterminateType Code = "42P18"
	// WrongObjectType: a stream where a table is needed, or the reverse.
	WrongObjectType Code = "42809"
	// InvalidColumnReference: a column that exists and may not be used here.
	InvalidColumnReference Code = "42P10"
	// InvalidRecursion: a recursive query of another form than first UNION step.
	InvalidRecursion Code = "42P19"
	// InvalidDefinition: a CREATE whose parts contradict each other.
	InvalidDefinition Code = "42P17"

	// InsufficientResources: the machine or the process has run out of something else than
	// room on disk, memory or connections.
	InsufficientResources Code = "53000"
	// DiskFull: no room to write; nothing acknowledged is lost.
	DiskFull Code = "53100"
	// OutOfMemory: the query's or the server's memory budget is used up.
	OutOfMemory Code = "53200"
	// TooManyConnections: the session limit is reached.
	TooManyConnections Code = "53300"
	// LimitExceeded: a configured limit other than the three above.
	LimitExceeded Code = "53400"
	// TooComplex: the statement is too long, too deep or too wide.
	TooComplex Code = "54000"
	// StatementTooComplex: an expression nests or chains too far.
	StatementTooComplex Code = "54001"
	// ObjectInUse: busy, try again.
	ObjectInUse Code = "55006"
	// NotInPrerequisiteState: right command, wrong moment.
	NotInPrerequisiteState Code = "55000"
	// QueryCanceled: the user or a timeout ended it.
	QueryCanceled Code = "57014"
	// AdminShutdown: the server is stopping.
	AdminShutdown Code = "57P01"
	// CannotConnectNow: the server is starting.
	CannotConnectNow Code = "57P03"
	// UndefinedFile: no file or folder of the server's machine has this name.
	UndefinedFile Code = "58P01"
	// DuplicateFile: a file or folder of the server's machine has this name.
	DuplicateFile Code = "58P02"
	// IOError: the machine failed to read or write.
	IOError Code = "58030"
	// InternalError: a bug, or a fault that nobody foresaw.
	InternalError Code = "XX000"
	// DataCorrupted: stored bytes that do not check out.
	DataCorrupted Code = "XX001"
)
