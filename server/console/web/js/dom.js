// Elements without a framework: h makes them, and text never becomes markup.

const svgNames = new Set(["svg", "path", "g", "line", "circle", "rect", "polyline", "marker", "defs", "title"]);

// h("button.primary", {onclick}, "Run"): attributes that are functions are listeners, true is
// present, false, null and undefined are absent; children may be nested, and empty.
export function h(spec, ...rest) {
  const [tag, ...classes] = spec.split(".");
  const el = svgNames.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag || "div");
  if (classes.length) el.setAttribute("class", classes.join(" "));
  if (tag === "button") el.type = "button"; // one that sends a form says so
  let children = rest;
  const first = rest[0];
  if (first && typeof first === "object" && !(first instanceof Node) && !Array.isArray(first)) {
    children = rest.slice(1);
    for (const [name, value] of Object.entries(first)) set(el, name, value);
  }
  append(el, children);
  return el;
}

function set(el, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (typeof value === "function") el.addEventListener(name.replace(/^on/, ""), value);
  else if (name === "style") for (const [k, v] of Object.entries(value)) el.style.setProperty(k, v);
  else if (name === "dataset") Object.assign(el.dataset, value);
  else if (name === "value" || name === "checked" || name === "selected") el[name] = value;
  else if (name === "class") el.setAttribute("class", [el.getAttribute("class"), value].filter(Boolean).join(" "));
  else el.setAttribute(name, value === true ? "" : value);
}

function append(el, children) {
  for (const c of children) {
    if (c === null || c === undefined || c === false || c === "") continue;
    if (Array.isArray(c)) append(el, c);
    else el.append(c instanceof Node ? c : String(c));
  }
}

export function fill(el, ...children) {
  el.replaceChildren();
  append(el, children);
  return el;
}

// setText changes text only where it differs, so that nothing is read out or selected anew.
export function setText(el, text) {
  text = String(text);
  if (el.textContent !== text) el.textContent = text;
}

// say tells those who listen to a screen reader.
export function say(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  requestAnimationFrame(() => { live.textContent = text; });
}

let ids = 0;
export const uid = (prefix) => `${prefix}-${++ids}`;

const paths = {
  overview: "M3 13h4l3-9 4 16 3-7h4",
  topics: "M4 6h16M4 12h16M4 18h10",
  groups: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm8 0a3 3 0 1 0 0-6M2 19c0-3 3-5 6-5s6 2 6 5M17 14c3 0 5 2 5 5",
  queries: "M5 4h5v5H5zM14 15h5v5h-5zM7.500 9v5a3 3 0 0 0 3 3H14",
  sql: "m5 8 4 4-4 4M12 17h7",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm9 2-4-4",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.500 1.500M17.500 17.500 19 19M19 5l-1.500 1.500M6.500 17.500 5 19",
  moon: "M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10Z",
  help: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 18h.01",
  close: "m6 6 12 12M18 6 6 18",
  play: "M7 5v14l11-7z",
  stop: "M6 6h12v12H6z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  left: "m14 6-6 6 6 6",
  right: "m10 6 6 6-6 6",
  check: "m5 13 4 4L19 7",
  warn: "M12 4 2 20h20L12 4Zm0 6v5M12 17.500h.01",
  copy: "M8 8h11v11H8zM5 16V5h11",
  database: "M12 8c4 0 7-1 7-2.500S16 3 12 3 5 4 5 5.500 8 8 12 8Zm7-2.500v13c0 1.500-3 2.500-7 2.500s-7-1-7-2.500v-13M5 12c0 1.500 3 2.500 7 2.500s7-1 7-2.500",
};

export function icon(name) {
  return h("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, h("path", { d: paths[name] }));
}
