// One topic: its messages, partitions, configuration, columns, and who reads it.
import { h, fill, icon } from "./dom.js";
import { get, post, patch, enc, server } from "./api.js";
import { pageHead, tag, tabs, dialog, field, select, toast, empty, errorBox, state } from "./ui.js";
import { Table, Pager } from "./table.js";
import { num, bytes, plural } from "./format.js";
import { share } from "./palette.js";
import { deleteTopic } from "./topicchange.js";
import { Messages } from "./messages.js";

export async function topic({ args: [name, tab], params, signal, title }) {
  const t = await get(`/api/topics/${enc(name)}`, null, signal);
  title(name);
  const writable = t.writable && !server.info.read_only;
  const meta = h("span", `${plural(t.partitions, "partition")} · ${num(t.records)} records · ${bytes(t.bytes)} · ${t.cleanup_policy}`);
  const messages = new Messages(t, signal, params);
  const parts = partitionTab(t, signal);
  const configs = configTab(t, signal, writable);
  const used = consumerTab(t, signal);
  const bar = tabs("Topic", [
    { id: "messages", label: "Messages", show: () => messages.el },
    { id: "partitions", label: "Partitions", show: () => { parts.load(); return parts.el; } },
    { id: "configuration", label: "Configuration", show: () => { configs.load(); return configs.el; } },
    { id: "columns", label: "Columns", show: () => columnTab(t) },
    { id: "consumers", label: "Consumers", show: () => { used.load(); return used.el; } },
  ], tab || "messages", (id) => {
    history.replaceState(null, "", `#/topics/${enc(name)}${id === "messages" ? "" : `/${id}`}`);
    current = id;
    page.table = tables[id];
  });
  let current = tab || "messages";
  const tables = { messages: messages.table, partitions: parts.table, configuration: configs.table, consumers: used.table };
  const source = t.declared[0];
  const page = {
    el: h("div.page.fill", pageHead(name, {
      crumbs: [["Topics", "#/topics"]], meta: [meta, t.internal && tag("internal", "muted"), t.declared.map((s) => tag(`${s.kind.toLowerCase()} ${s.name}`))],
      actions: [source && h("a.button", { href: `#/sql?q=${share(`SELECT * FROM ${source.name}${source.kind === "STREAM" ? " EMIT CHANGES" : ""};`)}` }, icon("sql"), "Query"),
        writable && h("button.danger", { onclick: async () => { if (await deleteTopic(name)) location.hash = "#/topics"; } }, "Delete"),
        writable && h("button.primary", { onclick: () => produce(t, () => messages.reload()) }, icon("plus"), "Produce")],
    }), bar.bar, bar.panel),
    table: tables[current],
    async refresh() {
      const now = await get(`/api/topics/${enc(name)}`, null, signal);
      meta.textContent = `${plural(now.partitions, "partition")} · ${num(now.records)} records · ${bytes(now.bytes)} · ${now.cleanup_policy}`;
      if (current === "partitions") await parts.load();
      if (current === "consumers") await used.load();
    },
    every: 3000,
    escape: () => messages.closeDetail(),
    close: () => messages.close(),
  };
  return page;
}

function partitionTab(t, signal) {
  const pager = new Pager(200, () => load());
  const table = new Table({
    label: "Partitions", key: (p) => p.partition,
    columns: [
      { label: "Partition", cell: (p) => [h("span.name", num(p.partition)), p.fault && h("span.tag.bad", { title: p.fault }, "out of service")] },
      { label: "Start", num: true, cell: (p) => num(p.log_start) },
      { label: "High watermark", num: true, cell: (p) => num(p.high_watermark) },
      { label: "Records", num: true, cell: (p) => num(p.high_watermark - p.log_start) },
      { label: "Size", num: true, cell: (p) => bytes(p.bytes) },
      { label: "Segments", num: true, cell: (p) => num(p.segments) },
    ],
  });
  async function load() {
    const p = await get(`/api/topics/${enc(t.name)}/partitions`, { limit: pager.size, offset: pager.offset }, signal);
    table.show(p.items);
    pager.show(p.total, p.items.length);
  }
  return { el: h("div", h("div.bar", pager.el), table.el), load, table };
}

function columnTab(t) {
  if (!t.declared.length) {
    return empty("No stream or table over this topic", "Declare one to query its messages by column.",
      h("a.button", { href: `#/sql?q=${share(`CREATE STREAM my_stream (\n  id VARCHAR KEY,\n  name VARCHAR\n) WITH (kafka_topic = '${t.name}', value_format = 'JSON');`)}` }, "Declare a stream"));
  }
  return h("div.sources", t.declared.map((s) => h("section.card",
    h("header", h("h2", s.name), tag(s.kind.toLowerCase()), s.windowed && tag("windowed"), h("span.hint", `key ${s.key_format}, value ${s.value_format}`)),
    h("table.rows", { "aria-label": `Columns of ${s.name}` }, h("thead", h("tr", h("th", { scope: "col" }, "Column"), h("th", { scope: "col" }, "Type"), h("th", { scope: "col" }, "Role"))),
      h("tbody", s.columns.map((c) => h("tr", h("td.name", c.name), h("td.mono", c.type), h("td", c.role || "value"))))),
    s.statement && h("pre.code", s.statement))));
}

function configTab(t, signal, writable) {
  const search = h("input", { type: "search", placeholder: "Search configurations", "aria-label": "Search configurations" });
  const own = h("input", { type: "checkbox" });
  let all = [];
  const table = new Table({
    label: "Configuration", key: (c) => c.name, open: writable ? (c) => edit(t, c, load) : null,
    columns: [
      { label: "Name", cell: (c) => [h("span.mono", c.name), h("small", c.doc, c.acts ? "" : " Accepted, and without effect here.")] },
      { label: "Value", class: "value", cell: (c) => h("span.mono", c.value || "–") },
      { label: "Source", cell: (c) => tag(c.source, c.source === "default" ? "muted" : "good") },
      { label: "Default", class: "wide-only", cell: (c) => h("span.mono", c.default || "–") },
      { label: "", cell: (c) => writable && h("button.quiet", { "aria-label": `Edit ${c.name}`, onclick: () => edit(t, c, load) }, "Edit") },
    ],
    empty: "No configuration by that name.",
  });
  const draw = () => table.show(all.filter((c) => c.name.includes(search.value.toLowerCase()) && (!own.checked || c.source !== "default")));
  search.addEventListener("input", draw);
  own.addEventListener("change", draw);
  async function load() {
    all = (await get(`/api/topics/${enc(t.name)}/configs`, { limit: 1000 }, signal)).items;
    draw();
  }
  return { el: h("div", h("div.bar", search, h("label.check", own, "Only what was set")), table.el), load, table };
}

async function edit(t, c, done) {
  const input = c.type === "boolean" ? select(["true", "false"], { value: c.value }) : h("input", { type: "text", value: c.value, class: "mono", autofocus: true, spellcheck: "false" });
  const back = h("input", { type: "checkbox", onchange: () => { input.disabled = back.checked; } });
  const ok = await dialog({
    title: c.name, action: "Save",
    body: [h("p", c.doc), field(`Value (${c.type})`, input), c.source === "topic" && h("label.check", back, `Back to what the server says (${c.default || "no default"})`)],
    submit: async () => patch(`/api/topics/${enc(t.name)}/configs`, { set: { [c.name]: back.checked ? null : input.value } }),
  });
  if (ok) { toast(`${c.name} has changed`); done(); }
}

function consumerTab(t, signal) {
  const pager = new Pager(100, () => load());
  const table = new Table({
    label: "Groups that read this topic", key: (g) => g.id, href: (g) => `#/groups/${enc(g.id)}`,
    columns: [
      { label: "Group", cell: (g) => h("span.name", g.id) },
      { label: "State", cell: (g) => state(g.state) },
      { label: "Members", num: true, cell: (g) => num(g.members) },
      { label: "Lag", num: true, cell: (g) => num(g.lag) },
    ],
    empty: "No group of consumers has a position in this topic.",
  });
  const list = (title, ids) => h("section.card", h("header", h("h2", title)), ids.length ? h("ul.plain", ids.map((id) => h("li", h("a", { href: `#/queries/${enc(id)}` }, id)))) : h("p.hint", "None."));
  async function load() {
    const p = await get("/api/groups", { topic: t.name, limit: pager.size, offset: pager.offset }, signal);
    table.show(p.items);
    pager.show(p.total, p.items.length);
  }
  return { el: h("div.consumers", h("div.two", list("Queries that read it", t.readers), list("Queries that write it", t.writers)), h("section.card", h("header", h("h2", "Groups"), pager.el), table.el)), load, table };
}

// produce asks for a message, and appends it.
export async function produce(t, done) {
  const kinds = ["text", "json", "int", "bigint", "double", "base64", "hex"];
  const source = t.declared[0];
  const example = source ? JSON.stringify(Object.fromEntries(source.columns.filter((c) => !c.role).map((c) => [c.name.toLowerCase(), /INT|DOUBLE|DECIMAL/.test(c.type) ? 0 : c.type === "BOOLEAN" ? true : ""])), null, 2) : "";
  const key = h("input", { type: "text", class: "mono", autofocus: true, spellcheck: "false" });
  const keyAs = select(kinds);
  const noKey = h("input", { type: "checkbox" });
  const value = h("textarea", { rows: 9, class: "mono", value: source?.value_format === "JSON" ? example : "", spellcheck: "false" });
  const valueAs = select(kinds, { value: source?.value_format === "JSON" ? "json" : "text" });
  const tomb = h("input", { type: "checkbox", onchange: () => { value.disabled = tomb.checked; } });
  const partition = select([["", "By the key"], ...Array.from({ length: Math.min(t.partitions, 200) }, (_, i) => [String(i), String(i)])]);
  const headers = h("textarea", { rows: 2, class: "mono", placeholder: "name: value, one a line", spellcheck: "false" });
  noKey.addEventListener("change", () => { key.disabled = noKey.checked; });
  const out = await dialog({
    title: `Produce to ${t.name}`, action: "Produce", wide: true,
    body: [h("div.pair", field("Key", key), field("Key is", keyAs)), h("label.check", noKey, "No key"),
      h("div.pair", field("Value", value), field("Value is", valueAs)), h("label.check", tomb, "Tombstone: no value"),
      h("div.pair", field("Headers", headers), field("Partition", partition))],
    submit: () => {
      const m = { key_as: keyAs.value, value_as: valueAs.value, key: noKey.checked || key.value === "" ? null : key.value, value: tomb.checked ? null : value.value };
      if (partition.value !== "") m.partition = Number(partition.value);
      const list = headers.value.split("\n").filter((l) => l.trim()).map((l) => { const i = l.indexOf(":"); return i < 0 ? { key: l.trim(), value: null } : { key: l.slice(0, i).trim(), value: l.slice(i + 1).trim() }; });
      if (list.length) m.headers = list;
      return post(`/api/topics/${enc(t.name)}/messages`, { messages: [m] });
    },
  });
  if (out) {
    const p = out.messages[0];
    toast(`Message at offset ${num(p.offset)} of partition ${p.partition}`);
    done();
  }
}
