package syntax

var rows = []Statement{
	{
		Name:  "INSERT INTO ... VALUES",
		Also:  "INSERT, INSERT INTO",
		Short: "add rows to a stream or table",
		Syntax: `INSERT INTO name [(column, ...)] VALUES (expression, ...), ...
  [RETURNING expression [[AS] name], ... | *]`,
		Text: `All rows are added, or none. In a table the row of a key takes the place of the one before. ROWTIME is a column
too: the time of the row, in milliseconds since 1970. \copy adds the rows of a file.`,
		Example: `INSERT INTO orders (id, region, amount)
  VALUES (5, 'north', 1.25), (6, 'west', 8);
INSERT INTO regions VALUES ('north', 'Cy');`,
	},
	{
		Name:  "INSERT INTO ... SELECT",
		Also:  "INSERT INTO SELECT",
		Short: "fill a stream with a further query, which runs from now on",
		Syntax: `INSERT INTO stream [WITH (QUERY_ID = 'name')]
  SELECT ... FROM stream ... [EMIT CHANGES]`,
		Text: `The columns must be those of the stream, in name and type.`,
		Example: `CREATE STREAM all_orders AS SELECT * FROM orders;
INSERT INTO all_orders
  SELECT id, 'none' AS region, paid AS amount FROM payments;`,
	},
	{
		Name:  "UPDATE",
		Short: "change rows of a table",
		Syntax: `UPDATE table [[AS] alias] SET column = expression, ...
  [FROM relation, ...]
  [WHERE condition]
  [RETURNING expression [[AS] name], ... | *]`,
		Text: `It sees what has been acknowledged before it began, and no other UPDATE or DELETE of the table runs beside it.
Its rows become visible together, or not at all. The primary key stays: DELETE the row and INSERT another.
RETURNING is over the new values.`,
		Example: `UPDATE regions SET manager = 'Cyd' WHERE region = 'east';
UPDATE regions r SET manager = manager || ' & co' FROM sales s
  WHERE s.region = r.region AND s.total > 5
  RETURNING r.region, manager;`,
	},
	{
		Name:  "DELETE",
		Short: "delete rows of a table",
		Syntax: `DELETE FROM table [[AS] alias]
  [USING relation, ...]
  [WHERE condition]
  [RETURNING expression [[AS] name], ... | *]`,
		Text: `Streams have no rows to change, and the rows of a table that a query makes are the query's.`,
		Example: `INSERT INTO regions VALUES ('north', 'Eve') RETURNING region;
DELETE FROM regions WHERE region = 'north' RETURNING *;`,
	},
}

var controls = []Statement{
	{
		Name:    "TERMINATE",
		Short:   "end a query for good",
		Syntax:  `TERMINATE {query_id | ALL}`,
		Text:    `What it has filled stays as it is. SHOW QUERIES lists the ids.`,
		Example: `TERMINATE CTAS_SALES_3;`,
	},
	{
		Name:   "PAUSE",
		Short:  "let a query rest, until RESUME",
		Syntax: `PAUSE {query_id | ALL}`,
		Example: `PAUSE CTAS_SALES_3;
RESUME CTAS_SALES_3;`,
	},
	{
		Name:   "RESUME",
		Short:  "let a query go on from where PAUSE has stopped it",
		Syntax: `RESUME {query_id | ALL}`,
		Example: `PAUSE ALL;
RESUME ALL;`,
	},
	{
		Name:    "REBUILD",
		Short:   "make the state of a query anew from its input",
		Syntax:  `REBUILD {query_id | ALL}`,
		Text:    `For a state that is damaged, or wrong. See [operations/rebuild.md](operations/rebuild.md).`,
		Example: `REBUILD CTAS_SALES_3;`,
	},
}

var looks = []Statement{
	{
		Name:    "SHOW STREAMS",
		Also:    "LIST STREAMS",
		Short:   "list the streams",
		Syntax:  `{SHOW | LIST} STREAMS [EXTENDED]`,
		Example: `SHOW STREAMS;`,
	},
	{
		Name:    "SHOW TABLES",
		Also:    "LIST TABLES",
		Short:   "list the tables",
		Syntax:  `{SHOW | LIST} TABLES [EXTENDED]`,
		Example: `SHOW TABLES;`,
	},
	{
		Name:    "SHOW TOPICS",
		Also:    "LIST TOPICS, SHOW ALL TOPICS",
		Short:   "list the topics",
		Syntax:  `{SHOW | LIST} [ALL] TOPICS [EXTENDED]`,
		Text:    `ALL shows internal topics too, EXTENDED how many records they have and who reads them.`,
		Example: `SHOW TOPICS EXTENDED;`,
	},
	{
		Name:    "SHOW QUERIES",
		Also:    "LIST QUERIES",
		Short:   "list the queries that run",
		Syntax:  `{SHOW | LIST} QUERIES [EXTENDED]`,
		Text:    `EXTENDED shows tasks, rows, lag and the last error.`,
		Example: `SHOW QUERIES EXTENDED;`,
	},
	{
		Name:    "SHOW FUNCTIONS",
		Also:    "LIST FUNCTIONS",
		Short:   "list the functions",
		Syntax:  `{SHOW | LIST} FUNCTIONS`,
		Example: `SHOW FUNCTIONS;`,
	},
	{
		Name:    "SHOW TYPES",
		Also:    "LIST TYPES",
		Short:   "list the types that CREATE TYPE has made",
		Syntax:  `{SHOW | LIST} TYPES`,
		Example: `SHOW TYPES;`,
	},
	{
		Name:    "SHOW PROPERTIES",
		Also:    "LIST PROPERTIES",
		Short:   "list the settings of queries, session and server",
		Syntax:  `{SHOW | LIST} PROPERTIES`,
		Example: `SHOW PROPERTIES;`,
	},
	{
		Name:   "SHOW VARIABLES",
		Also:   "LIST VARIABLES",
		Short:  "list the variables that DEFINE has set",
		Syntax: `{SHOW | LIST} VARIABLES`,
		Example: `DEFINE region = 'west';
SHOW VARIABLES;`,
	},
	{
		Name:    "SHOW FAULTS",
		Also:    "LIST FAULTS",
		Short:   "list what is out of service, why, and what to do about it",
		Syntax:  `{SHOW | LIST} FAULTS`,
		Example: `SHOW FAULTS;`,
	},
	{
		Name:   "DESCRIBE",
		Short:  "show the columns of a stream or table",
		Syntax: `DESCRIBE name [EXTENDED]`,
		Text:   `EXTENDED adds its topic, its statement, and the queries that read and write it.`,
		Example: `DESCRIBE orders;
DESCRIBE sales EXTENDED;`,
	},
	{
		Name:    "DESCRIBE FUNCTION",
		Short:   "explain a function: what it takes, returns and does",
		Syntax:  `DESCRIBE FUNCTION name`,
		Example: `DESCRIBE FUNCTION SUBSTRING;`,
	},
	{
		Name:   "EXPLAIN",
		Short:  "show how a query is carried out",
		Syntax: `EXPLAIN [ANALYZE] {query | CREATE ... | INSERT ... | query_id}`,
		Text:   `With ANALYZE the operators of a running query tell how many rows they have seen.`,
		Example: `EXPLAIN SELECT region, total FROM sales WHERE region = 'west';
EXPLAIN CTAS_SALES_3;`,
	},
}

var sessions = []Statement{
	{
		Name:  "SET",
		Short: "change a setting of the session",
		Syntax: `SET 'property' = 'value'
SET [SESSION | LOCAL] setting {= | TO} value`,
		Text: `SHOW PROPERTIES lists the settings. Those of queries count for the queries that are made from then on.`,
		Example: `SET 'auto.offset.reset' = 'latest';
SET statement_timeout = '30s';`,
	},
	{
		Name:  "UNSET",
		Also:  "RESET",
		Short: "give a setting its default again",
		Syntax: `UNSET 'property'
RESET {setting | ALL}`,
		Example: `UNSET 'auto.offset.reset';
RESET statement_timeout;`,
	},
	{
		Name:    "SHOW",
		Short:   "show a setting of the session",
		Syntax:  `SHOW {setting | ALL}`,
		Example: `SHOW read_consistency;`,
	},
	{
		Name:   "DEFINE",
		Short:  "set a variable, which statements use as ${name}",
		Syntax: `DEFINE name = 'value'`,
		Text:   `In the shell also as :name, as \set does. $${name} stands for the text ${name}.`,
		Example: `DEFINE region = 'west';
SELECT total FROM sales WHERE region = '${region}';`,
	},
	{
		Name:   "UNDEFINE",
		Short:  "forget a variable",
		Syntax: `UNDEFINE name`,
		Example: `DEFINE region = 'west';
UNDEFINE region;`,
	},
	{
		Name:  "BEGIN",
		Also:  "START TRANSACTION, COMMIT, ROLLBACK, END, ABORT, SAVEPOINT, RELEASE",
		Short: "open or end a block of statements, as drivers do",
		Syntax: `BEGIN | START TRANSACTION | COMMIT | ROLLBACK
SAVEPOINT name | ROLLBACK TO name | RELEASE name`,
		Text: `Each statement takes effect by itself: a block groups nothing, and a rollback that comes too late says so.`,
		Example: `BEGIN;
SELECT * FROM sales;
COMMIT;`,
	},
	{
		Name:    "DISCARD",
		Short:   "give a session its first state again",
		Syntax:  `DISCARD ALL`,
		Example: `DISCARD ALL;`,
	},
	{
		Name:    "BACKUP",
		Short:   "copy everything that the server has into a folder of its machine",
		Syntax:  `BACKUP TO 'folder'`,
		Text:    `The folder is new or empty. See [operations/backup.md](operations/backup.md).`,
		Example: `BACKUP TO '${backup_folder}';`,
	},
	{
		Name:    "RUN SCRIPT",
		Short:   "run the statements of a file; of the shell only",
		Syntax:  `RUN SCRIPT 'file'`,
		Text:    `The same as \i.`,
		Example: `RUN SCRIPT '${script}';`,
	},
}
