package syntax

var queries = []Statement{
	{
		Name:  "SELECT",
		Short: "answer a question once, from what is there now",
		Syntax: `[WITH [RECURSIVE] name [(column, ...)] AS (query), ...]
SELECT [DISTINCT [ON (expression, ...)]] expression [[AS] name], ... | *
  [FROM relation, ...]
  [WHERE condition]
  [GROUP BY {expression | ROLLUP (...) | CUBE (...) |
             GROUPING SETS (...)}, ...]
  [HAVING condition]
  [WINDOW name AS (window), ...]
  [ORDER BY expression [ASC | DESC] [NULLS {FIRST | LAST}], ...]
  [LIMIT n | FETCH FIRST n ROWS {ONLY | WITH TIES}] [OFFSET n]

relation: source [[AS] alias [(column, ...)]]
  | [LATERAL] (query) [AS] alias [(column, ...)]
  | function(...) [WITH ORDINALITY] [[AS] alias [(column, ...)]]
  | relation [NATURAL] [INNER | LEFT | RIGHT | FULL | CROSS] JOIN relation
      [ON condition | USING (column, ...)]

aggregate([DISTINCT] ... [ORDER BY ...]) [FILTER (WHERE condition)]
  [OVER {name | (window)}]
window: [PARTITION BY expression, ...] [ORDER BY ...]
  [{ROWS | RANGE | GROUPS} BETWEEN ... AND ... [EXCLUDE ...]]

query {UNION | INTERSECT | EXCEPT} [ALL] query
VALUES (expression, ...), ...`,
		Text: `A table is read as of now, a stream from its beginning to its end. A read waits until the tables have taken
in what the session has written (setting read_consistency). The answers are PostgreSQL's; with dialect = 'ksql'
they are those of ksqlDB's pull queries, which know one source and no more. What a query gathers to join, sort
or group counts against the server's memory: one that wants too much fails with 53200.`,
		Example: `SELECT region, total FROM sales WHERE total > 5;
SELECT region, AVG(amount) AS average
  FROM orders GROUP BY region
  ORDER BY average DESC LIMIT 1;
SELECT o.id, r.manager, p.paid
  FROM orders o LEFT JOIN payments p ON p.id = o.id
  JOIN regions r USING (region)
  ORDER BY o.id;
SELECT id, (SELECT COUNT(*) FROM payments p WHERE p.id = o.id) AS n
  FROM orders o
  WHERE region IN (SELECT region FROM sales WHERE total > 5)
  ORDER BY id;
WITH RECURSIVE n (i) AS (
    SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3)
  SELECT i FROM n EXCEPT SELECT id FROM payments;
SELECT id, SUM(amount) OVER (PARTITION BY region ORDER BY id) AS running
  FROM orders ORDER BY id;
SELECT DISTINCT ON (region) region, id, amount
  FROM orders ORDER BY region, amount DESC;
SELECT region, COUNT(*) FROM orders GROUP BY ROLLUP (region) ORDER BY 1;
SELECT 1 + 1 AS two, UCASE('tailrace') AS name;`,
	},
	{
		Name:  "SELECT ... EMIT CHANGES",
		Also:  "EMIT CHANGES",
		Short: "show rows as they come, until it is stopped",
		Syntax: `SELECT expression [[AS] name], ... | *
  FROM source [[AS] alias]
  [[INNER | LEFT | RIGHT | FULL] JOIN source [[AS] alias]
    [WITHIN duration [GRACE PERIOD duration]] ON a = b] ...
  [WINDOW window]
  [WHERE condition]
  [PARTITION BY expression, ...]
  [GROUP BY expression, ...]
  [HAVING condition]
  EMIT CHANGES
  [LIMIT n]`,
		Text: `A push query. It begins with what comes, or with 'auto.offset.reset' = 'earliest' with what is there. Ctrl-C
stops it, and so does LIMIT. Joins of two streams need WITHIN. "\h WINDOW" explains windows.`,
		Example: `SELECT o.id, o.amount, r.manager
  FROM orders o JOIN regions r ON o.region = r.region
  EMIT CHANGES LIMIT 2;`,
	},
	{
		Name:  "SELECT ... EMIT FINAL",
		Also:  "EMIT FINAL",
		Short: "show each window once, when it is over",
		Syntax: `SELECT expression [[AS] name], ...
  FROM source
  WINDOW window
  [WHERE condition]
  GROUP BY expression, ...
  [HAVING condition]
  EMIT FINAL
  [LIMIT n]`,
		Text: `A window is over when a row comes that is later than its end and its grace period.`,
		Example: `INSERT INTO orders (rowtime, id, region, amount)
  VALUES (4000000000000, 4, 'west', 1);
SELECT region, COUNT(*) AS n
  FROM orders WINDOW TUMBLING (SIZE 1 MINUTE, GRACE PERIOD 0 SECONDS)
  GROUP BY region
  EMIT FINAL LIMIT 2;`,
	},
	{
		Name:  "WINDOW",
		Short: "group rows by time, in a query with GROUP BY",
		Syntax: `WINDOW TUMBLING (SIZE duration [, limits])
WINDOW HOPPING (SIZE duration, ADVANCE BY duration [, limits])
WINDOW SESSION (duration [, limits])

limits:   [RETENTION duration] [, GRACE PERIOD duration]
duration: n {MILLISECONDS | SECONDS | MINUTES | HOURS | DAYS}`,
		Text: `Tumbling windows follow each other, hopping windows overlap, a session ends when for a duration no row comes.
Rows that are later than the end of their window and its grace period do not count. The result has the
columns WINDOWSTART and WINDOWEND, in milliseconds since 1970.`,
		Example: `CREATE TABLE per_hour AS
  SELECT region, COUNT(*) AS n
  FROM orders WINDOW TUMBLING (SIZE 1 HOUR)
  GROUP BY region;
SELECT region, WINDOWEND - WINDOWSTART AS width, n
  FROM per_hour WHERE region = 'west';`,
	},
	{
		Name:   "PRINT",
		Short:  "show the records of a topic as they are",
		Syntax: `PRINT topic [FROM BEGINNING] [{INTERVAL | SAMPLE} n] [LIMIT n]`,
		Text: `The formats of keys and values are found out and told before the first record. The name of a topic is in
quotes when it has other characters than letters, digits and _. INTERVAL n shows every nth record.`,
		Example: `PRINT orders FROM BEGINNING LIMIT 2;`,
	},
}
