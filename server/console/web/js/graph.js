// A query as a graph of its operators: rows flow from its sources to its result.
import dagre from "../vendor/dagre.js";
import { h, fill, icon, setText } from "./dom.js";
import { short, bytes, num, span } from "./format.js";

const titles = {
  source: "Source", filter: "Filter", project: "Project", flatMap: "Flat map", rekey: "Re-key", repartition: "Repartition",
  aggregate: "Aggregate", suppress: "Suppress", materialize: "View", streamTableJoin: "Join stream–table", streamStreamJoin: "Join streams",
  tableTableJoin: "Join tables", foreignKeyJoin: "Join by foreign key",
};
const lower = Object.fromEntries(Object.entries(titles).map(([k, v]) => [k.toLowerCase(), v]));
const title = (op) => lower[op.toLowerCase().replace(/[^a-z]/g, "")] || op;

// detail is what an operator does, without its name and state.
function detail(o) {
  let t = o.text.replace(/^\w+:?\s*/, "").replace(/\s*state=\S+$/, "");
  if (o.topic && /^source$/i.test(o.op)) t = `topic ${o.topic}`;
  return t.replace(/`/g, "").replace(/(\d{4,}) ms/g, (_, n) => span(Number(n)));
}

const W = 216;
const H = 92;

export class Graph {
  constructor() {
    this.inner = h("div.graph-inner");
    this.canvas = h("div.graph-canvas", this.inner);
    this.view = h("div.graph", { tabindex: "0", role: "group", "aria-label": "Operators of the query, from its sources to its result", onkeydown: (e) => this.keys(e), onpointerdown: (e) => this.drag(e) }, this.canvas);
    this.view.addEventListener("wheel", (e) => { if (e.ctrlKey || e.metaKey) { e.preventDefault(); this.zoomTo(this.zoom * Math.exp(-e.deltaY / 300), e); } }, { passive: false });
    this.level = h("span", { "aria-live": "polite" });
    this.el = h("div.graph-box", this.view, h("div.graph-tools", { role: "group", "aria-label": "Size of the graph" },
      h("button.icon-button", { "aria-label": "Smaller", title: "Smaller (−)", onclick: () => this.zoomTo(this.zoom / 1.25) }, icon("minus")), this.level,
      h("button.icon-button", { "aria-label": "Larger", title: "Larger (+)", onclick: () => this.zoomTo(this.zoom * 1.25) }, icon("plus")),
      h("button.quiet", { title: "All of it (0)", onclick: () => this.whole() }, "Fit")));
    this.chosen = 0; // the zoom that was asked for; 0: what fits
    this.shape = "";
    this.dir = "";
    this.watch = new ResizeObserver(() => { if (this.q) { const dir = this.direction(); if (dir !== this.dir) { this.shape = ""; this.update(this.q, true); } else this.fit(); } });
    this.watch.observe(this.view);
  }

  // direction is from left to right where that can be read, else down.
  direction() {
    const room = this.view.clientWidth;
    return room && (room < 720 || this.across && room / this.across < 0.8) ? "TB" : "LR";
  }

  update(q, again) {
    this.q = q;
    const shape = JSON.stringify(q.operators.map((o) => [o.id, o.inputs, o.op]));
    if (shape !== this.shape) { this.shape = shape; this.layout(q); }
    const dt = this.at && !again ? (q.at - this.at) / 1000 : 0;
    if (dt > 0 || !this.before) this.figures(q, dt);
    if (!again) {
      this.before = new Map(q.operators.map((o) => [o.id, o]));
      this.at = q.at;
    }
  }

  layout(q) {
    this.across = place(q, "LR").graph().width;
    this.dir = this.direction();
    const g = place(q, this.dir);
    const { width, height } = g.graph();
    this.cards = new Map();
    this.edges = new Map();
    const paths = [];
    const labels = [];
    for (const e of g.edges()) {
      const pts = g.edge(e).points;
      const path = h("path.edge", { d: curve(pts, this.dir), "marker-end": "url(#arrow)" });
      const mid = pts.length <= 3 ? { x: (pts[0].x + pts.at(-1).x) / 2, y: (pts[0].y + pts.at(-1).y) / 2 } : pts[Math.floor(pts.length / 2)];
      const label = h("div.edge-label", { style: { left: `${mid.x}px`, top: `${mid.y}px` } });
      this.edges.set(Number(e.v), { path, label });
      paths.push(path);
      labels.push(label);
    }
    const nodes = q.operators.slice().reverse().map((o) => {
      const n = g.node(String(o.id));
      const parts = { rows: h("span.rows-s"), state: h("span.op-state"), lag: h("span.op-lag"), bar: h("i"), time: h("span.op-time") };
      const card = h("div.op", { tabindex: "0", class: o.stateful ? "stateful" : "", style: { left: `${n.x - W / 2}px`, top: `${n.y - H / 2}px`, width: `${W}px`, height: `${H}px` }, title: o.text },
        h("div.op-head", h("b", title(o.op)), parts.rows), h("div.op-text", detail(o)), h("div.op-foot", parts.state, parts.lag, parts.time), h("div.op-bar", { "aria-hidden": "true" }, parts.bar));
      this.cards.set(o.id, { card, ...parts });
      return card;
    });
    fill(this.inner, h("svg.edges", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
      h("defs", h("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, h("path.arrow-head", { d: "M0 0 8 4 0 8z" }))), paths), labels, nodes);
    this.inner.classList.toggle("down", this.dir === "TB");
    this.size = { width, height };
    this.fit();
  }

  // fit makes the graph smaller where it does not fit, as far as it can be read then, or as large as
  // was asked for.
  fit() {
    const { width, height } = this.size;
    const room = this.view.clientWidth - 4;
    const zoom = this.chosen || (room > 0 ? Math.max(0.68, Math.min(1, room / width)) : 1);
    this.zoom = zoom;
    setText(this.level, `${Math.round(100 * zoom)} %`);
    this.canvas.style.setProperty("width", `${Math.ceil(width * zoom)}px`);
    this.canvas.style.setProperty("height", `${Math.ceil(height * zoom)}px`);
    this.inner.style.setProperty("transform", zoom !== 1 ? `scale(${zoom})` : "none");
    this.inner.style.setProperty("width", `${width}px`);
    this.inner.style.setProperty("height", `${height}px`);
  }

  // zoomTo keeps the point under the pointer, or the middle, where it is.
  zoomTo(zoom, at) {
    const box = this.view.getBoundingClientRect();
    const x = at ? at.clientX - box.left : box.width / 2;
    const y = at ? at.clientY - box.top : box.height / 2;
    const was = this.zoom;
    this.chosen = Math.max(0.1, Math.min(2.5, zoom));
    this.fit();
    const by = this.zoom / was;
    this.view.scrollLeft = (this.view.scrollLeft + x) * by - x;
    this.view.scrollTop = (this.view.scrollTop + y) * by - y;
  }

  // whole shows all of the graph, however small that makes it.
  whole() {
    const { width, height } = this.size;
    this.chosen = Math.max(0.1, Math.min(1, (this.view.clientWidth - 4) / width, (this.view.clientHeight - 4) / height));
    this.fit();
  }

  keys(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "+" || e.key === "=") this.zoomTo(this.zoom * 1.25);
    else if (e.key === "-") this.zoomTo(this.zoom / 1.25);
    else if (e.key === "0") this.whole();
    else return;
    e.preventDefault();
  }

  // drag moves the graph with a mouse; fingers scroll it anyway.
  drag(e) {
    if (e.pointerType !== "mouse" || e.button !== 0 || e.target.closest(".op")) return;
    const { view } = this;
    const from = { x: e.clientX + view.scrollLeft, y: e.clientY + view.scrollTop };
    view.setPointerCapture(e.pointerId);
    view.classList.add("dragged");
    const move = (m) => { view.scrollLeft = from.x - m.clientX; view.scrollTop = from.y - m.clientY; };
    view.addEventListener("pointermove", move);
    view.addEventListener("lostpointercapture", () => { view.removeEventListener("pointermove", move); view.classList.remove("dragged"); }, { once: true });
  }

  figures(q, dt) {
    const was = (o) => this.before?.get(o.id) || o;
    const busy = q.operators.map((o) => (dt ? Math.max(0, o.busy_us - was(o).busy_us) / 1e6 / dt : 0));
    const total = q.operators.reduce((n, o) => n + o.busy_us, 0) || 1;
    q.operators.forEach((o, i) => {
      const c = this.cards.get(o.id);
      if (!c) return;
      const rate = dt ? Math.max(0, o.rows_out - was(o).rows_out) / dt : 0;
      const share = dt && busy.some((b) => b > 0.0005) ? busy[i] : null;
      setText(c.rows, `${short(Math.round(rate))}/s`);
      setText(c.state, o.stateful ? `${short(o.state_keys)} keys · ${bytes(o.state_bytes)}` : `${short(o.rows_out)} rows`);
      setText(c.lag, o.topic ? `lag ${short(o.lag)}` : "");
      setText(c.time, o.busy_us ? `${Math.round((100 * o.busy_us) / total)} % time` : "");
      c.bar.style.setProperty("width", `${Math.min(100, (share ?? 0) * 100)}%`);
      c.card.classList.toggle("hot", o.lag > 0 || rate > 0);
      c.card.setAttribute("aria-label", `${title(o.op)}, ${detail(o)}. ${num(o.rows_out)} rows out, ${short(Math.round(rate))} a second.${o.stateful ? ` State of ${num(o.state_keys)} keys, ${bytes(o.state_bytes)}.` : ""}${o.topic ? ` Lag ${num(o.lag)}.` : ""} ${Math.round((100 * o.busy_us) / total)} percent of the time of the query.`);
      const e = this.edges.get(o.id);
      if (e) { setText(e.label, `${short(o.rows_out)}`); e.path.classList.toggle("flows", rate > 0); }
    });
  }

  close() { this.watch.disconnect(); }
}

// place lays the operators out in a direction.
function place(q, dir) {
  const g = new dagre.graphlib.Graph();
  g.setGraph({ rankdir: dir, nodesep: 22, ranksep: dir === "LR" ? 54 : 34, marginx: 12, marginy: 12 });
  g.setDefaultEdgeLabel(() => ({}));
  for (const o of q.operators) g.setNode(String(o.id), { width: W, height: H });
  for (const o of q.operators) for (const i of o.inputs) g.setEdge(String(i), String(o.id));
  dagre.layout(g);
  return g;
}

function curve(p, dir) {
  const a = p[0];
  const b = p[p.length - 1];
  if (p.length <= 3 || dir === "LR" && Math.abs(a.y - b.y) < 2) {
    const m = dir === "LR" ? (a.x + b.x) / 2 : (a.y + b.y) / 2;
    return dir === "LR" ? `M${a.x} ${a.y}C${m} ${a.y} ${m} ${b.y} ${b.x} ${b.y}` : `M${a.x} ${a.y}C${a.x} ${m} ${b.x} ${m} ${b.x} ${b.y}`;
  }
  return `M${p.map((q) => `${q.x} ${q.y}`).join("L")}`;
}
