package syntax

var definitions = []Statement{
	{
		Name:  "CREATE STREAM",
		Short: "make a stream of the records of a topic",
		Syntax: `CREATE [OR REPLACE] [SOURCE] STREAM [IF NOT EXISTS] name (
  column type [KEY | HEADERS | HEADER('name')], ...
) WITH (property = value, ...)`,
		Text: `The topic is made when it is not there and PARTITIONS says how many it has. Properties: KAFKA_TOPIC,
VALUE_FORMAT, KEY_FORMAT or both as FORMAT (JSON, DELIMITED, KAFKA, NONE), PARTITIONS, REPLICAS, RETENTION_MS,
CLEANUP_POLICY, TIMESTAMP (the column that tells the time of a row), TIMESTAMP_FORMAT, KEY_DELIMITER,
VALUE_DELIMITER, WRAP_SINGLE_VALUE, WINDOW_TYPE, WINDOW_SIZE. Nobody can insert into a SOURCE stream.

Types: BOOLEAN, INT, BIGINT, DOUBLE, DECIMAL(precision, scale), VARCHAR, BYTES, DATE, TIME, TIMESTAMP,
ARRAY<type>, MAP<VARCHAR, type>, STRUCT<field type, ...>, and those of CREATE TYPE.`,
		Example: `CREATE STREAM clicks (
  user_id VARCHAR KEY,
  page VARCHAR,
  at TIMESTAMP,
  device STRUCT<name VARCHAR, version INT>
) WITH (kafka_topic = 'clicks', value_format = 'JSON', partitions = 1,
  timestamp = 'at');`,
	},
	{
		Name:  "CREATE STREAM ... AS",
		Also:  "CREATE STREAM AS",
		Short: "make a stream that a query fills",
		Syntax: `CREATE [OR REPLACE] STREAM [IF NOT EXISTS] name
  [WITH (property = value, ...)] AS
  SELECT ... FROM stream ... [PARTITION BY expression, ...] [EMIT CHANGES]`,
		Text: `The query runs until it is terminated. It begins with what comes, or with 'auto.offset.reset' = 'earliest' with
what is there. PARTITION BY gives the rows another key.`,
		Example: `CREATE STREAM large AS
  SELECT id, region, amount FROM orders WHERE amount > 3;`,
	},
	{
		Name:  "CREATE TABLE",
		Short: "make a table of the records of a topic: the latest of each key",
		Syntax: `CREATE [OR REPLACE] [SOURCE] TABLE [IF NOT EXISTS] name (
  column type [PRIMARY KEY | HEADERS | HEADER('name')], ...
) [WITH (property = value, ...)]`,
		Text: `Without WITH the table has a compacted topic of its own name, with JSON in it. A SOURCE table can be queried
without a query that makes it, and nobody can insert into it. Properties and types are those of CREATE STREAM.`,
		Example: `CREATE TABLE products (sku VARCHAR PRIMARY KEY, price DECIMAL(10, 2))
  WITH (kafka_topic = 'products', value_format = 'JSON', partitions = 1);
INSERT INTO products VALUES ('bolt', 0.15);`,
	},
	{
		Name:  "CREATE TABLE ... AS",
		Also:  "CREATE TABLE AS",
		Short: "make a table that a query keeps up to date",
		Syntax: `CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name
  [WITH (property = value, ...)] AS
  SELECT ... FROM source ... [WINDOW window] [GROUP BY expression, ...]
  [HAVING condition] [EMIT CHANGES | EMIT FINAL]`,
		Text: `The table answers SELECT at once. OR REPLACE changes the query and keeps what it has counted, where the keys
stay the same and columns are only added.`,
		Example: `CREATE TABLE spent AS
  SELECT region, SUM(amount) AS total, MAX(amount) AS largest
  FROM orders GROUP BY region;
SELECT * FROM spent WHERE region = 'west';`,
	},
	{
		Name:  "CREATE MATERIALIZED VIEW",
		Short: "make a table that a query keeps up to date, by the rules of standard SQL",
		Syntax: `CREATE [OR REPLACE] MATERIALIZED VIEW [IF NOT EXISTS] name
  [WITH (property = value, ...)] AS
  SELECT ...`,
		Text: `As CREATE TABLE ... AS, but comparisons with NULL are NULL, and the query begins with what is there.`,
		Example: `CREATE MATERIALIZED VIEW paid AS
  SELECT id, SUM(paid) AS sum FROM payments GROUP BY id;
SELECT * FROM paid WHERE id = 1;`,
	},
	{
		Name:    "CREATE TYPE",
		Short:   "give a type a name",
		Syntax:  `CREATE TYPE [IF NOT EXISTS] name AS type`,
		Example: `CREATE TYPE address AS STRUCT<street VARCHAR, city VARCHAR>;`,
	},
	{
		Name:   "ALTER STREAM",
		Also:   "ALTER TABLE",
		Short:  "add columns to a stream or table",
		Syntax: `ALTER {STREAM | TABLE} name ADD [COLUMN] column type, ...`,
		Text:   `Records that are there have NULL in the new columns. What a query fills is changed by CREATE OR REPLACE.`,
		Example: `ALTER STREAM payments ADD COLUMN currency VARCHAR;
INSERT INTO payments (id, paid, currency) VALUES (4, 2.5, 'EUR');`,
	},
	{
		Name:   "DROP STREAM",
		Also:   "DROP TABLE, DROP MATERIALIZED VIEW",
		Short:  "forget a stream, table or materialized view, and end the query that fills it",
		Syntax: `DROP {STREAM | TABLE | MATERIALIZED VIEW} [IF EXISTS] name [DELETE TOPIC]`,
		Text:   `The topic stays, unless DELETE TOPIC is said. What another query reads cannot be dropped.`,
		Example: `DROP TABLE sales DELETE TOPIC;
DROP STREAM IF EXISTS nothing;`,
	},
	{
		Name:   "DROP TYPE",
		Short:  "forget a type that CREATE TYPE has made",
		Syntax: `DROP TYPE [IF EXISTS] name`,
		Example: `CREATE TYPE point AS STRUCT<x DOUBLE, y DOUBLE>;
DROP TYPE point;`,
	},
}
