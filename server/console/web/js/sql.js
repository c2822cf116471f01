// The SQL page: tabs with an editor each, results that stream, charts, history, saved statements.
import { h, fill, icon, say, uid } from "./dom.js";
import { lines, ApiError, Unreachable, server } from "./api.js";
import { Editor, catalog } from "./editor.js";
import { Grid } from "./grid.js";
import { ResultChart } from "./chart.js";
import { dialog, field, select, store, toast, copy, errorBox, describe, empty } from "./ui.js";
import { num, millis, time, cell, plural } from "./format.js";
import { share, unshare } from "./palette.js";

// Rows that a stream keeps: the last of them.
const keep = 10_000;
const historyMost = 200;

const random = () => [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");

export async function sql({ params, setParams, signal }) {
  let tabs = store.get("tabs", []);
  if (!Array.isArray(tabs) || !tabs.length) tabs = [{ id: random(), name: "Query 1", text: "SHOW STREAMS;\nSHOW TABLES;\n" }];
  let current = store.get("tab", tabs[0].id);
  const shared = params.get("q");
  if (shared) {
    let text = "";
    try { text = unshare(shared); } catch { toast("The link holds no statement.", "bad"); }
    if (text) {
      const same = tabs.find((t) => t.text === text);
      const t = same || { id: random(), name: nameFor(tabs), text };
      if (!same) tabs.push(t);
      current = t.id;
    }
    setParams({});
  }
  const runs = new Map(); // by tab: what it has run, while the page lives
  const bar = h("div.sql-tabs", { role: "tablist", "aria-label": "Statements" });
  const stage = h("div.sql-stage", { role: "tabpanel" });
  const el = h("div.page.sql", h("h1.unseen", { tabindex: "-1" }, "SQL"), bar, stage);
  const save = () => { store.set("tabs", tabs.map(({ id, name, text, from }) => ({ id, name, text, from }))); store.set("tab", current); };

  function drawTabs() {
    fill(bar, tabs.map((t) => h("div.sql-tab", { class: t.id === current ? "on" : "" },
      h("button", { role: "tab", "aria-selected": t.id === current ? "true" : "false", onclick: () => open(t.id), ondblclick: () => rename(t) }, runs.get(t.id)?.running && h("i.dot", { "aria-label": "runs" }), t.name),
      tabs.length > 1 && h("button.icon-button", { "aria-label": `Close ${t.name}`, onclick: () => shut(t.id) }, icon("close")))),
    h("button.icon-button", { "aria-label": "New tab", title: "New tab", onclick: () => add("") }, icon("plus")));
  }
  async function rename(t) {
    const input = h("input", { type: "text", value: t.name, autofocus: true, maxlength: 40 });
    if (await dialog({ title: "Name of the tab", body: field("Name", input), submit: () => input.value.trim() || undefined })) { t.name = input.value.trim(); save(); drawTabs(); }
  }
  function add(text) {
    const t = { id: random(), name: nameFor(tabs), text };
    tabs.push(t);
    open(t.id);
    runs.get(t.id).editor.focus();
  }
  function shut(id) {
    runs.get(id)?.close();
    runs.delete(id);
    const at = tabs.findIndex((t) => t.id === id);
    tabs.splice(at, 1);
    open(id === current ? tabs[Math.max(0, at - 1)].id : current);
  }
  function open(id) {
    current = tabs.some((t) => t.id === id) ? id : tabs[0].id;
    const t = tabs.find((x) => x.id === current);
    if (!runs.has(current)) runs.set(current, new Run(t, { save, drawTabs, signal, add }));
    fill(stage, runs.get(current).el);
    save();
    drawTabs();
  }
  open(current);
  return { el, focus: true, shown: () => { runs.get(current).editor.focus(); if (params.get("run") === "1") runs.get(current).run(); }, close: () => runs.forEach((r) => r.close()), restarted: () => { catalog.stale = true; catalog.load(); } };
}

function nameFor(tabs) {
  for (let n = 1; ; n++) if (!tabs.some((t) => t.name === `Query ${n}`)) return `Query ${n}`;
}

// Run is one tab: its editor, and what its last run has returned.
class Run {
  constructor(tab, page) {
    this.tab = tab;
    this.page = page;
    this.session = `tab-${tab.id}-${random().slice(0, 4)}`;
    this.editor = new Editor({ doc: tab.text, label: "SQL statements", onrun: () => this.run(), onchange: (text) => { tab.text = text; clearTimeout(this.saving); this.saving = setTimeout(page.save, 300); } });
    this.runButton = h("button.primary", { onclick: () => this.run(), title: "Ctrl Enter" }, icon("play"), "Run");
    this.stopButton = h("button", { onclick: () => this.stop(), hidden: true }, icon("stop"), "Stop");
    this.from = select([["latest", "From now on"], ["earliest", "From the start"]], { "aria-label": "Where queries that stream begin", title: "auto.offset.reset", value: tab.from || "latest" });
    this.from.addEventListener("change", () => { tab.from = this.from.value; page.save(); });
    this.status = h("span.run-status", { role: "status", "aria-live": "polite" });
    this.pane = h("div.results-pane");
    const handle = h("div.handle", { role: "separator", "aria-orientation": "horizontal", "aria-label": "Height of the editor", tabindex: "0" });
    this.top = h("div.editor-box", this.editor.el);
    this.size(handle);
    this.el = h("div.run", this.top, handle,
      h("div.bar.run-bar", this.runButton, this.stopButton, this.from, this.status, h("span.grow"),
        h("button.quiet", { onclick: () => this.saved() }, "Saved"), h("button.quiet", { onclick: () => this.history() }, "History"), h("button.quiet", { onclick: () => this.share() }, "Share")),
      this.pane);
    this.blank();
  }

  blank() {
    fill(this.pane, empty("Nothing has been run", "Ctrl Enter runs the statements, or those that are selected. Queries with EMIT CHANGES go on until you stop them.",
      h("div.examples", [["What there is", "SHOW STREAMS;\nSHOW TABLES;"], ["Topics with sizes", "SHOW TOPICS EXTENDED;"], ["What queries do", "SHOW QUERIES EXTENDED;"]].map(([name, text]) => h("button.quiet", { onclick: () => { this.editor.text = text; this.run(); } }, name)))));
  }

  size(handle) {
    const apply = (px) => { const v = Math.max(80, Math.min(px, innerHeight - 220)); this.top.style.setProperty("height", `${v}px`); store.set("editor", v); };
    this.top.style.setProperty("height", `${Math.min(store.get("editor", 220), innerHeight * 0.5)}px`);
    handle.addEventListener("pointerdown", (e) => {
      handle.setPointerCapture(e.pointerId);
      const move = (m) => apply(m.clientY - this.top.getBoundingClientRect().top);
      handle.addEventListener("pointermove", move);
      handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
    });
    handle.addEventListener("keydown", (e) => {
      const by = { ArrowDown: 24, ArrowUp: -24 }[e.key];
      if (by) { e.preventDefault(); apply(this.top.offsetHeight + by); }
    });
  }

  setRunning(on) {
    this.running = on;
    this.stopButton.hidden = !on;
    this.runButton.hidden = on;
    this.page.drawTabs();
  }

  async run() {
    if (this.running) this.stop();
    const { text, at } = this.editor.chosen();
    if (!text.trim()) return;
    const aborter = (this.aborter = new AbortController());
    this.blocks?.forEach((b) => b.close());
    this.blocks = [];
    this.began = performance.now();
    this.setRunning(true);
    this.editor.clear();
    this.list = h("div.blocks");
    fill(this.pane, this.list);
    this.status.textContent = "Runs";
    remember(text);
    let block = null;
    let failed = false;
    let statements = 0;
    const begin = (l) => {
      block?.end();
      block = new Block(this, l.text || "", !!l.streaming);
      this.blocks.push(block);
      this.list.append(block.el);
      statements++;
    };
    try {
      // The choice of where streams begin is a setting of the session, as SET makes it.
      await lines("POST", "/api/sql", { sql: `SET 'auto.offset.reset' = '${this.from.value}';`, session: this.session }, aborter.signal, () => {});
      await lines("POST", "/api/sql", { sql: text, session: this.session }, aborter.signal, (l) => {
        if (aborter.signal.aborted) return;
        switch (l.type) {
          case "statement": begin(l); break;
          case "columns": block.columns(l.columns || []); break;
          case "rows": block.add(l.rows); break;
          case "notice": block.notice(l.notice); break;
          case "done": block.done(l); if (/^(CREATE|DROP|ALTER)/.test(l.tag || "")) { catalog.stale = true; catalog.load(); } break;
          case "error": {
            failed = true;
            const e = new ApiError(0, l.error);
            if (e.position) e.position += at;
            this.fail(e);
          }
        }
      });
      if (!aborter.signal.aborted) this.status.textContent = failed ? "Failed" : `${plural(statements, "statement")} in ${millis(performance.now() - this.began)}`;
    } catch (e) {
      if (e.name !== "AbortError" && !aborter.signal.aborted) {
        this.fail(e);
        this.status.textContent = e instanceof Unreachable ? "The server has gone: run it again when it is back" : "Failed";
      }
    } finally {
      block?.end();
      if (this.aborter === aborter) this.setRunning(false);
    }
  }

  stop() {
    this.aborter?.abort();
    this.blocks?.forEach((b) => b.end());
    this.status.textContent = `Stopped after ${millis(performance.now() - this.began)}`;
    this.setRunning(false);
  }

  fail(e) {
    this.editor.fail(e);
    const text = this.editor.text;
    let caret = null;
    if (e.position) {
      const chars = [...text];
      const before = chars.slice(0, e.position - 1).join("");
      const line = before.split("\n").length;
      const column = [...before.slice(before.lastIndexOf("\n") + 1)].length;
      const prefix = `LINE ${line}: `;
      caret = h("pre.caret", prefix + (text.split("\n")[line - 1] || ""), "\n", " ".repeat(prefix.length + column), "^");
    }
    this.list.append(h("div.block.failed", h("div.notice.bad", { role: "alert" }, icon("warn"), h("div", h("strong", e.message || describe(e)), e.sqlstate && h("span.since", e.sqlstate), e.detail && h("p", e.detail), caret, e.hint && h("p.remedy", h("span", "Hint: "), e.hint)))));
    say(`Error: ${e.message}`);
  }

  share() { copy(`${location.origin}${location.pathname}#/sql?q=${share(this.editor.chosen().text)}`, "Link copied"); }

  async saved() {
    const list = store.get("saved", []);
    const name = h("input", { type: "text", placeholder: "Name", maxlength: 60 });
    const box = h("ul.picker");
    let el;
    const draw = () => fill(box, list.length ? list.map((s, i) => h("li", h("button.pick", { type: "button", onclick: () => { this.editor.text = s.text; el().close(); this.editor.focus(); } }, h("b", s.name), h("code", s.text.replace(/\s+/g, " ").slice(0, 90))),
      h("button.icon-button", { type: "button", "aria-label": `Forget ${s.name}`, onclick: () => { list.splice(i, 1); store.set("saved", list); draw(); } }, icon("close")))) : h("li.hint", "Nothing saved yet."));
    el = () => box.closest("dialog");
    draw();
    const ok = await dialog({ title: "Saved statements", action: "Save what is in the editor", wide: true, body: [field("Save as", name), box], submit: () => {
      if (!name.value.trim()) throw new Error("Give it a name");
      list.unshift({ name: name.value.trim(), text: this.editor.text });
      store.set("saved", list.slice(0, 200));
      return true;
    } });
    if (ok) toast("Saved in this browser");
  }

  history() {
    const list = store.get("history", []);
    const search = h("input", { type: "search", placeholder: "Search", "aria-label": "Search history" });
    const box = h("ul.picker");
    const draw = () => {
      const found = list.filter((x) => x.text.toLowerCase().includes(search.value.toLowerCase()));
      fill(box, found.length ? found.slice(0, 100).map((x) => h("li", h("button.pick", { type: "button", onclick: () => { this.editor.text = x.text; box.closest("dialog").close(); this.editor.focus(); } }, h("code", x.text.replace(/\s+/g, " ").slice(0, 120)), h("small", time(x.at).slice(0, 19))))) : h("li.hint", "Nothing has been run in this browser."));
    };
    search.addEventListener("input", draw);
    draw();
    dialog({ title: "History", action: "Forget all", danger: true, wide: true, body: [search, box], submit: () => { store.set("history", []); return true; } });
  }

  close() { this.aborter?.abort(); this.blocks?.forEach((b) => b.close()); this.editor.close(); }
}

function remember(text) {
  const list = store.get("history", []).filter((x) => x.text !== text);
  list.unshift({ text, at: Date.now() });
  store.set("history", list.slice(0, historyMost));
}

// Block is what one statement has returned.
class Block {
  constructor(run, text, streaming) {
    Object.assign(this, { run, text, streaming, rows: [], dropped: 0, cols: null });
    this.tag = h("span.tag-text", streaming ? "Streams" : "");
    this.count = h("span.count");
    this.tools = h("div.tools");
    this.body = h("div.block-body");
    this.el = h("section.block", { "aria-label": text.replace(/\s+/g, " ").slice(0, 60) }, h("header", streaming && h("i.dot", { "aria-hidden": "true" }), h("code", text.replace(/\s+/g, " ").trim()), this.tag, this.count, this.tools), this.body);
  }

  columns(cols) {
    this.cols = cols;
    this.grid = new Grid();
    this.grid.follow = this.streaming;
    fill(this.body, this.grid.el);
    this.grid.setColumns(cols);
    const view = (id, label) => h("button", { "aria-pressed": id === "table" ? "true" : "false", dataset: { view: id }, onclick: () => this.show(id) }, label);
    fill(this.tools, h("div.segmented", { role: "group", "aria-label": "Show as" }, view("table", "Table"), view("line", "Line"), view("bar", "Bar")),
      h("button.quiet", { onclick: () => this.download("csv") }, "CSV"), h("button.quiet", { onclick: () => this.download("json") }, "JSON"));
    this.el.classList.add("has-rows");
    this.view = "table";
    this.counts();
  }

  add(rows) {
    for (const r of rows) this.rows.push(r);
    if (this.streaming && this.rows.length > keep) { const over = this.rows.length - keep; this.rows.splice(0, over); this.dropped += over; }
    if (!this.pending) { this.pending = true; requestAnimationFrame(() => { this.pending = false; this.paint(); }); }
  }

  paint() {
    if (!this.grid) return;
    this.counts();
    if (this.view === "table") this.grid.setRows(this.rows, this.dropped);
    else if (!this.charting) { this.charting = true; setTimeout(() => { this.charting = false; this.draw(); }, this.streaming ? 250 : 0); }
    if (this.rows.length) this.grid.el.classList.remove("waits");
  }

  counts() {
    const n = this.rows.length + this.dropped;
    this.count.textContent = `${plural(n, "row")}${this.dropped ? `, the last ${num(keep)} kept` : ""}`;
    this.grid.el.classList.toggle("waits", n === 0 && this.streaming && !this.ended);
  }

  notice(n) {
    this.el.append(h("p.said", { class: n.severity === "WARNING" ? "warn" : "" }, n.message, n.hint && h("span.hint", ` ${n.hint}`)));
  }

  done(l) {
    this.ended = true;
    this.tag.textContent = `${l.tag || "done"} · ${millis(l.ms || 0)}`;
    if (l.cut) this.el.append(h("p.said.warn", `Cut off after ${num(this.rows.length)} rows: add a LIMIT, or a condition.`));
    if (this.grid) { this.paint(); say(`${plural(this.rows.length, "row")}`); }
    this.end();
  }

  end() {
    if (this.streaming && !this.ended) this.tag.textContent = "Stopped";
    this.ended = true;
    this.el.querySelector("header .dot")?.remove();
    if (this.grid) this.counts();
  }

  show(view) {
    this.view = view;
    this.tools.querySelectorAll("[data-view]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.view === view ? "true" : "false"));
    if (view === "table") { fill(this.body, this.grid.el); this.grid.setRows(this.rows, this.dropped); return; }
    this.chart ||= new ResultChart();
    if (!this.axes) {
      const numeric = this.cols.map((c, i) => [c, i]).filter(([c]) => /^(INT|BIGINT|DOUBLE|DECIMAL)/.test(c.type));
      const times = this.cols.findIndex((c) => /TIMESTAMP|DATE/.test(c.type) || /time|windowstart/i.test(c.name));
      // Without a column of times, the one of texts with most different values names the rows.
      const texts = this.cols.map((c, i) => i).filter((i) => !/^(INT|BIGINT|DOUBLE|DECIMAL)/.test(this.cols[i].type));
      const different = (i) => new Set(this.rows.slice(-500).map((r) => cell(r[i]))).size;
      const x = times >= 0 ? times : texts.sort((a, b) => different(b) - different(a))[0] ?? 0;
      const ys = numeric.map(([, i]) => i).filter((i) => i !== x && !/windowend|windowstart/i.test(this.cols[i].name));
      this.axes = { x, y: ys[0] ?? -1 };
      this.xPick = select(this.cols.map((c, i) => [String(i), c.name]), { "aria-label": "Across", value: String(x), onchange: () => { this.axes.x = Number(this.xPick.value); this.draw(); } });
      this.yPick = select([["all", "all numbers"], ...ys.map((i) => [String(i), this.cols[i].name])], { "aria-label": "Up", value: ys.length ? String(ys[0]) : "all", onchange: () => { this.axes.y = this.yPick.value === "all" ? -1 : Number(this.yPick.value); this.draw(); } });
      this.ys = ys;
    }
    fill(this.body, h("div.chart-box", h("div.bar", h("label.inline", "Across ", this.xPick), h("label.inline", "Up ", this.yPick)), this.chart.el));
    this.draw();
  }

  draw() {
    const pick = this.axes.y >= 0 ? [this.axes.y] : this.ys.slice(0, 6);
    if (!pick.length) { fill(this.body, empty("Nothing to draw", "A chart wants a column of numbers.")); return; }
    // Of a changing table the last row of each value across is the present.
    let rows = this.rows;
    if (this.streaming && !/time|window/i.test(this.cols[this.axes.x].name)) rows = [...new Map(rows.map((r) => [cell(r[this.axes.x]), r])).values()];
    if (rows.length > 2000) rows = rows.slice(-2000);
    const number = (v) => (v === null ? null : Number(v));
    this.chart.show(this.view, this.cols[this.axes.x].name, rows.map((r) => r[this.axes.x]), pick.map((i) => ({ label: this.cols[i].name, values: rows.map((r) => number(r[i])) })));
  }

  download(kind) {
    const quote = (v) => { const t = v === null ? "" : cell(v); return /[",\n\r]/.test(t) ? `"${t.replace(/"/g, '""')}"` : t; };
    const text = kind === "csv"
      ? [this.cols.map((c) => quote(c.name)), ...this.rows.map((r) => r.map(quote))].map((r) => r.join(",")).join("\r\n") + "\r\n"
      : JSON.stringify(this.rows.map((r) => Object.fromEntries(this.cols.map((c, i) => [c.name, r[i]]))), null, 2) + "\n";
    const url = URL.createObjectURL(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }));
    h("a", { href: url, download: `result.${kind}` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  close() { this.grid?.close(); this.chart?.close(); }
}
