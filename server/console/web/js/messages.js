// The messages of a topic: by offset, time, key and a condition in SQL, and as they come.
import { h, fill, icon, say } from "./dom.js";
import { get, lines, enc, ApiError } from "./api.js";
import { select, field, errorBox, pretty, copy, tag, empty } from "./ui.js";
import { Table } from "./table.js";
import { num, time, bytes, short } from "./format.js";

const liveMost = 500;

export class Messages {
  constructor(t, signal, params) {
    this.topic = t;
    this.signal = signal;
    this.from = select([["latest", "Newest first"], ["earliest", "Oldest first"], ["offset", "From offset"], ["time", "From time"]], { "aria-label": "Where to begin", value: params.get("from") || "latest" });
    this.at = h("input", { type: "text", "aria-label": "Offset or time", hidden: true });
    this.partition = select([["-1", "All partitions"], ...Array.from({ length: Math.min(t.partitions, 1000) }, (_, i) => [String(i), `Partition ${i}`])], { "aria-label": "Partition", value: params.get("partition") || "-1" });
    this.keyBox = h("input", { type: "search", placeholder: "Key", "aria-label": "Key", value: params.get("key") || "", spellcheck: "false" });
    this.filter = h("input", { type: "text", class: "mono filter", "aria-label": "Condition in SQL", value: params.get("filter") || "", spellcheck: "false", autocomplete: "off", placeholder: this.example() });
    this.live = h("button.toggle", { "aria-pressed": "false", onclick: () => this.toggleLive() }, h("i.dot", { "aria-hidden": "true" }), "Live");
    this.status = h("p.scan", { "aria-live": "polite" });
    this.more = h("button", { hidden: true, onclick: () => this.load(true) }, "More");
    this.fault = h("div");
    this.detail = h("aside.detail", { hidden: true, "aria-label": "Message" });
    const shown = t.declared[0]?.columns.filter((c) => c.role !== "headers").slice(0, 6) || [];
    this.table = new Table({
      label: `Messages of ${t.name}`, key: (m) => `${m.partition}-${m.offset}`, open: (m) => this.open(m),
      columns: [
        { label: "Time", class: "nowrap", cell: (m) => { const t = time(m.timestamp); return [h("span.date", `${t.slice(0, 10)} `), t.slice(11)]; } },
        { label: "Partition", num: true, class: "wide-only", cell: (m) => m.partition },
        { label: "Offset", num: true, cell: (m) => num(m.offset) },
        { label: "Key", class: "mono key", cell: (m) => (m.key ? m.key.text.slice(0, 80) : h("span.null", "none")) },
        { label: "Value", class: "mono clip", cell: (m) => (m.value ? m.value.text.slice(0, 400) : h("span.null", "tombstone")) },
        { label: "Headers", num: true, class: "wide-only", cell: (m) => m.headers.length || "" },
      ],
    });
    this.table.onmove = (m) => { if (!this.detail.hidden) this.open(m); };
    const go = h("button.primary", { type: "submit" }, "Show");
    this.el = h("div.messages", h("form.bar", { role: "search", "aria-label": "Messages", onsubmit: (e) => { e.preventDefault(); this.reload(); } },
      this.from, this.at, this.partition, this.keyBox, h("div.where", h("span", { "aria-hidden": "true" }, "WHERE"), this.filter), go, this.live),
    this.fault, h("div.split", h("div.list", this.table.el, h("div.foot", this.status, this.more)), this.detail));
    this.from.addEventListener("change", () => { this.place(); if (!this.at.hidden) this.at.focus(); else this.reload(); });
    this.partition.addEventListener("change", () => this.reload());
    this.place();
    this.load();
  }

  example() {
    const c = this.topic.declared[0]?.columns.find((x) => !x.role);
    return c ? `${c.name.toLowerCase()} ${/INT|DOUBLE|DECIMAL/.test(c.type) ? "> 10" : "= '…'"}` : "value LIKE '%…%'";
  }

  place() {
    const kind = this.from.value;
    this.at.hidden = kind !== "offset" && kind !== "time";
    if (kind === "time" && this.at.type !== "datetime-local") { this.at.type = "datetime-local"; this.at.step = 1; }
    if (kind === "offset") { this.at.type = "text"; this.at.inputMode = "numeric"; this.at.placeholder = "offset"; }
  }

  query() {
    const q = { from: this.from.value, partition: this.partition.value, key: this.keyBox.value, filter: this.filter.value, limit: 50 };
    if (q.from === "offset") q.at = this.at.value || "0";
    if (q.from === "time") q.at = this.at.value ? new Date(this.at.value).getTime() : 0;
    return q;
  }

  reload() { this.stopLive(); return this.load(); }

  async load(more) {
    const mine = (this.asked = {});
    this.more.disabled = true;
    if (!more) { this.scanned = 0; this.messages = []; }
    try {
      const p = await get(`/api/topics/${enc(this.topic.name)}/messages`, { ...this.query(), cursor: more ? this.cursor : "" }, this.signal);
      if (this.asked !== mine) return;
      fill(this.fault);
      this.messages = more ? this.messages.concat(p.messages) : p.messages;
      this.cursor = p.cursor || "";
      this.scanned += p.scanned;
      this.table.empty = p.total ? (p.reason === "time" ? empty("Nothing found yet", "The scan stopped after two seconds: go on with More.") : empty("Nothing matches", "No message fits what was asked for.")) : empty("No messages", "Nothing has been written to this topic, or retention has taken it.");
      this.table.show(this.messages);
      const done = p.total ? Math.min(100, Math.round((100 * (p.total - p.left)) / p.total)) : 100;
      this.status.textContent = `${num(this.messages.length)} shown · ${short(this.scanned)} looked at of ${short(p.total)}${p.reason === "time" ? `, ${done} % of the way: stopped after 2 s` : ""}${p.warning ? ` · ${p.warning}` : ""}`;
      this.more.hidden = !this.cursor;
      this.more.textContent = p.reason === "time" ? "Go on" : "More";
    } catch (e) {
      if (e.name === "AbortError" || this.asked !== mine) return;
      this.problem(e);
    } finally { this.more.disabled = false; }
  }

  problem(e) {
    const text = this.filter.value;
    fill(this.fault, errorBox(e), e instanceof ApiError && e.position > 0 && text && h("pre.caret", { "aria-hidden": "true" }, `WHERE ${text}\n${" ".repeat(5 + e.position)}^`));
  }

  toggleLive() { if (this.stopper) this.stopLive(); else this.startLive(); }

  async startLive() {
    this.asked = {};
    this.stopper = new AbortController();
    const stop = this.stopper;
    this.signal.addEventListener("abort", () => stop.abort(), { once: true });
    this.live.setAttribute("aria-pressed", "true");
    this.messages = [];
    this.more.hidden = true;
    let seen = 0;
    let skipped = 0;
    this.table.empty = empty("Waiting for messages", "They are shown as they are written.");
    this.table.show([]);
    this.status.textContent = "Live: nothing yet";
    say("Live");
    const q = new URLSearchParams(Object.entries({ partition: this.partition.value, key: this.keyBox.value, filter: this.filter.value }).filter(([, v]) => v !== ""));
    try {
      await lines("GET", `/api/topics/${enc(this.topic.name)}/tail?${q}`, undefined, stop.signal, (l) => {
        if (l.type === "error") throw new ApiError(0, l.error);
        if (l.type !== "messages") return;
        seen += (l.messages || []).length;
        skipped += l.skipped || 0;
        this.messages = (l.messages || []).reverse().concat(this.messages).slice(0, liveMost);
        this.table.show(this.messages);
        this.status.textContent = `Live: ${num(seen)} messages${skipped ? `, ${short(skipped)} not shown: more came than can be followed` : ""}`;
      });
    } catch (e) {
      if (e.name !== "AbortError") this.problem(e);
    }
    if (this.stopper === stop) this.stopLive();
  }

  stopLive() {
    this.stopper?.abort();
    this.stopper = null;
    this.live.setAttribute("aria-pressed", "false");
  }

  async open(m) {
    this.detail.hidden = false;
    this.el.querySelector(".split").classList.add("open");
    const at = `${m.partition}-${m.offset}`;
    this.opened = at;
    const part = (title, c, none) => h("section", h("header", h("h3", title), c && tag(c.format.replace("KAFKA_", "").toLowerCase(), "muted"), c && h("span.hint", bytes(c.size)),
      c && h("button.icon-button", { "aria-label": `Copy the ${title.toLowerCase()}`, onclick: () => copy(c.text, `${title} copied`) }, icon("copy"))),
    c ? h("pre.code", c.format === "JSON" ? pretty(c.text) : c.text, c.cut && h("span.null", "\n… cut off")) : h("p.null", none));
    const draw = (x) => fill(this.detail,
      h("header.detail-head", h("h2", `Offset ${num(x.offset)}`), h("span.hint", `partition ${x.partition}`), h("button.icon-button", { "aria-label": "Close the message", onclick: () => this.closeDetail() }, icon("close"))),
      h("p.when", time(x.timestamp)),
      x.row_error && h("div.notice.warn", icon("warn"), h("div", h("strong", `Not readable as ${this.topic.declared[0]?.name}`), h("p", x.row_error))),
      part("Key", x.key, "No key"), part("Value", x.value, "Tombstone: no value"),
      x.headers.length > 0 && h("section", h("header", h("h3", "Headers")), h("dl.pairs", x.headers.map((hd) => [h("dt", hd.key), h("dd.mono", hd.value ?? h("span.null", "null"))]))),
      x.row && h("section", h("header", h("h3", "Columns"), tag(this.topic.declared[0]?.name || "", "muted")), h("dl.pairs", Object.entries(x.row).map(([k, v]) => [h("dt", k), h("dd.mono", v === null ? h("span.null", "NULL") : typeof v === "object" ? JSON.stringify(v) : String(v))]))));
    draw(m);
    if (m.value?.cut || m.key?.cut) {
      try {
        const whole = await get(`/api/topics/${enc(this.topic.name)}/messages/${m.partition}/${m.offset}`, null, this.signal);
        if (this.opened === at) draw(whole);
      } catch { /* what is shown is the beginning of it */ }
    }
  }

  closeDetail() { this.detail.hidden = true; this.opened = null; this.el.querySelector(".split").classList.remove("open"); }
  close() { this.stopLive(); }
}
