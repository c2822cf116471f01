// Charts over time, and of results. Each says in words what it shows.
import uPlot from "../vendor/uplot.js";
import { h, say } from "./dom.js";
import { short } from "./format.js";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const palette = () => ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"].map(css);
const live = new Set();

document.documentElement.addEventListener("themechange", () => requestAnimationFrame(() => live.forEach((c) => c.redraw())));

const seconds = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const steps = Array.from({ length: 16 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat();

function axes(format, xTime, size, wholeOnly) {
  const grid = { stroke: css("--grid"), width: 1 };
  const common = { stroke: css("--text-3"), font: `11px ${css("--font")}`, grid, ticks: { show: false } };
  return [
    { ...common, grid: { show: false }, size: 22, space: 70, ...(wholeOnly ? { incrs: seconds } : {}), ...(xTime ? { values: (_, ts) => ts.map(clock) } : {}) },
    { ...common, size: size || 46, space: 28, ...(wholeOnly ? { incrs: steps } : {}), values: (_, vs) => vs.map((v) => format(v)) },
  ];
}
const two = (n) => String(n).padStart(2, "0");
function clock(s) { const d = new Date(s * 1000); return d.getSeconds() ? `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}` : `${two(d.getHours())}:${two(d.getMinutes())}`; }

// Window is the part of the last hour that charts show: the newest minutes of it, or a part that was
// dragged out in one of them.
export class Window {
  constructor() {
    this.charts = new Set();
    this.last = 3600;
    this.buttons = [[300, "5 min"], [900, "15 min"], [3600, "Hour"]].map(([s, label]) => [s, h("button", { onclick: () => this.show(s) }, label)]);
    this.part = h("span.hint", { "aria-live": "polite" });
    this.el = h("div.bar.window", h("div.segmented", { role: "group", "aria-label": "Time that the charts show" }, this.buttons.map(([, b]) => b)), this.part);
    this.draw();
  }

  // show takes the newest seconds, or {min, max} in seconds since 1970.
  show(what) {
    this.last = typeof what === "number" ? what : 0;
    this.fixed = this.last ? null : what;
    this.draw();
    if (this.fixed) say(this.part.textContent);
    for (const c of this.charts) c.rescale();
  }

  draw() {
    for (const [s, b] of this.buttons) b.setAttribute("aria-pressed", s === this.last ? "true" : "false");
    this.part.textContent = this.fixed ? `${clock(Math.round(this.fixed.min))} to ${clock(Math.round(this.fixed.max))}` : "Drag in a chart for a part of it.";
  }

  // range is what a chart shows whose samples lie between min and max.
  range(min, max) {
    if (this.fixed) return [this.fixed.min, this.fixed.max];
    return [Math.max(min, max - this.last), max];
  }
}

// TimeChart: series are [{key, label}]; update gives {times, values by key}.
export class TimeChart {
  constructor({ title, series, format = short, height = 112, stacked = false, sync, note, axis = 48, window }) {
    Object.assign(this, { title, series, format, height, stacked, sync, axis, window });
    window?.charts.add(this);
    this.now = series.map((s, i) => h("b", "–"));
    this.box = h("div.plot", { role: "img" });
    this.el = h("section.chart", h("header", h("h2", title), h("div.legend", series.map((s, i) => h("span", h(`i.c${i + 1}`, { "aria-hidden": "true" }), series.length > 1 && s.label, this.now[i])))), note && h("p.note", note), this.box);
    this.data = null;
    live.add(this);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.box);
  }

  update(times, values) {
    const xs = times.map((t) => t / 1000);
    const ys = this.series.map((s) => values[s.key] || new Array(times.length).fill(0));
    this.raw = ys;
    this.data = [xs, ...(this.stacked ? stack(ys) : ys)];
    ys.forEach((y, i) => { this.now[i].textContent = y.length ? this.format(y[y.length - 1]) : "–"; });
    this.box.setAttribute("aria-label", `${this.title}: ${this.series.map((s, i) => words(s.label, ys[i], this.format)).join("; ")}`);
    if (this.plot) this.plot.setData(this.data);
    else this.fit();
  }

  fit() {
    const width = Math.floor(this.box.clientWidth);
    if (!width || !this.data) return;
    if (this.plot) { if (this.plot.width !== width) this.plot.setSize({ width, height: this.height }); return; }
    const colors = palette();
    this.plot = new uPlot({
      width, height: this.height, legend: { show: false }, padding: [6, 8, 0, 0],
      cursor: { sync: this.sync ? { key: this.sync } : undefined, points: { size: 5 }, drag: { x: Boolean(this.window), y: false, setScale: false }, bind: { dblclick: () => () => this.window?.show(3600) } },
      scales: { x: { time: true, range: (_, min, max) => (this.window && max > min ? this.window.range(min, max) : [min, max]) }, y: { range: (_, min, max) => [0, max > 0 ? max * 1.12 : 1] } },
      axes: axes(this.format, true, this.axis, true), hooks: { setCursor: [(u) => this.hover(u)], setSelect: [(u) => this.select(u)] },
      series: [{}, ...this.series.map((s, i) => ({ stroke: colors[i], width: 1.5, fill: this.series.length === 1 || this.stacked ? `${colors[i]}22` : undefined, points: { show: false } }))],
    }, this.data, this.box);
  }

  hover(u) {
    const i = u.cursor.idx;
    const at = i === null || i === undefined ? (this.raw[0]?.length || 0) - 1 : i;
    this.raw.forEach((y, n) => { this.now[n].textContent = y.length ? this.format(y[at] ?? 0) : "–"; });
  }

  // select shows the part that was dragged out; the shadow of it in other charts is none of theirs.
  select(u) {
    if (u.select.width < 4) return;
    const min = u.posToVal(u.select.left, "x");
    const max = u.posToVal(u.select.left + u.select.width, "x");
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (u.over.matches(":hover")) this.window?.show({ min, max });
  }

  rescale() { if (this.plot) this.plot.setData(this.data); }
  redraw() { this.plot?.destroy(); this.plot = null; this.fit(); }
  close() { this.plot?.destroy(); live.delete(this); this.window?.charts.delete(this); this.watch.disconnect(); }
}

function stack(ys) {
  const out = [];
  ys.forEach((y, i) => out.push(y.map((v, n) => v + (i ? out[i - 1][n] : 0))));
  return out;
}

function words(label, y, format) {
  if (!y.length) return `${label} has no samples yet`;
  return `${label} ${format(y[y.length - 1])} now, ${format(Math.min(...y))} to ${format(Math.max(...y))}`;
}

// ResultChart draws the columns of a result as lines or bars.
export class ResultChart {
  constructor() {
    this.box = h("div.plot", { role: "img" });
    this.legend = h("div.legend");
    this.el = h("div.result-chart", this.legend, this.box);
    live.add(this);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.box);
  }

  // show: kind is line or bar; xs are labels or numbers, ys [{label, values}].
  show(kind, x, xs, ys) {
    this.state = { kind, x, xs, ys };
    this.draw();
  }

  draw() {
    const width = Math.floor(this.box.clientWidth);
    const height = Math.max(180, Math.floor(this.box.clientHeight));
    if (!this.state || !width) return;
    const { kind, x, xs, ys } = this.state;
    this.plot?.destroy();
    const colors = palette();
    const key = `${kind} ${x} ${ys.map((s) => s.label)}`;
    if (key !== this.zoomedOf) this.zoomed = null;
    this.zoomedOf = key;
    this.legend.replaceChildren(...(this.zoomed ? [h("button.quiet", { onclick: () => { this.zoomed = null; this.draw(); } }, "Show all")] : []), ...ys.map((s, i) => h("span", h(`i.c${i % 6 + 1}`, { "aria-hidden": "true" }), s.label)));
    this.box.setAttribute("aria-label", `${kind === "bar" ? "Bars" : "Lines"} of ${ys.map((y) => words(y.label, y.values.map((v) => v ?? 0), short)).join("; ")} by ${x}`);
    const time = xs.length > 0 && xs.every((v) => typeof v === "number" && v > 1e11 && v < 1e14) || xs.every((v) => typeof v === "string" && /^\d{4}-\d\d-\d\d/.test(v)) && xs.length > 0;
    const numeric = !time && kind === "line" && xs.every((v) => typeof v === "number");
    const at = time ? xs.map((v) => (typeof v === "number" ? v : Date.parse(/[zZ]$/.test(v) ? v : `${v.replace(" ", "T")}Z`)) / 1000) : numeric ? xs : xs.map((_, i) => i);
    const order = at.map((_, i) => i).sort((a, b) => at[a] - at[b]);
    const data = [order.map((i) => at[i]), ...ys.map((y) => order.map((i) => y.values[i]))];
    const ax = axes(short, time, 52);
    if (!time && !numeric) {
      const most = Math.max(1, Math.floor(width / 72));
      const step = Math.max(1, Math.ceil(xs.length / most));
      ax[0] = { ...ax[0], splits: () => xs.map((_, i) => i).filter((i) => i % step === 0), values: (_, v) => v.map((i) => String(xs[i] ?? "").slice(0, 14)) };
    }
    const n = ys.length;
    this.plot = new uPlot({
      width, height, legend: { show: false }, padding: [10, 16, 0, 4], cursor: { drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => { this.zoomed = null; this.draw(); } } },
      hooks: { setSelect: [(u) => { if (u.select.width >= 4) { this.zoomed = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]; this.draw(); } }] },
      scales: { x: { time, range: this.zoomed ? () => this.zoomed : kind === "bar" || xs.length === 1 ? (_, a, b) => { const pad = xs.length > 1 ? (b - a) / (xs.length - 1) * 0.6 : 0.6; return [a - pad, b + pad]; } : undefined },
        y: { range: (_, lo, hi) => [Math.min(0, lo ?? 0), (hi ?? 0) > 0 ? hi * 1.08 : hi === lo ? 1 : Math.max(0, hi ?? 1)] } },
      axes: ax,
      series: [{}, ...ys.map((s, i) => ({ label: s.label, stroke: colors[i % 6], width: kind === "bar" ? 1 : 1.75, fill: kind === "bar" ? `${colors[i % 6]}bb` : n === 1 ? `${colors[i % 6]}1c` : undefined,
        paths: kind === "bar" ? uPlot.paths.bars({ size: [0.7 / n, 60], align: n > 1 ? (i === 0 ? -1 : 1) : 0, radius: 0.08 }) : undefined, points: { show: kind === "line" && xs.length < 60 } }))],
    }, data, this.box);
  }

  redraw() { this.draw(); }
  close() { this.plot?.destroy(); live.delete(this); this.watch.disconnect(); }
}
