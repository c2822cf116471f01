// The list of topics.
import { h, icon } from "./dom.js";
import { get, enc, server } from "./api.js";
import { pageHead, tag, empty, errorBox } from "./ui.js";
import { Table, Pager } from "./table.js";
import { num, bytes } from "./format.js";
import { createTopic } from "./topicchange.js";

export async function topics({ params, signal, setParams }) {
  let sort = params.get("sort") || "name";
  let order = params.get("order") || "asc";
  const search = h("input", { type: "search", placeholder: "Search topics", "aria-label": "Search topics", value: params.get("search") || "" });
  const internal = h("input", { type: "checkbox", checked: params.get("internal") === "true" });
  const pager = new Pager(100, () => load());
  const note = h("div");
  const table = new Table({
    label: "Topics", key: (t) => t.name, href: (t) => `#/topics/${enc(t.name)}`, sort, order,
    onsort: (s, o) => { sort = s; order = o; pager.offset = 0; load(); },
    columns: [
      { label: "Topic", sort: "name", cell: (t) => [h("span.name", t.name), t.internal && tag("internal", "muted")] },
      { label: "Streams and tables", class: "wide-only", cell: (t) => t.sources.map((s) => tag(s)) },
      { label: "Partitions", num: true, sort: "partitions", cell: (t) => num(t.partitions) },
      { label: "Records", num: true, sort: "records", cell: (t) => num(t.records) },
      { label: "Size", num: true, sort: "bytes", cell: (t) => bytes(t.bytes) },
      { label: "Cleanup", class: "wide-only", cell: (t) => t.cleanup_policy },
    ],
    empty: empty("No topics", "A topic is made here, by CREATE STREAM, or when a client first writes to it.", h("a.button", { href: "#/sql" }, "Write SQL")),
  });

  async function load() {
    setParams({ search: search.value, internal: internal.checked ? "true" : "", sort: sort === "name" ? "" : sort, order: order === "asc" ? "" : order });
    const p = await get("/api/topics", { search: search.value, internal: internal.checked, sort, order, limit: pager.size, offset: pager.offset }, signal);
    table.empty = search.value ? empty("No topic by that name", "Internal topics are listed on demand.") : table.empty;
    table.show(p.items);
    pager.show(p.total, p.items.length);
    note.replaceChildren();
  }
  const reload = () => { pager.offset = 0; load().catch((e) => { if (e.name !== "AbortError") note.replaceChildren(errorBox(e)); }); };
  let wait;
  search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(reload, 120); });
  internal.addEventListener("change", reload);
  await load();
  const create = async () => { const name = await createTopic(); if (name) location.hash = `#/topics/${enc(name)}`; };
  return {
    el: h("div.page", pageHead("Topics", { actions: !server.info.read_only && h("button.primary", { onclick: create }, icon("plus"), "New topic") }), h("div.bar", search, h("label.check", internal, "Internal topics"), pager.el), note, table.el),
    table, refresh: load, every: 5000,
    keys: (e) => e.key === "n" && !server.info.read_only && (create(), true),
  };
}
