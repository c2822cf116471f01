package session_test

import (
	"testing"

	"tailrace/server/session"
)

// TestAggregatesOfTheStandard: ad-hoc queries and materialized views aggregate as
// PostgreSQL does, and alike; ksqlDB's statements as ksqlDB does, unless SET dialect says
// otherwise.
func TestAggregatesOfTheStandard(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	for _, tc := range []struct{ name, sql, want string }{
		{"input", `CREATE STREAM m (k VARCHAR, i INT, b BIGINT, d DECIMAL(4,2)) WITH (kafka_topic='m', value_format='JSON', partitions=2);
			CREATE MATERIALIZED VIEW mv AS SELECT k, SUM(i) AS si, SUM(b) AS sb, SUM(d) AS sd, AVG(i) AS ai, STDDEV_SAMP(i) AS dev, VAR_POP(i) AS vp FROM m GROUP BY k;
			CREATE TABLE kt AS SELECT k, SUM(i) AS si, STDDEV_SAMP(i) AS dev, AVG(i) AS ai FROM m GROUP BY k;
			INSERT INTO m VALUES ('a', 2147483647, 9223372036854775807, 99.99), ('a', 1, 9223372036854775807, 99.99), ('n', NULL, NULL, NULL)`, "INSERT 0 3"},
		{"sums do not wrap", "SELECT SUM(i), SUM(b), SUM(d) FROM m", "2147483648,18446744073709551614,199.98"},
		{"in a view neither", "SELECT si, sb, sd FROM mv WHERE k = 'a'", "2147483648,18446744073709551614,199.98"},
		{"no rows", "SELECT SUM(i), AVG(i), STDDEV_SAMP(i), VARIANCE(i), COUNT(i) FROM m WHERE i = 7", "<nil>,<nil>,<nil>,<nil>,0"},
		{"no values, in a view", "SELECT si, sb, sd, ai, dev, vp FROM mv WHERE k = 'n'", "<nil>,<nil>,<nil>,<nil>,<nil>,<nil>"},
		{"averages are exact", "SELECT AVG(i), AVG(d) FROM m", "1073741824.00000000,99.9900000000000000"},
		{"deviation, not variance", "SELECT STDDEV_SAMP(i) = STDDEV(i), CAST(STDDEV_SAMP(i) AS BIGINT), CAST(STDDEV_POP(i) AS BIGINT), CAST(VAR_POP(i) AS BIGINT) FROM m", "true,1518500249,1073741823,1152921502459363329"},
		{"and in a view", "SELECT ai, CAST(dev AS BIGINT) FROM mv WHERE k = 'a'", "1073741824.0000000000000000,1518500249"},
		{"ksqlDB's own", "SELECT si, dev, ai FROM kt ORDER BY k", "-2147483648,2.3058430049187267e+18,1.073741824e+09\n0,0,0"},
		{"SET dialect decides for ksqlDB's statements", `SET dialect = standard; CREATE TABLE st AS SELECT k, SUM(i) AS si FROM m GROUP BY k;
			SET dialect = auto; INSERT INTO m VALUES ('a', 2147483647, 1, 1), ('a', 1, 1, 1); SELECT si FROM st`, "2147483648"},
	} {
		if got, _ := run(t, s, tc.sql); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
}

// TestGroupsEnd: over a table that changes a materialized view loses the group whose last
// row has gone, and knows the next greatest value; ksqlDB's table keeps the group, at 0.
func TestGroupsEnd(t *testing.T) {
	sys := newSystem(t)
	s := session.New(sys.deps, nil)
	for _, tc := range []struct{ name, sql, want string }{
		{"input", `CREATE TABLE p (id INT PRIMARY KEY, team VARCHAR, score INT) WITH (kafka_topic='p', value_format='JSON', partitions=2);
			CREATE MATERIALIZED VIEW v AS SELECT team, COUNT(*) AS n, MAX(score) AS best, MIN(score) AS worst, SUM(score) AS total FROM p GROUP BY team;
			CREATE MATERIALIZED VIEW h AS SELECT team, COUNT(*) AS n FROM p GROUP BY team HAVING COUNT(*) > 1;
			CREATE TABLE k AS SELECT team, COUNT(*) AS n FROM p GROUP BY team;
			INSERT INTO p VALUES (1,'red',10), (2,'red',30), (3,'blue',7)`, "INSERT 0 3"},
		{"all", "SELECT * FROM v ORDER BY team", "blue,1,7,7,7\nred,2,30,10,40"},
		{"a row moves", "INSERT INTO p VALUES (2,'blue',20); SELECT * FROM v ORDER BY team", "blue,2,20,7,27\nred,1,10,10,10"},
		{"HAVING follows", "SELECT * FROM h", "blue,2"},
		{"the last row of a group moves", "INSERT INTO p VALUES (1,'blue',1); SELECT * FROM v ORDER BY team", "blue,3,20,1,28"},
		{"by key too", "SELECT * FROM v WHERE team = 'red'", "SELECT 0"},
		{"ksqlDB's group stays", "SELECT * FROM k ORDER BY team", "blue,3\nred,0"},
		{"the group comes back", "INSERT INTO p VALUES (4,'red',5); SELECT * FROM v WHERE team = 'red'", "red,1,5,5,5"},
		{"ksqlDB refuses what it cannot undo", "CREATE TABLE m AS SELECT team, MAX(score) AS best FROM p GROUP BY team", "ERROR 0A000"},
	} {
		if got, _ := run(t, s, tc.sql); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
	before, _ := run(t, s, "SELECT * FROM v ORDER BY team")
	sys.close()
	sys.open()
	s = session.New(sys.deps, nil)
	if got, _ := run(t, s, "SET read_consistency = strict; SELECT * FROM v ORDER BY team"); got != before {
		t.Errorf("after a restart\n got %s\nwant %s", got, before)
	}
	if got, _ := run(t, s, "INSERT INTO p VALUES (4,'blue',5); SELECT COUNT(*) FROM v"); got != "1" {
		t.Errorf("%s groups after a restart and the end of one", got)
	}
}

// TestDecimalsOfStatements: an ad-hoc query gives a quotient the digits that PostgreSQL gives it,
// a column of a continuous query those that its type has room for; what is exact is one value.
func TestDecimalsOfStatements(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, `CREATE STREAM dq (a DECIMAL(33,7), b BIGINT, c DECIMAL(20,15)) WITH (kafka_topic='dq', value_format='JSON', partitions=1);
		CREATE STREAM dqv AS SELECT a / b AS q, b / a AS r, a * c AS p, a / 3 AS t, a % b AS m FROM dq;
		INSERT INTO dq VALUES (823030560387.7500000, 1395226058, 0.123456789012345)`)
	const exact = "101608710244.5025222027367737500000"
	adhoc, _ := run(t, s, "SELECT a / b AS q, b / a AS r, a * c AS p, a / 3 AS t, a % b AS m FROM dq")
	if want := "589.8904737828154870,0.00169522995275251333," + exact + ",274343520129.25000000,1242412225.7500000"; adhoc != want {
		t.Errorf("ad hoc\n got %s\nwant %s", adhoc, want)
	}
	view, _ := run(t, s, "SELECT * FROM dqv")
	if want := "589.890473782815,0.001695229953," + exact + ",274343520129.250000000000,1242412225.7500000"; view != want {
		t.Errorf("view\n got %s\nwant %s", view, want)
	}
}
