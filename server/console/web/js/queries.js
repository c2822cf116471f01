// Queries: the list, and one as a graph of its operators, live.
import { h, fill, icon, setText } from "./dom.js";
import { get, post, enc, server } from "./api.js";
import { pageHead, tag, state, empty, tabs, confirm, toast, errorBox } from "./ui.js";
import { Table, Pager } from "./table.js";
import { Graph } from "./graph.js";
import { num, short, time, ago, plural } from "./format.js";
import { share } from "./palette.js";

const oneLine = (s) => s.replace(/\s+/g, " ").trim();

export async function queries({ params, signal, setParams }) {
  let sort = params.get("sort") || "id";
  let order = params.get("order") || "asc";
  let before = new Map();
  const search = h("input", { type: "search", placeholder: "Search queries and statements", "aria-label": "Search queries", value: params.get("search") || "" });
  const pager = new Pager(100, () => load());
  const rates = new Map();
  const table = new Table({
    label: "Queries", key: (q) => q.id, href: (q) => `#/queries/${enc(q.id)}`, sort, order,
    onsort: (s, o) => { sort = s; order = o; pager.offset = 0; load(); },
    columns: [
      { label: "Query", sort: "id", cell: (q) => h("span.name", q.id) },
      { label: "State", sort: "state", cell: (q) => [state(q.state), q.error && q.state !== "ERROR" && h("span.tag.warn", { title: q.error }, "had an error")] },
      { label: "Statement", class: "wide-only clip mono", cell: (q) => oneLine(q.statement) },
      { label: "Rows in", num: true, sort: "rows_in", cell: (q) => num(q.rows_in) },
      { label: "Rows/s", num: true, class: "wide-only", cell: (q) => (rates.has(q.id) ? short(rates.get(q.id)) : "–") },
      { label: "Rows out", num: true, sort: "rows_out", class: "wide-only", cell: (q) => num(q.rows_out) },
      { label: "Lag", num: true, sort: "lag", cell: (q) => num(q.lag) },
    ],
    empty: empty("No queries", "CREATE STREAM … AS, CREATE TABLE … AS and INSERT INTO … SELECT start one.", h("a.button", { href: "#/sql" }, "Write SQL")),
  });
  async function load() {
    setParams({ search: search.value, sort: sort === "id" ? "" : sort, order: order === "asc" ? "" : order });
    const p = await get("/api/queries", { search: search.value, sort, order, limit: pager.size, offset: pager.offset }, signal);
    const now = performance.now();
    const next = new Map();
    for (const q of p.items) {
      next.set(q.id, [now, q.rows_in]);
      const was = before.get(q.id);
      if (was && now > was[0]) rates.set(q.id, Math.max(0, (q.rows_in - was[1]) / ((now - was[0]) / 1000)));
    }
    before = next;
    table.show(p.items);
    pager.show(p.total, p.items.length);
  }
  let wait;
  search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => { pager.offset = 0; load().catch(() => {}); }, 120); });
  await load();
  return { el: h("div.page", pageHead("Queries"), h("div.bar", search, pager.el), table.el), table, refresh: load, every: 2000 };
}

export async function query({ args: [id, tab], signal, title }) {
  title(id);
  let q = await get(`/api/queries/${enc(id)}`, null, signal);
  const graph = new Graph();
  const meta = h("div.meta-line");
  const fault = h("div");
  const actions = h("div.actions");
  const letters = errorTab(id, signal);
  const lagTable = new Table({
    label: "Lag by partition", key: (p) => `${p.topic}-${p.partition}`,
    columns: [{ label: "Topic", cell: (p) => h("a", { href: `#/topics/${enc(p.topic)}` }, p.topic) }, { label: "Partition", num: true, cell: (p) => p.partition }, { label: "Lag", num: true, cell: (p) => num(p.lag) }],
    empty: "Nothing is read.",
  });
  function act(name, text, sure) {
    return h(name === "terminate" ? "button.danger" : "button", { onclick: async () => {
      if (sure && !(await confirm(`${text} ${id}?`, sure, text))) return;
      try {
        const r = await post(`/api/queries/${enc(id)}/${name}`);
        toast(r.message || `${text}: done`);
        if (name === "terminate") { location.hash = "#/queries"; return; }
        await refresh();
      } catch (e) { toast(e.message, "bad"); }
    } }, text);
  }
  let drawn = "";
  function draw() {
    fill(meta, state(q.state), q.sink && h("span", "writes ", q.sink_topic ? h("a", { href: `#/topics/${enc(q.sink_topic)}` }, q.sink) : q.sink), h("span", plural(q.tasks, "task")),
      h("span", `lag ${num(q.lag)}`), h("span", `${short(q.commits)} commits`), q.restarts > 0 && tag(plural(q.restarts, "restart"), "warn"), q.missed > 0 && tag(`${short(q.missed)} missed`, "bad"));
    const text = JSON.stringify([q.error, q.state, q.remedy, q.missed]);
    if (text === drawn) return;
    drawn = text;
    const failed = q.state === "ERROR" || q.state === "FENCED";
    fill(fault, q.error && h("div.notice", { class: failed ? "bad" : "warn", role: failed ? "alert" : null }, icon("warn"), h("div", h("strong", failed ? "The query has failed" : "The query runs again since its last error"), q.error_at && h("span.since", time(q.error_at).slice(0, 19)), h("p", q.error), q.remedy && h("p.remedy", h("span", "What to do: "), q.remedy))),
      q.missed > 0 && h("div.notice.warn", icon("warn"), h("div", h("strong", `${num(q.missed)} records were deleted before they were read`), h("p", q.last_missed))));
    const can = q.controls && !server.info.read_only;
    fill(actions, q.sink && h("a.button", { href: `#/sql?q=${share(`SELECT * FROM ${q.sink} EMIT CHANGES;`)}` }, icon("sql"), "Watch"),
      can && (q.state === "PAUSED" ? act("resume", "Resume") : act("pause", "Pause")), can && q.state !== "PAUSED" && act("restart", "Restart"),
      can && act("terminate", "Terminate", "Its positions and its state are gone for good. The topic that it wrote stays."));
  }
  async function refresh() {
    q = await get(`/api/queries/${enc(id)}`, null, signal);
    draw();
    graph.update(q);
    lagTable.show(q.partition_lag);
  }
  const bar = tabs("Query", [
    { id: "graph", label: "Graph", show: () => h("div.graph-tab", graph.el) },
    { id: "statement", label: "Statement", show: () => h("div", h("div.bar", h("a.button", { href: `#/sql?q=${share(q.statement)}` }, icon("sql"), "Open in the editor")), h("pre.code", q.statement), Object.keys(q.properties).length > 0 && h("dl.pairs", Object.entries(q.properties).map(([k, v]) => [h("dt", k), h("dd.mono", v)]))) },
    { id: "plan", label: "Plan", show: () => h("pre.code", q.plan) },
    { id: "errors", label: "Dead letters", show: () => { letters.load(); return letters.el; } },
    { id: "lag", label: "Lag", show: () => lagTable.el },
  ], tab || "graph", (t) => history.replaceState(null, "", `#/queries/${enc(id)}${t === "graph" ? "" : `/${t}`}`));
  draw();
  lagTable.show(q.partition_lag);
  return { el: h("div.page.fill", pageHead(id, { crumbs: [["Queries", "#/queries"]], meta, actions }), fault, bar.bar, bar.panel), refresh, every: 1000, shown: () => graph.update(q), close: () => graph.close() };
}

const kinds = { read: "could not be read", compute: "could not be computed", write: "could not be written" };

// errorTab shows the entries of the processing log.
function errorTab(id, signal) {
  let cursor = "";
  let all = [];
  const status = h("p.scan", { "aria-live": "polite" });
  const more = h("button", { hidden: true, onclick: () => load(true) }, "More");
  const box = h("div");
  const table = new Table({
    label: "Dead letters", key: (e) => e.offset,
    columns: [
      { label: "Time", class: "nowrap", cell: (e) => time(e.at) },
      { label: "What", class: "nowrap", cell: (e) => tag(`${e.target || "row"} ${kinds[e.kind]}`, "warn") },
      { label: "Topic", cell: (e) => (e.topic ? h("a", { href: `#/topics/${enc(e.topic)}` }, e.topic) : "") },
      { label: "Why", class: "wrap", cell: (e) => [e.error, e.record && h("pre.code", e.record)] },
    ],
    empty: empty("No dead letters", "Every record could be read and computed. What cannot be is skipped, and listed here."),
  });
  async function load(go) {
    try {
      const p = await get(`/api/queries/${enc(id)}/errors`, { cursor: go ? cursor : "", limit: 100 }, signal);
      all = go ? all.concat(p.entries) : p.entries;
      cursor = p.cursor || "";
      more.hidden = !cursor;
      table.show(all);
      status.textContent = all.length || p.scanned ? `${num(all.length)} shown · ${short(p.scanned)} entries of ${p.topic} looked at` : "";
      fill(box);
    } catch (e) { if (e.name !== "AbortError") fill(box, errorBox(e)); }
  }
  return { el: h("div", box, table.el, h("div.foot", status, more)), load };
}
