package e2e

import "slices"

// seriesQueries has a query of every kind over ev (events, of which some come late), pay
// (events that belong to them), dim, extra and groups (tables that change), names (one that
// does not) and written (rows of INSERT). Only what is declared with a short grace may lose a
// late row; the outer joins' window is wider than any row is late, since Kafka Streams shows a
// later one alone at once.
var seriesQueries = slices.Concat(seriesSources, seriesStreams, seriesAggregates, seriesWindows, seriesPairs, seriesTables)

var seriesSources = []string{
	`CREATE STREAM ev (k VARCHAR KEY, v BIGINT, ref VARCHAR, g VARCHAR, ts BIGINT)
		WITH (kafka_topic='ev', key_format='KAFKA', value_format='JSON', timestamp='ts', partitions=3)`,
	`CREATE STREAM pay (k VARCHAR KEY, ref VARCHAR, amount BIGINT, ts BIGINT)
		WITH (kafka_topic='pay', key_format='KAFKA', value_format='JSON', timestamp='ts', partitions=3)`,
	`CREATE TABLE dim (k VARCHAR PRIMARY KEY, grp VARCHAR, x BIGINT) WITH (kafka_topic='dim', key_format='KAFKA', value_format='JSON', partitions=3)`,
	`CREATE TABLE groups (g VARCHAR PRIMARY KEY, name VARCHAR) WITH (kafka_topic='groups', key_format='KAFKA', value_format='JSON', partitions=3)`,
	`CREATE TABLE extra (k VARCHAR PRIMARY KEY, y BIGINT) WITH (kafka_topic='extra', key_format='KAFKA', value_format='JSON', partitions=3)`,
	`CREATE TABLE names (g VARCHAR PRIMARY KEY, name VARCHAR) WITH (kafka_topic='names', key_format='KAFKA', value_format='JSON', partitions=3)`,
	`CREATE STREAM written (k VARCHAR KEY, batch BIGINT, i BIGINT) WITH (kafka_topic='written', key_format='KAFKA', value_format='JSON', partitions=3)`,
	`CREATE STREAM both_kinds (k VARCHAR KEY, v BIGINT) WITH (kafka_topic='BOTH_KINDS', key_format='KAFKA', value_format='JSON', partitions=3)`,
}

// seriesStreams filter, compute, split, re-key, look up in a table that changes and in one that
// does not, and write one topic from two queries.
var seriesStreams = []string{
	`CREATE STREAM even AS SELECT k, v FROM ev WHERE v % 2 = 0`,
	`CREATE STREAM dressed AS SELECT ref, v, UCASE(k) + '/' + SUBSTRING(g, 2) AS name,
		CASE WHEN v % 3 = 0 THEN ABS(v - 1000) ELSE CAST(LEN(ref) AS BIGINT) END AS amount FROM ev WHERE LEN(g) > 1 AND NOT v % 7 = 0 PARTITION BY ref`,
	`CREATE STREAM exploded AS SELECT k, v, EXPLODE(ARRAY[v + 1, v + 2]) AS amount FROM ev WHERE v % 4 = 0`,
	`CREATE STREAM named AS SELECT e.g AS g, e.v AS v, n.name AS name FROM ev e JOIN names n ON e.g = n.g`,
	`CREATE STREAM grouped AS SELECT e.v AS v, n.g AS ref, n.name AS name FROM ev e LEFT JOIN groups n ON REPLACE(e.g, 'g', 'grp') = n.g`,
	`INSERT INTO both_kinds SELECT k, v FROM ev WHERE v % 3 = 0`,
	`INSERT INTO both_kinds SELECT k, -amount AS v FROM pay`,
}

// seriesAggregates are over streams, as they are keyed and re-keyed, and over what they make.
var seriesAggregates = []string{
	`CREATE TABLE by_ref AS SELECT ref, COUNT(*) AS n, SUM(v) AS total FROM ev GROUP BY ref`,
	`CREATE TABLE by_key AS SELECT k, COUNT(*) AS n, MIN(v) AS low, MAX(v) AS high, AVG(v) AS mean, EARLIEST_BY_OFFSET(v) AS first,
		LATEST_BY_OFFSET(v) AS last, COUNT_DISTINCT(g) AS kinds, TOPK(v, 3) AS top FROM ev GROUP BY k`,
	`CREATE TABLE some_keys AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev GROUP BY k HAVING SUM(v) % 2 = 0`,
	`CREATE TABLE by_count AS SELECT n % 3 AS m, COUNT(*) AS n, SUM(total) AS total FROM some_keys GROUP BY n % 3`,
	`CREATE TABLE by_batch AS SELECT batch, COUNT(*) AS n, SUM(i) AS total FROM written GROUP BY batch`,
}

var seriesWindows = []string{
	`CREATE TABLE tumbling AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW TUMBLING (SIZE 2 SECONDS, RETENTION 400 DAYS, GRACE PERIOD 3 SECONDS) GROUP BY k`,
	`CREATE TABLE hopping AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW HOPPING (SIZE 4 SECONDS, ADVANCE BY 2 SECONDS, RETENTION 400 DAYS, GRACE PERIOD 30 DAYS) GROUP BY k`,
	`CREATE TABLE sessions AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW SESSION (300 MILLISECONDS, RETENTION 400 DAYS, GRACE PERIOD 30 DAYS) GROUP BY k`,
	`CREATE TABLE brief_sessions AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW SESSION (300 MILLISECONDS, RETENTION 400 DAYS, GRACE PERIOD 1 SECONDS) GROUP BY k`,
	`CREATE TABLE kind_windows AS SELECT g, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW TUMBLING (SIZE 2 SECONDS, RETENTION 400 DAYS, GRACE PERIOD 30 DAYS) GROUP BY g`,
	`CREATE TABLE finals AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW TUMBLING (SIZE 2 SECONDS, RETENTION 400 DAYS, GRACE PERIOD 3 SECONDS) GROUP BY k EMIT FINAL`,
	`CREATE TABLE hopping_finals AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW HOPPING (SIZE 4 SECONDS, ADVANCE BY 2 SECONDS, RETENTION 400 DAYS, GRACE PERIOD 3 SECONDS) GROUP BY k EMIT FINAL`,
	`CREATE TABLE session_finals AS SELECT k, COUNT(*) AS n, SUM(v) AS total FROM ev
		WINDOW SESSION (300 MILLISECONDS, RETENTION 400 DAYS, GRACE PERIOD 1 SECONDS) GROUP BY k EMIT FINAL`,
}

// seriesPairs join streams: re-keyed by the join, and by queries before it. keyed_paid may leave
// out what is late.
var seriesPairs = []string{
	`CREATE STREAM ev_ref AS SELECT ref, v FROM ev PARTITION BY ref`,
	`CREATE STREAM pay_ref AS SELECT ref, amount FROM pay PARTITION BY ref`,
	`CREATE STREAM paid AS SELECT e.ref AS ref, e.v AS v, p.amount AS amount
		FROM ev e JOIN pay p WITHIN 2 SECONDS GRACE PERIOD 30 DAYS ON e.ref = p.ref`,
	`CREATE STREAM maybe_paid AS SELECT e.ref AS ref, e.v AS v, p.amount AS amount
		FROM ev e LEFT JOIN pay p WITHIN 20 MINUTES GRACE PERIOD 1 DAYS ON e.ref = p.ref`,
	`CREATE STREAM right_paid AS SELECT p.ref AS ref, e.v AS v, p.amount AS amount
		FROM ev_ref e RIGHT JOIN pay_ref p WITHIN 20 MINUTES GRACE PERIOD 1 DAYS ON e.ref = p.ref`,
	`CREATE STREAM full_paid AS SELECT ROWKEY AS ref, e.v AS v, p.amount AS amount
		FROM ev e FULL JOIN pay p WITHIN 20 MINUTES GRACE PERIOD 1 DAYS ON e.ref = p.ref`,
	`CREATE STREAM keyed_paid AS SELECT e.ref AS ref, e.v AS v, p.amount AS amount
		FROM ev_ref e JOIN pay_ref p WITHIN (1 SECONDS, 3 SECONDS) GRACE PERIOD 1 SECONDS ON e.ref = p.ref`,
	`CREATE TABLE paid_by_ref AS SELECT ref, COUNT(*) AS n, SUM(amount) AS total FROM paid GROUP BY ref`,
	`CREATE TABLE maybe_by_ref AS SELECT ref, COUNT(*) AS n, SUM(v) AS total FROM maybe_paid GROUP BY ref`,
	`CREATE TABLE right_by_ref AS SELECT ref, COUNT(*) AS n, SUM(amount) AS total FROM right_paid GROUP BY ref`,
	`CREATE TABLE full_by_ref AS SELECT ref, COUNT(*) AS n, SUM(amount) AS total FROM full_paid GROUP BY ref`,
}

// seriesTables are over tables that change: joins of every kind by key and by foreign key, a
// filter, and aggregates, also of what joins make.
var seriesTables = []string{
	`CREATE TABLE dims AS SELECT a.k AS k, a.x AS x, b.y AS y FROM dim a JOIN extra b ON a.k = b.k`,
	`CREATE TABLE dims_left AS SELECT a.k AS k, a.x AS x, b.y AS y FROM dim a LEFT JOIN extra b ON a.k = b.k`,
	`CREATE TABLE dims_right AS SELECT b.k AS k, a.x AS x, b.y AS y FROM dim a RIGHT JOIN extra b ON a.k = b.k`,
	`CREATE TABLE dims_full AS SELECT ROWKEY AS k, a.x AS x, b.y AS y FROM dim a FULL OUTER JOIN extra b ON a.k = b.k`,
	`CREATE TABLE large AS SELECT k, grp, x FROM dim WHERE x >= 500`,
	`CREATE TABLE large_dims AS SELECT a.k AS k, a.x AS x, b.y AS y FROM large a JOIN extra b ON a.k = b.k JOIN dim c ON a.k = c.k`,
	`CREATE TABLE dim_groups AS SELECT a.k AS k, a.x AS x, b.name AS name FROM dim a LEFT JOIN groups b ON a.grp = b.g`,
	`CREATE TABLE dim_named AS SELECT a.k AS k, a.x AS x, b.name AS name FROM dim a JOIN groups b ON a.grp = b.g`,
	`CREATE TABLE per_group AS SELECT grp, COUNT(*) AS n, SUM(x) AS total FROM dim GROUP BY grp`,
	`CREATE TABLE per_name AS SELECT name, COUNT(*) AS n, SUM(x) AS total FROM dim_named GROUP BY name`,
}
