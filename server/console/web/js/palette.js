// The palette: everything that has a name, and everything that can be done, by typing.
import { h, fill, icon, uid } from "./dom.js";
import { get, enc } from "./api.js";

const commands = [
  ["Overview", "go", "#/", "g o"], ["Topics", "go", "#/topics", "g t"], ["Groups", "go", "#/groups", "g c"],
  ["Queries", "go", "#/queries", "g q"], ["SQL", "go", "#/sql", "g s"],
  ["Dark theme", "do", () => tailraceTheme.choose("dark")], ["Light theme", "do", () => tailraceTheme.choose("light")],
  ["Theme of the system", "do", () => tailraceTheme.choose("system")], ["Keys", "do", () => help(), "?"],
];

export function palette() {
  if (document.querySelector("dialog[open]")) return;
  const list = uid("palette");
  const input = h("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": list, "aria-autocomplete": "list", "aria-label": "Find a topic, group, query or command", placeholder: "Find a topic, group, query or command", autocomplete: "off", spellcheck: "false" });
  const results = h("div.results", { id: list, role: "listbox", "aria-label": "Results" });
  const el = h("dialog.palette", { "aria-label": "Find and do" }, input, results,
    h("footer", h("span", h("kbd", "↑"), h("kbd", "↓"), " choose"), h("span", h("kbd", "Enter"), " open"), h("span", h("kbd", "Esc"), " close")));
  let items = [];
  let at = 0;
  let asked = 0;

  function draw() {
    at = Math.max(0, Math.min(at, items.length - 1));
    fill(results, items.length ? items.map((it, i) => h("div.result", { role: "option", id: `${list}-${i}`, "aria-selected": i === at ? "true" : "false", onclick: () => run(it), onmousemove: () => { if (at !== i) { at = i; mark(); } } },
      h("span.kind", it.kind), h("span.name", it.name), it.keys && h("kbd", it.keys))) : h("div.none", "Nothing by that name."));
    mark();
  }
  function mark() {
    [...results.querySelectorAll(".result")].forEach((r, i) => r.setAttribute("aria-selected", i === at ? "true" : "false"));
    input.setAttribute("aria-activedescendant", items.length ? `${list}-${at}` : "");
    results.children[at]?.scrollIntoView({ block: "nearest" });
  }
  function run(it) {
    if (!it) return;
    el.close();
    if (typeof it.to === "function") it.to();
    else location.hash = it.to;
  }
  async function find() {
    const text = input.value.trim();
    const low = text.toLowerCase();
    const mine = ++asked;
    const own = commands.filter(([name]) => name.toLowerCase().includes(low)).map(([name, kind, to, keys]) => ({ name, kind, to, keys }));
    items = own;
    draw();
    if (!text) return;
    const limit = 8;
    const [t, g, q, s] = await Promise.allSettled([
      get("/api/topics", { search: text, limit }), get("/api/groups", { search: text, limit }),
      get("/api/queries", { search: text, limit }), get("/api/sources", { search: text, limit })]);
    if (mine !== asked) return;
    const of = (r, kind, name, to) => (r.value?.items || []).map((x) => ({ kind, name: name(x), to: to(x) }));
    const near = (list) => list.sort((a, b) => b.name.toLowerCase().startsWith(low) - a.name.toLowerCase().startsWith(low));
    items = [...own, ...near([...of(t, "topic", (x) => x.name, (x) => `#/topics/${enc(x.name)}`),
      ...of(s, "sql", (x) => x.name, (x) => `#/sql?q=${share(`SELECT * FROM ${x.name}${x.kind === "STREAM" ? " EMIT CHANGES" : ""} LIMIT 100;`)}`),
      ...of(q, "query", (x) => x.id, (x) => `#/queries/${enc(x.id)}`), ...of(g, "group", (x) => x.id, (x) => `#/groups/${enc(x.id)}`)])];
    draw();
  }
  input.addEventListener("input", () => { at = 0; find(); });
  el.addEventListener("keydown", (e) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key] || (e.ctrlKey && { n: 1, p: -1, j: 1 }[e.key]);
    if (by) { e.preventDefault(); at = (at + by + items.length) % Math.max(1, items.length); mark(); }
    if (e.key === "Enter") { e.preventDefault(); run(items[at]); }
  });
  el.addEventListener("click", (e) => { if (e.target === el) el.close(); });
  el.addEventListener("close", () => el.remove());
  document.body.append(el);
  el.showModal();
  find();
}

// share is a statement as an address carries it.
export const share = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
export const unshare = (text) => new TextDecoder().decode(Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)));

const keys = [
  ["Everywhere", [["Ctrl K", "Find a topic, group, query or command"], ["g o · g t · g c", "Overview, topics, groups"], ["g q · g s", "Queries, SQL"], ["/", "Search in the page"], ["?", "These keys"], ["Esc", "Close, leave a field"]]],
  ["Lists", [["j · k", "Down, up"], ["Enter", "Open"], ["n", "New topic, in the list of topics"], ["← · →", "Between tabs"]]],
  ["Graphs", [["+ · −", "Closer, further away"], ["0", "All of it"], ["↑ ↓ ← →", "Move"]]],
  ["SQL", [["Ctrl Enter", "Run the statements, or those that are selected"], ["Ctrl Space", "Complete"], ["Ctrl /", "Comment"], ["Ctrl F", "Search in the text"], ["Esc Tab", "Leave the editor"]]],
];

export function help() {
  if (document.querySelector("dialog[open]")) return;
  const id = uid("keys");
  const el = h("dialog.keys", { "aria-labelledby": id },
    h("header", h("h2", { id }, "Keys"), h("button.icon-button", { "aria-label": "Close", onclick: () => el.close() }, icon("close"))),
    h("div.content", keys.map(([title, list]) => h("section", h("h3", title), h("dl", list.map(([k, what]) => [h("dt", h("kbd", k)), h("dd", what)]))))));
  el.addEventListener("close", () => el.remove());
  el.addEventListener("click", (e) => { if (e.target === el) el.close(); });
  document.body.append(el);
  el.showModal();
}
