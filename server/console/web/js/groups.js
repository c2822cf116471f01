// Groups: who reads what, how far they are, and moving them.
import { h, fill } from "./dom.js";
import { get, post, enc, server } from "./api.js";
import { pageHead, tag, state, empty, dialog, field, select, toast, errorBox } from "./ui.js";
import { Table, Pager } from "./table.js";
import { TimeChart, Window } from "./chart.js";
import { num, ago, plural, short } from "./format.js";

export async function groups({ params, signal, setParams }) {
  const search = h("input", { type: "search", placeholder: "Search groups", "aria-label": "Search groups", value: params.get("search") || "" });
  const own = h("input", { type: "checkbox", checked: params.get("queries") === "true" });
  const pager = new Pager(100, () => load());
  const table = new Table({
    label: "Groups", key: (g) => g.id, href: (g) => `#/groups/${enc(g.id)}`,
    columns: [
      { label: "Group", cell: (g) => [h("span.name", g.id), g.query && tag("query", "muted")] },
      { label: "State", cell: (g) => state(g.state) },
      { label: "Members", num: true, cell: (g) => num(g.members) },
      { label: "Topics", class: "wide-only", cell: (g) => g.topics.slice(0, 4).map((t) => tag(t)).concat(g.topics.length > 4 ? [` +${g.topics.length - 4}`] : []) },
      { label: "Lag", num: true, cell: (g) => num(g.lag) },
    ],
    empty: empty("No groups", "A group is made by a consumer that gives a group.id. Those of queries are listed on demand."),
  });
  async function load() {
    setParams({ search: search.value, queries: own.checked ? "true" : "" });
    const p = await get("/api/groups", { search: search.value, queries: own.checked, limit: pager.size, offset: pager.offset }, signal);
    table.show(p.items);
    pager.show(p.total, p.items.length);
  }
  const reload = () => { pager.offset = 0; load().catch(() => {}); };
  let wait;
  search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(reload, 120); });
  own.addEventListener("change", reload);
  await load();
  return { el: h("div.page", pageHead("Groups"), h("div.bar", search, h("label.check", own, "Groups of queries"), pager.el), table.el), table, refresh: load, every: 3000 };
}

export async function group({ args: [id], signal, title }) {
  title(id);
  let g = await get(`/api/groups/${enc(id)}`, null, signal);
  const window = new Window();
  const chart = new TimeChart({ title: "Lag in the last hour", series: [{ key: "lag", label: "lag" }], height: 140, window });
  const meta = h("div.meta-line");
  const pager = new Pager(200, () => load());
  const offsets = new Table({
    label: "Positions", key: (o) => `${o.topic}-${o.partition}`,
    columns: [
      { label: "Topic", cell: (o) => h("a", { href: `#/topics/${enc(o.topic)}` }, o.topic) },
      { label: "Partition", num: true, cell: (o) => o.partition },
      { label: "Position", num: true, cell: (o) => num(o.offset) },
      { label: "End", num: true, cell: (o) => (o.end < 0 ? tag("gone", "bad") : num(o.end)) },
      { label: "Lag", num: true, cell: (o) => num(o.lag) },
      { label: "Read by", class: "wide-only", cell: (o) => o.member || "" },
      { label: "Committed", class: "wide-only", cell: (o) => (o.committed ? `${ago(o.committed, Date.now())} ago` : "–") },
    ],
    empty: "The group has no positions.",
  });
  const members = h("div");
  function draw() {
    fill(meta, state(g.state), h("span", plural(g.members, "member")), h("span", `lag ${num(g.lag)}`), g.protocol && h("span", g.protocol), g.query && h("a", { href: `#/queries/${enc(g.query)}` }, g.query));
    fill(members, g.member_list.length ? h("ul.members", g.member_list.map((m) => h("li.card", h("header", h("h3", m.client_id || m.id), h("span.hint", m.host.replace(/^\//, ""))),
      h("p.mono.hint", m.instance_id || m.id), h("div.tags", m.assigned.length ? m.assigned.map((a) => tag(a)) : h("span.hint", "Nothing assigned"))))) : h("p.hint", "Nobody reads now."));
  }
  async function load() {
    const [now, o, hist] = await Promise.all([get(`/api/groups/${enc(id)}`, null, signal),
      get(`/api/groups/${enc(id)}/offsets`, { limit: pager.size, offset: pager.offset }, signal), get(`/api/groups/${enc(id)}/history`, null, signal)]);
    g = now;
    draw();
    offsets.show(o.items);
    pager.show(o.total, o.items.length);
    chart.update(hist.times, { lag: hist.lag });
  }
  draw();
  const can = !g.owned && !server.info.read_only;
  const page = {
    el: h("div.page", pageHead(id, { crumbs: [["Groups", "#/groups"]], meta, actions: can && h("button", { onclick: () => reset(g, load) }, "Move positions") }),
      g.owned && h("p.hint", g.query ? "These positions are part of what a query has computed: they are nobody else's to move." : "These positions are the server's own: they are nobody else's to move."),
      window.el, chart.el, h("h2.section", "Positions"), h("div.bar", pager.el), offsets.el, h("h2.section", "Members"), members),
    table: offsets, refresh: load, every: 3000, close: () => chart.close(),
    shown: () => load().catch(() => {}),
  };
  return page;
}

// reset shows what would change before it changes it.
async function reset(g, done) {
  const topic = g.topics.length ? select(g.topics) : h("input", { type: "text" });
  const to = select([["earliest", "The start"], ["latest", "The end"], ["offset", "An offset"], ["time", "A time"], ["shift", "Forward or back by"]]);
  const value = h("input", { type: "text", disabled: true, inputmode: "numeric" });
  const partitions = h("input", { type: "text", placeholder: "all", inputmode: "numeric" });
  const preview = h("div.preview", { "aria-live": "polite" });
  const body = () => {
    const b = { topic: topic.value, to: to.value };
    const text = value.value.trim();
    if (to.value === "time") {
      b.value = new Date(text).getTime();
      if (Number.isNaN(b.value)) throw new Error("give a date and a time");
    } else if (to.value === "offset" || to.value === "shift") {
      if (!/^[+-]?\d+$/.test(text)) throw new Error(to.value === "offset" ? "give an offset" : "give a number of messages, negative to go back");
      b.value = Number(text);
    }
    const some = partitions.value.trim();
    if (some) {
      if (!/^\d+(\s*,\s*\d+)*$/.test(some)) throw new Error("partitions are numbers with commas between them");
      b.partitions = some.split(",").map(Number);
    }
    return b;
  };
  let asked = 0;
  async function dry() {
    const mine = ++asked; // the answer to what was typed last counts
    try {
      const r = await post(`/api/groups/${enc(g.id)}/reset`, { ...body(), dry_run: true });
      if (mine !== asked) return;
      fill(preview, r.blocked && h("div.notice.warn", h("div", r.blocked)),
        h("p", `Lag ${num(r.lag.before)} → `, h("strong", num(r.lag.after))),
        h("div.scroll.low", h("table.rows", { "aria-label": "What would change" }, h("thead", h("tr", ["Partition", "From", "To", "Lag"].map((x) => h("th", { scope: "col", class: "num" }, x)))),
          h("tbody", r.partitions.slice(0, 200).map((p) => h("tr", h("td.num", p.partition), h("td.num", p.from < 0 ? "none" : num(p.from)), h("td.num", num(p.to)), h("td.num", num(p.lag_after))))))));
    } catch (e) { if (mine === asked) fill(preview, errorBox(e)); }
  }
  const changed = () => {
    value.disabled = to.value === "earliest" || to.value === "latest";
    value.type = to.value === "time" ? "datetime-local" : "text";
    dry();
  };
  to.addEventListener("change", changed);
  topic.addEventListener("change", dry);
  value.addEventListener("input", dry);
  partitions.addEventListener("input", dry);
  dry();
  const out = await dialog({
    title: `Move the positions of ${g.id}`, action: "Move", danger: true, wide: true,
    body: [h("div.pair", field("Topic", topic), field("Partitions", partitions)), h("div.pair", field("To", to), field("Value", value)), h("h3", "What would change"), preview],
    submit: () => post(`/api/groups/${enc(g.id)}/reset`, body()),
  });
  if (out) { toast(`Moved: lag ${short(out.lag.before)} → ${short(out.lag.after)}`); done(); }
}
