// Numbers, sizes and times as people read them.

const whole = new Intl.NumberFormat("en-US");
export const num = (n) => (typeof n === "number" ? whole.format(n) : n ?? "");

// short is 12,345 as 12.3k.
export function short(n) {
  const a = Math.abs(n);
  if (a < 10_000) return Number.isInteger(n) ? whole.format(n) : n.toFixed(a < 10 ? 1 : 0);
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (a >= size) return `${trim(n / size)}${unit}`;
  }
  return whole.format(n);
}

const trim = (n) => (n >= 100 ? n.toFixed(0) : n.toFixed(1).replace(/\.0$/, ""));

export function bytes(n) {
  if (n < 0) return "–";
  if (n < 1024) return `${n} B`;
  let i = -1;
  do { n /= 1024; i++; } while (n >= 1024 && i < 4);
  return `${trim(n)} ${["KiB", "MiB", "GiB", "TiB", "PiB"][i]}`;
}

const two = (n) => String(n).padStart(2, "0");
// time is local, to the millisecond; with the date when it is another day.
export function time(ms, date = true) {
  if (!ms) return "–";
  const d = new Date(ms);
  const clock = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return date ? `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clock}.${String(d.getMilliseconds()).padStart(3, "0")}` : clock;
}

export function ago(ms, now) {
  const s = Math.max(0, Math.round((now - ms) / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

export function millis(ms) {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export const plural = (n, one, many = `${one}s`) => `${num(n)} ${n === 1 ? one : many}`;

// cell is a value of a result as text.
export function cell(v) {
  if (v === null || v === undefined) return "NULL";
  return typeof v === "object" ? JSON.stringify(v) : String(v);
}

// span is a length of time in the largest unit that divides it.
export function span(ms) {
  for (const [unit, size] of [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]]) if (ms >= size && ms % size === 0) return `${whole.format(ms / size)} ${unit}`;
  return `${whole.format(ms)} ms`;
}
