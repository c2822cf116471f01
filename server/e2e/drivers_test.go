package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestDrivers: drivers that share no code with ours make a stream, insert with parameters and
// read with one. A driver that is not there skips with one line; make clients fetches those of
// Node, Rust and Java.
func TestDrivers(t *testing.T) {
	s := newServer(t)
	s.start()
	host, port, err := net.SplitHostPort(s.pg)
	if err != nil {
		t.Fatal(err)
	}
	clients := os.Getenv("TAILRACE_CLIENTS")
	for name, command := range map[string][]string{
		"psycopg":  {"/usr/bin/python3", "-c", pythonDriver, "import psycopg as driver", host, port, "python3"},
		"psycopg2": {"/usr/bin/python3", "-c", pythonDriver, "import psycopg2 as driver", host, port, "python2"},
		"asyncpg":  {"/usr/bin/python3", "-c", asyncDriver, host, port},
		"node":     {"node", "-e", nodeDriver, host, port},
		"rust":     {filepath.Join(clients, "rust", "debug", "postgres"), host, port},
	} {
		t.Run(name, func(t *testing.T) {
			switch name {
			case "psycopg", "psycopg2", "asyncpg":
				if exec.Command("/usr/bin/python3", "-c", "import "+name).Run() != nil {
					t.Skipf("no Python module %s", name)
				}
			case "node":
				if exec.Command("node", "-e", "require.resolve('pg')").Run() != nil {
					t.Skip("node does not find pg: make clients fetches it")
				}
			case "rust":
				if _, err := os.Stat(command[0]); clients == "" || err != nil {
					t.Skip("no Rust client: make clients builds it")
				}
			}
			out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
			want := ""
			for i := 5; i < 10; i++ {
				x := fmt.Sprint(float64(i) / 2)
				want += fmt.Sprintf("k%d %d %s %t\n", i, i, x, i%2 == 0)
			}
			if err != nil || string(out) != want {
				t.Errorf("%v\n%s\nwant\n%s", err, out, want)
			}
		})
	}
}

const pythonDriver = `
import sys
exec(sys.argv[1])
c = driver.connect(f"host={sys.argv[2]} port={sys.argv[3]} user=u dbname=d")
c.autocommit = True
cur = c.cursor()
name = sys.argv[4]
cur.execute(f"CREATE STREAM {name} (k VARCHAR KEY, n BIGINT, x DOUBLE, b BOOLEAN) WITH (kafka_topic='{name}', value_format='JSON', partitions=1)")
for i in range(10):
    cur.execute(f"INSERT INTO {name} (k, n, x, b) VALUES (%s, %s, %s, %s)", (f"k{i}", i, i / 2, i % 2 == 0))
cur.execute(f"SELECT k, n, x, b FROM {name} WHERE n >= %s ORDER BY n", (5,))
for k, n, x, b in cur.fetchall():
    print(k, n, f"{x:g}", str(b).lower())
`

// asyncpg prepares everything, and talks in binary.
const asyncDriver = `
import asyncio, asyncpg, sys
async def main():
    c = await asyncpg.connect(host=sys.argv[1], port=int(sys.argv[2]), user="u", database="d")
    await c.execute("CREATE STREAM async (k VARCHAR KEY, n BIGINT, x DOUBLE, b BOOLEAN) WITH (kafka_topic='async', value_format='JSON', partitions=1)")
    await c.executemany("INSERT INTO async (k, n, x, b) VALUES ($1, $2, $3, $4)", [(f"k{i}", i, i / 2, i % 2 == 0) for i in range(10)])
    await c.execute("SET 'auto.offset.reset' = 'earliest'")
    rows = await c.fetch("SELECT k, n, x, b FROM async WHERE n >= $1 AND n = ANY($2) EMIT CHANGES LIMIT $3", 5, list(range(10)), 5)
    for r in rows:
        print(r["k"], r["n"], f"{r['x']:g}", str(r["b"]).lower())
    await c.close()
asyncio.run(main())
`

const nodeDriver = `
const { Client } = require('pg')
async function main () {
  const c = new Client({ host: process.argv[1], port: Number(process.argv[2]), user: 'u', database: 'd' })
  await c.connect()
  await c.query("CREATE STREAM node (k VARCHAR KEY, n BIGINT, x DOUBLE, b BOOLEAN) WITH (kafka_topic='node', value_format='JSON', partitions=1)")
  for (let i = 0; i < 10; i++) {
    await c.query('INSERT INTO node (k, n, x, b) VALUES ($1, $2, $3, $4)', ['k' + i, i, i / 2, i % 2 === 0])
  }
  const res = await c.query('SELECT k, n, x, b FROM node WHERE n >= $1 ORDER BY n', [5])
  for (const r of res.rows) console.log(r.K ?? r.k, r.N ?? r.n, r.X ?? r.x, r.B ?? r.b)
  await c.end()
}
main().catch(e => { console.error(e); process.exit(1) })
`
