// A server of its own for the browser tests, and the data that they look at.
import { spawn } from "node:child_process";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;

export class Server {
  constructor(dir) { this.dir = dir; this.http = "127.0.0.1:0"; this.kafka = "127.0.0.1:0"; }

  static async make() { return new Server(await mkdtemp(join(tmpdir(), "tailrace-console-"))); }

  async start() {
    this.process = spawn(join(root, "bin/tailrace"), ["server", "--data-dir", this.dir, "--kafka-addr", this.kafka, "--pg-addr", "off", "--http-addr", this.http, "--log.level", "error"], { stdio: ["ignore", "pipe", "inherit"] });
    this.ended = new Promise((resolve) => this.process.once("exit", resolve));
    for await (const line of createInterface({ input: this.process.stdout })) {
      const m = line.match(/kafka=(\S+).*http=(\S+)/);
      if (m) { [, this.kafka, this.http] = m; break; }
    }
    this.process.stdout.resume();
    this.url = `http://${this.http}`;
    this.token = (await (await fetch(`${this.url}/api/session`)).json()).token;
  }

  async stop() { this.process.kill("SIGTERM"); await this.ended; }
  async remove() { await rm(this.dir, { recursive: true, force: true }); }

  async post(path, body) {
    const r = await fetch(this.url + path, { method: "POST", headers: { "Content-Type": "application/json", "X-Tailrace-Token": this.token }, body: JSON.stringify(body) });
    const text = await r.text();
    if (!r.ok) throw new Error(`${path}: ${r.status} ${text}`);
    return text;
  }
  async get(path) { return (await fetch(this.url + path)).json(); }

  async sql(sql) {
    for (const line of (await this.post("/api/sql", { sql })).trim().split("\n")) {
      const l = JSON.parse(line);
      if (l.type === "error") throw new Error(`${sql}: ${l.error.message}`);
    }
  }

  async produce(topic, messages) {
    for (let i = 0; i < messages.length; i += 1000) await this.post(`/api/topics/${topic}/messages`, { messages: messages.slice(i, i + 1000) });
  }

  // flights loads airports and a part of the flights, and returns what is left of them.
  async flights(count) {
    await this.sql(`CREATE STREAM flights (date VARCHAR, delay INT, distance INT, origin VARCHAR, destination VARCHAR) WITH (kafka_topic='flights', value_format='JSON', partitions=4, timestamp='date', timestamp_format='yyyy/MM/dd HH:mm');
      CREATE TABLE airports (iata VARCHAR PRIMARY KEY, name VARCHAR, city VARCHAR, state VARCHAR) WITH (kafka_topic='airports', value_format='JSON', partitions=4);`);
    const lines = (await readFile(join(root, "testdata/airports.csv"), "utf8")).trim().split("\n").slice(1);
    await this.produce("airports", lines.map((l) => {
      const [iata, name, city, state] = l.match(/("([^"]*)"|[^,]*)(,|$)/g).map((c) => c.replace(/,$/, "").replace(/^"|"$/g, ""));
      return { key: iata, value: JSON.stringify({ name, city, state }) };
    }));
    await this.sql(`SET 'auto.offset.reset'='earliest';
      CREATE STREAM late_flights AS SELECT date, origin, destination, delay FROM flights WHERE delay > 60;
      CREATE TABLE by_airport AS SELECT origin, COUNT(*) AS flights, AVG(delay) AS avg_delay, MAX(delay) AS worst FROM flights GROUP BY origin;
      CREATE TABLE per_day AS SELECT origin, COUNT(*) AS flights, SUM(delay) AS minutes FROM flights WINDOW TUMBLING (SIZE 1 DAY, GRACE PERIOD 365 DAYS) GROUP BY origin;
      CREATE STREAM departures AS SELECT f.origin, a.name AS airport, a.city, a.state, f.destination, f.delay FROM flights f JOIN airports a ON f.origin = a.iata;
      CREATE TABLE by_state AS SELECT state, COUNT(*) AS flights, AVG(delay) AS avg_delay FROM departures GROUP BY state;`);
    const all = JSON.parse(await readFile(join(root, "testdata/flights-20k.json"), "utf8"));
    const messages = all.map((f) => ({ key: f.origin, value: JSON.stringify(f) }));
    await this.produce("flights", messages.slice(0, count));
    return messages.slice(count);
  }
}
