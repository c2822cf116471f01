package parse

// elsewhere are the first words of statements that other databases have and that are not
// here, with what takes their place.
var elsewhere = map[string]string{
	"USE":      "There is one database, and nothing has to be chosen.",
	"TRUNCATE": "DROP ... DELETE TOPIC and a CREATE begin anew.",
	"MERGE":    "INSERT INTO a table replaces the row of its key.",
	"UPSERT":   "INSERT INTO a table replaces the row of its key.",
	"REPLACE":  "INSERT INTO a table replaces the row of its key.",
	"COPY":     "In the shell \\copy reads and writes files.",
	"LOAD":     "In the shell \\copy reads files.",
	"IMPORT":   "In the shell \\copy reads files.",
	"EXPORT":   "In the shell \\copy writes files.",
	"GRANT":    "There are no roles and no rights.",
	"REVOKE":   "There are no roles and no rights.",
	"VACUUM":   "Nothing has to be cleaned up by hand.",
	"ANALYZE":  "There are no statistics to gather; EXPLAIN ANALYZE shows how a query runs.",
	"OPTIMIZE": "Nothing has to be cleaned up by hand.",
	"REFRESH":  "A materialized view is fresh at any time.",
	"REINDEX":  "There are no indexes; REBUILD makes the state of a query anew.",
	"CALL":     "There are no procedures.",
	"EXEC":     "There are no procedures.",
	"DO":       "There are no procedures.",
	"KILL":     "TERMINATE ends a query.",
	"STOP":     "TERMINATE ends a query, PAUSE lets it rest.",
	"CANCEL":   "TERMINATE ends a query.",
	"START":    "RESUME lets a query go on.",
	"TABLE":    "Write SELECT * FROM the table.",
	"DESCR":    "Perhaps you meant DESCRIBE.",
	"HELP":     "HELP is a command of the shell.",
	"SPOOL":    "SPOOL is a command of the shell.",
	"COMMENT":  "Comments are not kept.",
	"LOCK":     "There are no locks: an INSERT is all or nothing by itself.",
}

// showElsewhere are what others SHOW, with what takes its place.
var showElsewhere = map[string]string{
	"COLUMNS": "DESCRIBE name shows the columns of a stream or table.", "FIELDS": "DESCRIBE name shows the columns of a stream or table.",
	"CREATE":    "DESCRIBE name EXTENDED shows the statement that made a stream or table.",
	"DATABASES": "There is one database, tailrace, with one schema, public.", "SCHEMAS": "There is one database, tailrace, with one schema, public.",
	"CATALOGS": "There is one database, tailrace, with one schema, public.",
	"VIEWS":    "SHOW TABLES lists materialized views too.", "MATERIALIZED": "SHOW TABLES lists materialized views too.",
	"INDEX": "There are no indexes; the key of a table is its index.", "INDEXES": "There are no indexes; the key of a table is its index.",
	"KEYS":        "DESCRIBE name shows which columns are the key.",
	"PROCESSLIST": "SHOW QUERIES lists the queries that run.", "JOBS": "SHOW QUERIES lists the queries that run.", "STATUS": "SHOW QUERIES EXTENDED tells how queries are.",
	"SOURCES": "SHOW STREAMS and SHOW TABLES list them.", "SINKS": "SHOW QUERIES tells where each writes.",
	"STREAM": "Perhaps you meant STREAMS.", "TABLE": "Perhaps you meant TABLES.", "TOPIC": "Perhaps you meant TOPICS.", "QUERY": "Perhaps you meant QUERIES.",
	"FUNCTION": "DESCRIBE FUNCTION name explains a function.", "TYPE": "Perhaps you meant TYPES.", "VARIABLE": "Perhaps you meant VARIABLES.", "PROPERTY": "Perhaps you meant PROPERTIES.",
	"SETTINGS": "SHOW ALL lists the settings of the session, SHOW PROPERTIES all.", "CONFIG": "SHOW PROPERTIES lists all settings.",
	"USERS": "There are no roles and no rights.", "ROLES": "There are no roles and no rights.", "GRANTS": "There are no roles and no rights.",
}

// callSyntax are functions that others call with words between their arguments, or with
// INTERVAL, and how they are written here.
var callSyntax = map[string]string{
	"EXTRACT":   "Write CAST(FORMAT_TIMESTAMP(time, 'yyyy') AS INT) for the year, 'MM' for the month, 'dd', 'HH', 'mm' and 'ss' for the rest.",
	"POSITION":  "Write INSTR(text, part).",
	"TRIM":      "Write TRIM(text), which takes blanks off both ends.",
	"SUBSTRING": "Write SUBSTRING(text, start, length).", "SUBSTR": "Write SUBSTRING(text, start, length).",
	"OVERLAY":  "Write REPLACE(text, old, new).",
	"DATE_ADD": "Write DATEADD(DAYS, 1, date), TIMESTAMPADD(HOURS, 1, time).", "ADDDATE": "Write DATEADD(DAYS, 1, date).",
	"DATE_SUB": "Write DATESUB(DAYS, 1, date), TIMESTAMPSUB(HOURS, 1, time).", "SUBDATE": "Write DATESUB(DAYS, 1, date).",
	"GROUP_CONCAT": "Write ARRAY_JOIN(COLLECT_LIST(x), ',').", "STRING_AGG": "Write ARRAY_JOIN(COLLECT_LIST(x), ',').",
	"ARRAY_AGG": "Write COLLECT_LIST(x), which gathers in the order of arrival.",
	"CONVERT":   "Write CAST(x AS type).",
}
