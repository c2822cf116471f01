package session_test

import (
	"context"
	"strings"
	"testing"

	"tailrace/server/session"
	"tailrace/sql/sqlerr"
	"tailrace/sql/types"
)

// TestQueriesThatEnd: what SELECT can say beyond one source, with PostgreSQL 15's answers.
func TestQueriesThatEnd(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, `CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR, c DOUBLE);
		INSERT INTO t VALUES (1, 1, 'x', 1.5), (2, 1, 'y', 2.5), (3, 2, 'x', NULL), (4, NULL, 'z', 4.0), (5, 3, NULL, -1.0);
		CREATE TABLE u (id INT PRIMARY KEY, a INT, d VARCHAR);
		INSERT INTO u VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 2, 'deux'), (4, NULL, 'nil'), (7, 7, 'seven')`)
	for _, tc := range []struct{ name, sql, want string }{
		{"inner join", "SELECT t.id, u.d FROM t JOIN u ON t.a = u.a ORDER BY 1, 2", "1,one\n2,one\n3,deux\n3,two"},
		{"left join", "SELECT t.id, u.d FROM t LEFT JOIN u ON t.a = u.a AND u.id > 2 ORDER BY 1, 2", "1,<nil>\n2,<nil>\n3,deux\n4,<nil>\n5,<nil>"},
		{"right join", "SELECT t.id, u.d FROM t RIGHT JOIN u ON t.a = u.a ORDER BY 1, 2", "1,one\n2,one\n3,deux\n3,two\n<nil>,nil\n<nil>,seven"},
		{"full join", "SELECT t.id, u.id FROM t FULL JOIN u ON t.a = u.a ORDER BY 1, 2", "1,1\n2,1\n3,2\n3,3\n4,<nil>\n5,<nil>\n<nil>,4\n<nil>,7"},
		{"USING is one column", "SELECT * FROM t FULL JOIN u USING (a) ORDER BY a, t.id, u.id", "1,1,x,1.5,1,one\n1,2,y,2.5,1,one\n2,3,x,<nil>,2,two\n2,3,x,<nil>,3,deux\n3,5,<nil>,-1,<nil>,<nil>\n7,<nil>,<nil>,<nil>,7,seven\n<nil>,4,z,4,<nil>,<nil>\n<nil>,<nil>,<nil>,<nil>,4,nil"},
		{"any condition", "SELECT t.id, u.id FROM t JOIN u ON t.a < u.a ORDER BY 1, 2", "1,2\n1,3\n1,7\n2,2\n2,3\n2,7\n3,7\n5,7"},
		{"a table with itself", "SELECT x.id, y.id FROM t x JOIN t y ON x.a = y.a AND x.id < y.id", "1,2"},
		{"IN a query", "SELECT id FROM t WHERE a IN (SELECT a FROM u) ORDER BY 1", "1\n2\n3"},
		{"NOT IN knows NULL", "SELECT id FROM t WHERE a NOT IN (SELECT a FROM u)", "SELECT 0"},
		{"NOT IN without NULL", "SELECT id FROM t WHERE a NOT IN (SELECT a FROM u WHERE a IS NOT NULL)", "5"},
		{"EXISTS, correlated", "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) ORDER BY 1", "1\n2\n3"},
		{"a value of a query", "SELECT id, (SELECT MAX(d) FROM u WHERE u.a = t.a) AS m FROM t ORDER BY 1", "1,one\n2,one\n3,two\n4,<nil>\n5,<nil>"},
		{"COUNT of no rows is 0", "SELECT id, (SELECT COUNT(*) FROM u WHERE u.a = t.a) AS n FROM t ORDER BY 1", "1,1\n2,1\n3,2\n4,0\n5,0"},
		{"correlated by more than equality", "SELECT id, (SELECT COUNT(*) FROM u WHERE u.a > t.a) AS n FROM t ORDER BY 1", "1,3\n2,3\n3,1\n4,0\n5,1"},
		{"two rows for a value", "SELECT (SELECT d FROM u)", "ERROR 21000"},
		{"UNION", "SELECT a FROM t UNION SELECT a FROM u ORDER BY 1", "1\n2\n3\n7\n<nil>"},
		{"INTERSECT ALL", "SELECT a FROM t INTERSECT ALL SELECT a FROM u ORDER BY 1", "1\n2\n<nil>"},
		{"EXCEPT ALL", "SELECT a FROM t EXCEPT ALL SELECT a FROM u ORDER BY 1", "1\n3"},
		{"WITH, read twice", "WITH r AS (SELECT a, COUNT(*) AS n FROM t GROUP BY a) SELECT x.a, y.a FROM r x JOIN r y ON x.n = y.n AND x.a < y.a ORDER BY 1, 2", "2,3"},
		{"WITH RECURSIVE", "WITH RECURSIVE f (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM f WHERE n < 10) SELECT SUM(n), COUNT(*) FROM f", "55,10"},
		{"UNION ends a recursion", "WITH RECURSIVE f (n) AS (SELECT 1 UNION SELECT (n * 2) % 7 FROM f) SELECT n FROM f ORDER BY 1", "1\n2\n4"},
		{"aggregates with FILTER and DISTINCT", "SELECT a, COUNT(*) FILTER (WHERE c > 1), COUNT(DISTINCT b) FROM t GROUP BY a ORDER BY a", "1,2,2\n2,0,1\n3,0,0\n<nil>,1,1"},
		{"HAVING with a query", "SELECT a FROM t GROUP BY a HAVING COUNT(*) > (SELECT COUNT(*) FROM u WHERE u.a = t.a) ORDER BY a", "1\n3\n<nil>"},
		{"the key decides the other columns", "SELECT id, b FROM t GROUP BY id ORDER BY id", "1,x\n2,y\n3,x\n4,z\n5,<nil>"},
		{"a column that is no group", "SELECT id FROM t GROUP BY a", "ERROR 42803"},
		{"an aggregate in WHERE", "SELECT id FROM t WHERE COUNT(*) > 1", "ERROR 42803"},
		{"an aggregate of an aggregate", "SELECT SUM(COUNT(*)) FROM t", "ERROR 42803"},
		{"division by zero", "SELECT a / 0 FROM t", "ERROR 22012"},
		{"VALUES in FROM", "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v", "1,a\n2,b"},
		{"NULLS FIRST", "SELECT id FROM t ORDER BY a NULLS FIRST, id", "4\n1\n2\n3\n5"},
		{"rows of an inner LIMIT", "SELECT id FROM (SELECT * FROM t ORDER BY id DESC LIMIT 3) x ORDER BY id", "3\n4\n5"},
		{"rank", "select id, a, rank() over (order by a), dense_rank() over (order by a), row_number() over (partition by a order by id) from t order by id", "1,1,1,1,1\n2,1,1,1,2\n3,2,3,2,1\n4,<nil>,5,4,1\n5,3,4,3,1"},
		{"a frame of rows", "select id, sum(id) over (partition by a order by id rows between 1 preceding and 1 following) from t order by id", "1,3\n2,3\n3,3\n4,4\n5,5"},
		{"a frame of values", "select id, sum(c) over (order by id range between 1 preceding and current row) from t order by id", "1,1.5\n2,4\n3,2.5\n4,4\n5,3"},
		{"a frame of groups", "select id, count(*) over (order by a groups between 1 preceding and current row) from t order by id", "1,2\n2,2\n3,3\n4,2\n5,2"},
		{"without a frame it goes to the last peer", "select id, sum(id) over (order by a) from t order by id", "1,3\n2,3\n3,6\n4,15\n5,11"},
		{"lag and lead", "select id, lag(id) over (order by id), lead(id, 2, 0) over (order by id) from t order by id", "1,<nil>,3\n2,1,4\n3,2,5\n4,3,0\n5,4,0"},
		{"first, last and nth", "select id, first_value(b) over w, last_value(b) over w, nth_value(id, 2) over w from t window w as (partition by a order by id) order by id", "1,x,x,<nil>\n2,x,y,2\n3,x,x,<nil>\n4,z,z,<nil>\n5,<nil>,<nil>,<nil>"},
		{"ntile and shares", "select id, ntile(2) over (order by id), percent_rank() over (order by id), cume_dist() over (order by a) from t order by id", "1,1,0,0.4\n2,1,0.25,0.4\n3,1,0.5,0.6\n4,2,0.75,1\n5,2,1,0.8"},
		{"EXCLUDE", "select id, sum(id) over (order by a range unbounded preceding exclude ties) from t order by id", "1,1\n2,2\n3,6\n4,15\n5,11"},
		{"FILTER in a window", "select id, count(*) filter (where c > 1) over (order by id) from t order by id", "1,1\n2,2\n3,2\n4,3\n5,3"},
		{"a window over aggregates", "select a, sum(count(*)) over (order by a) from t group by a order by a", "1,2\n2,3\n3,4\n<nil>,5"},
		{"DISTINCT ON", "select distinct on (a) a, id from t order by a, id desc", "1,2\n2,3\n3,5\n<nil>,4"},
		{"ROLLUP", "select a, b, count(*) from t group by rollup (a, b) order by a, b, 3", "1,x,1\n1,y,1\n1,<nil>,2\n2,x,1\n2,<nil>,1\n3,<nil>,1\n3,<nil>,1\n<nil>,z,1\n<nil>,<nil>,1\n<nil>,<nil>,5"},
		{"CUBE and GROUPING", "select a, b, count(*), grouping(a, b) from t group by cube (a, b) order by 1, 2, 4, 3", "1,x,1,0\n1,y,1,0\n1,<nil>,2,1\n2,x,1,0\n2,<nil>,1,1\n3,<nil>,1,0\n3,<nil>,1,1\n<nil>,x,2,2\n<nil>,y,1,2\n<nil>,z,1,0\n<nil>,z,1,2\n<nil>,<nil>,1,1\n<nil>,<nil>,1,2\n<nil>,<nil>,5,3"},
		{"GROUPING SETS", "select a, count(*) from t group by grouping sets (a, ()) having count(*) > 1 order by 1", "1,2\n<nil>,5"},
		{"a function in FROM", "select g.n, t.id from generate_series(1, 2) as g(n) join t on t.id = g.n order by 1", "1,1\n2,2"},
		{"WITH ORDINALITY", "select * from unnest(array[10,20]) with ordinality as u(v, i)", "10,1\n20,2"},
		{"LATERAL", "select t.id, x.d from t left join lateral (select d from u where u.a = t.a order by d limit 1) x on true order by 1", "1,one\n2,one\n3,deux\n4,<nil>\n5,<nil>"},
		{"a function of a row to its left", "select t.id, g from t, generate_series(1, t.id) g where t.id < 3 order by 1, 2", "1,1\n2,1\n2,2"},
		{"rows of values", "select id from t where (a, id) in (select a, id from u) or (a, id) < (1, 2) order by 1", "1\n3"},
		{"ALL of a query", "select u.d from u where u.a > all (select a from t where a is not null)", "seven"},
		{"ANY knows NULL", "select 5 > any (select a from t where id > 3), 1 > any (select a from t)", "true,<nil>"},
		{"ARRAY of a query", "select id, cardinality(array(select d from u where u.a = t.a)) from t order by id", "1,1\n2,1\n3,2\n4,0\n5,0"},
		{"ORDER BY behind VALUES", "values (1, 'a'), (2, 'b') order by 1 desc limit 1", "2,b"},
		{"WITH TIES", "select id from t order by a fetch first 1 row with ties", "1\n2"},
		{"functions in the select list", "select unnest(array[1,2,3]), unnest(array['x','y'])", "1,x\n2,y\n3,<nil>"},
		{"NATURAL JOIN", "select * from t natural join (select 1 as id, 'q' as z) q", "1,1,x,1.5,q"},
		{"a window function in WHERE", "select id from t where row_number() over () = 1", "ERROR 42P20"},
		{"no window", "select row_number() from t", "ERROR 42809"},
		{"no window function", "select upper(b) over () from t", "ERROR 42809"},
	} {
		if got, _ := run(t, s, tc.sql); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
}

// TestPlansAreKept: a plan that is used again for the same text, or for one that differs in
// values, answers as a new one would.
func TestPlansAreKept(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	for _, tc := range []struct{ name, sql, want string }{
		{"input", `CREATE TABLE k (id INT PRIMARY KEY, s VARCHAR, d DOUBLE); INSERT INTO k VALUES (1, 'a', 1.5), (2, 'b', 2), (3, '3', 3)`, "INSERT 0 3"},
		{"a value", "SELECT s FROM k WHERE id = 1", "a"},
		{"another", "SELECT s FROM k WHERE id = 2", "b"},
		{"one beyond its type", "SELECT s FROM k WHERE id = 3000000000", "SELECT 0"},
		{"text", "SELECT id FROM k WHERE s = 'a'", "1"},
		{"other text", "SELECT id FROM k WHERE s = 'it''s'", "SELECT 0"},
		{"text that reads as a number", "SELECT s FROM k WHERE id = '2'", "b"},
		{"a whole number beside a double", "SELECT id FROM k WHERE d > 1 AND d = 2", "2"},
		{"a number is no text", "SELECT id FROM k WHERE s = 3", "ERROR 42804"},
		{"nor later", "SELECT id FROM k WHERE s = 4", "ERROR 42804"},
		{"a name that does not exist", "SELECT id FROM k WHERE no = 4", "ERROR 42703"},
		{"groups of an expression with a value", "SELECT (id = 1), COUNT(*) FROM k GROUP BY (id = 1) ORDER BY 1", "false,2\ntrue,1"},
		{"new rows", "INSERT INTO k VALUES (1, 'z', 0); SELECT s FROM k WHERE id = 1", "z"},
		{"another dialect", "SET dialect = 'ksql'; SELECT s FROM k WHERE id = 1 AND s = 'z'; SET dialect = 'auto'", "z"},
		{"another table of the name", `DROP TABLE k DELETE TOPIC; CREATE TABLE k (id INT PRIMARY KEY, s INT); INSERT INTO k VALUES (1, 5); SELECT s FROM k WHERE id = 1`, "5"},
		{"whose column is a number now", "SELECT id FROM k WHERE s = 5", "1"},
	} {
		if got, _ := run(t, s, tc.sql); got != tc.want {
			t.Errorf("%s: %s\n got %s\nwant %s", tc.name, tc.sql, got, tc.want)
		}
	}
}

// TestPreparedQueriesFollowTheCatalog: a prepared query whose table is made again reads the new
// one, and is refused where its columns are others.
func TestPreparedQueriesFollowTheCatalog(t *testing.T) {
	s := session.New(newSystem(t).deps, nil)
	run(t, s, "CREATE TABLE k (id INT PRIMARY KEY, s VARCHAR); INSERT INTO k VALUES (1, 'a')")
	byKey, err := s.Prepare(context.Background(), "SELECT * FROM k WHERE id = $1", nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Prepare(context.Background(), "SELECT COUNT(*) FROM k", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ sql, byKey, all string }{
		{"", "1,a", "1"},
		{"DROP TABLE k DELETE TOPIC; CREATE TABLE k (id INT PRIMARY KEY, s VARCHAR); INSERT INTO k VALUES (1, 'b'), (2, 'c')", "1,b", "2"},
		{"DROP TABLE k DELETE TOPIC; CREATE TABLE k (id INT PRIMARY KEY, s INT); INSERT INTO k VALUES (1, 7)", "ERROR 0A000", "1"},
		{"DROP TABLE k DELETE TOPIC", "ERROR 42P01", "ERROR 42P01"},
	} {
		if tc.sql != "" {
			run(t, s, tc.sql)
		}
		for _, p := range []struct {
			*session.Prepared
			args []types.Value
			want string
		}{{byKey, []types.Value{int32(1)}, tc.byKey}, {all, nil, tc.all}} {
			out := &text{}
			got := ""
			if _, err := p.Run(context.Background(), p.args, out); err != nil {
				got = "ERROR " + string(sqlerr.CodeOf(err))
			} else {
				got = strings.Join(out.rows, "\n")
			}
			if got != p.want {
				t.Errorf("after %q: %s\n got %s\nwant %s", tc.sql, p.Text, got, p.want)
			}
		}
	}
}
