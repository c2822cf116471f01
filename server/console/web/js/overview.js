// The overview: what is wrong, what there is, and the last hour.
import { h, fill, icon, setText } from "./dom.js";
import { get, server } from "./api.js";
import { pageHead, tag } from "./ui.js";
import { TimeChart, Window } from "./chart.js";
import { bytes, short, num, ago, time, plural } from "./format.js";

const rate = (n) => `${short(n)}/s`;
const byteRate = (n) => `${bytes(n)}/s`;

export async function overview({ signal }) {
  const sync = "overview";
  const window = new Window();
  const charts = [
    new TimeChart({ title: "Records", series: [{ key: "records_in", label: "in" }, { key: "records_read", label: "read" }], format: rate, sync, window }),
    new TimeChart({ title: "Kafka traffic", series: [{ key: "bytes_in", label: "in" }, { key: "bytes_out", label: "out" }], format: byteRate, sync, window, axis: 76 }),
    new TimeChart({ title: "Rows of queries", series: [{ key: "rows_in", label: "in" }, { key: "rows_out", label: "out" }], format: rate, sync, window }),
    new TimeChart({ title: "Lag", series: [{ key: "query_lag", label: "queries" }, { key: "group_lag", label: "groups" }], sync, window }),
    new TimeChart({ title: "Commits", series: [{ key: "commits", label: "commits" }], format: rate, sync, window }),
    new TimeChart({ title: "Records left out", series: [{ key: "errors", label: "left out" }], format: rate, sync, window }),
    new TimeChart({ title: "Log on disk", series: [{ key: "log_bytes", label: "size" }], format: bytes, sync, window, axis: 66 }),
  ];
  let memory = null;
  const health = h("section.health", { "aria-label": "Health", "aria-live": "polite" });
  const tiles = h("div.tiles");
  const grid = h("div.charts", charts.map((c) => c.el));
  const meta = h("span");
  const waiting = h("p.hint", { hidden: true }, "The charts fill as the server runs: a sample every 5 seconds, an hour of them.");
  let said = "";

  function problems(o) {
    const text = JSON.stringify(o.problems);
    if (text === said) return;
    said = text;
    if (!o.problems.length) {
      fill(health, h("div.notice.good", icon("check"), h("div", h("strong", "All is well."), " Nothing is out of service, every query runs.")));
      return;
    }
    fill(health, o.problems.map((p) => h("div.notice", { class: p.severity === "critical" ? "bad" : "warn" }, icon("warn"),
      h("div", h("strong", p.link ? h("a", { href: p.link }, p.title) : p.title), p.since ? h("span.since", `for ${ago(p.since, o.at)}`) : null,
        h("p", p.detail), p.remedy && h("p.remedy", h("span", "What to do: "), p.remedy)))),
    o.more_problems > 0 && h("p.hint", `${plural(o.more_problems, "problem")} more.`));
  }

  function tile(label, value, sub, href) {
    return h(href ? "a.tile" : "div.tile", { href }, h("span.label", label), h("span.value", value), h("span.sub", sub));
  }

  function show(o) {
    problems(o);
    const q = o.queries;
    const used = o.memory.reduce((n, m) => n + m.used, 0);
    fill(tiles,
      tile("Queries", num(q.total), q.failed ? tag(`${q.failed} failed`, "bad") : q.paused ? `${q.running} run, ${q.paused} paused` : q.total ? "all run" : "none yet", "#/queries"),
      tile("Topics", num(o.topics), `and ${o.internal_topics} internal; ${plural(o.partitions, "partition")}`, "#/topics"),
      tile("Streams and tables", num(o.streams + o.tables), `${plural(o.streams, "stream")}, ${plural(o.tables, "table")}`, "#/sql"),
      tile("Groups", num(o.groups), "of consumers", "#/groups"),
      tile("Memory", bytes(used), `of ${bytes(o.memory_limit)} for accounts`),
      tile("Disk", o.disk.total > 0 ? `${Math.round(100 * (1 - o.disk.free / o.disk.total))} %` : "–", o.disk.total > 0 ? `${bytes(o.disk.free)} free, log ${bytes(o.log_bytes)}` : `log ${bytes(o.log_bytes)}`));
    setText(meta, `Up for ${ago(o.started, o.at)}, since ${time(o.started).slice(0, 16)}`);
  }

  async function refresh() {
    const [o, hist] = await Promise.all([get("/api/overview", null, signal), get("/api/overview/history", null, signal)]);
    show(o);
    if (!memory) {
      memory = new TimeChart({ title: "Memory by account", series: o.memory.map((m) => ({ key: `memory.${m.name}`, label: m.name.replace("_", " ") })), format: bytes, sync, window, stacked: true, axis: 66 });
      charts.push(memory);
      grid.append(memory.el);
    }
    waiting.hidden = hist.times.length > 2;
    for (const c of charts) c.update(hist.times, hist.series);
  }
  const el = h("div.page", pageHead("Overview", { meta }), health, tiles, waiting, window.el, grid);
  await refresh();
  return { el, refresh, every: 5000, close: () => charts.forEach((c) => c.close()) };
}
