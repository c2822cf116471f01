// The shell of the console: navigation, pages by the hash of the address, keys, theme, and what is
// shown while the server is away.
import { h, fill, icon, say } from "./dom.js";
import { session, onServer, server } from "./api.js";
import { errorBox, toast, describe } from "./ui.js";
import { palette, help } from "./palette.js";
import { overview } from "./overview.js";
import { topics } from "./topics.js";
import { topic } from "./topic.js";
import { groups, group } from "./groups.js";
import { queries, query } from "./queries.js";
import { sql } from "./sql.js";

const routes = [
  [/^\/?$/, "overview", overview],
  [/^\/topics$/, "topics", topics],
  [/^\/topics\/([^/]+)(?:\/(\w+))?$/, "topics", topic],
  [/^\/groups$/, "groups", groups],
  [/^\/groups\/([^/]+)$/, "groups", group],
  [/^\/queries$/, "queries", queries],
  [/^\/queries\/([^/]+)(?:\/(\w+))?$/, "queries", query],
  [/^\/sql$/, "sql", sql],
];
export const sections = [
  ["overview", "Overview", "#/"], ["topics", "Topics", "#/topics"], ["groups", "Groups", "#/groups"],
  ["queries", "Queries", "#/queries"], ["sql", "SQL", "#/sql"],
];

const main = h("main", { id: "main", tabindex: "-1" });
const banner = h("div.banner", { role: "alert", hidden: true });
const links = sections.map(([id, label, href]) => h("a", { href, dataset: { id } }, icon(id), h("span", label)));
const node = h("div.node");
const themeButton = h("button.icon-button", { onclick: toggleTheme });

function toggleTheme() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  tailraceTheme.choose(next);
  showTheme();
  say(`${next} theme`);
}
function showTheme() {
  const dark = document.documentElement.dataset.theme === "dark";
  fill(themeButton, icon(dark ? "sun" : "moon"));
  themeButton.setAttribute("aria-label", dark ? "Light theme" : "Dark theme");
  themeButton.title = dark ? "Light theme" : "Dark theme";
}

fill(document.getElementById("app"),
  h("div.side",
    h("a.brand", { href: "#/", "aria-label": "Tailrace" }, h("img", { src: new URL("../icon.svg", import.meta.url).href, alt: "", width: 24, height: 24 }), h("span", "Tailrace")),
    h("nav.main-nav", { "aria-label": "Main" }, links),
    h("button.find", { onclick: () => palette(), "aria-label": "Find and do" }, icon("search"), h("span", "Find"), h("kbd", "Ctrl K")),
    h("div.side-foot", node, h("div.side-buttons", themeButton,
      h("button.icon-button", { onclick: help, "aria-label": "Keys", title: "Keys (?)" }, icon("help"))))),
  h("div.stage", banner, main));
showTheme();
document.documentElement.addEventListener("themechange", showTheme);

// A page is made by a function of its place; it may have refresh, keys and close.
let page = null;
let here = null;
let timer = 0;

// place tells the parts and parameters of the address.
function place() {
  const [path, q] = location.hash.replace(/^#/, "").split("?");
  return { path: path || "/", params: new URLSearchParams(q || "") };
}

// go changes parameters of the address without leaving the page.
export function setParams(params) {
  const { path } = place();
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== null && v !== "") q.set(k, v);
  const text = q.toString();
  history.replaceState(null, "", `#${path}${text ? `?${text}` : ""}`);
  here = location.hash;
}

async function show() {
  if (location.hash === here && page) return;
  const first = here === null;
  here = location.hash;
  const { path, params } = place();
  clearTimeout(timer);
  page?.close?.();
  page?.aborter.abort();
  const found = routes.map(([re, id, make]) => [path.match(re), id, make]).find(([m]) => m);
  links.forEach((a) => { if (found && a.dataset.id === found[1]) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current"); });
  const aborter = new AbortController();
  const mine = { aborter };
  page = mine;
  if (!found) {
    fill(main, h("div.empty", h("h1", "Nothing here"), h("p", "There is no such page."), h("a.button", { href: "#/" }, "Overview")));
    return;
  }
  document.title = `${found[1] === "sql" ? "SQL" : found[1][0].toUpperCase() + found[1].slice(1)} · Tailrace`;
  try {
    const made = await found[2]({ args: found[0].slice(1).map((a) => a && decodeURIComponent(a)), params, signal: aborter.signal, setParams,
      title: (t) => { document.title = `${t} · Tailrace`; } });
    if (page !== mine) { made.close?.(); return; }
    Object.assign(mine, made);
    fill(main, made.el);
    made.shown?.();
    main.scrollTop = 0;
    if (!first && !made.focus) main.querySelector("h1")?.focus({ preventScroll: true });
    if (made.refresh) schedule(mine);
  } catch (e) {
    if (e.name === "AbortError" || page !== mine) return;
    fill(main, h("div.page", h("h1.unseen", "Something is wrong"), errorBox(e), h("p", h("button", { onclick: again }, "Try again"))));
  }
}

function again() { here = null; page?.close?.(); page = null; show(); }

function schedule(mine) {
  timer = setTimeout(async () => {
    if (page !== mine) return;
    if (!document.hidden && server.up) {
      try { await mine.refresh(); } catch (e) { if (e.name !== "AbortError" && server.up) console.warn(e.message); }
    }
    if (page === mine) schedule(mine);
  }, mine.every || 2000);
}

let wasUp = true;
let started = 0;
onServer(async (s) => {
  banner.hidden = s.up;
  if (!s.up) {
    fill(banner, icon("warn"), h("span", "The server does not answer. What is shown is from before; it is asked again every second."));
    wasUp = false;
    return;
  }
  if (!wasUp) {
    wasUp = true;
    const anew = s.info.started !== started;
    started = s.info.started;
    showNode();
    say("The server answers again");
    if (page?.restarted) page.restarted(anew); else again();
  }
});

function showNode() {
  const i = server.info;
  fill(node, h("span.version", `${i.version}`), h("span", { title: `Cluster ${i.cluster_id}` }, `node ${i.node_id}`),
    i.read_only && h("span.tag.muted", { title: "The setting console.read.only says so" }, "read only"));
}

const typing = (el) => el && (el.closest("input,textarea,select,.cm-editor,[contenteditable]") !== null);

let chord = 0;
addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") { e.preventDefault(); palette(); return; }
  if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
  if (typing(e.target)) { if (e.key === "Escape" && !e.target.closest(".cm-editor")) e.target.blur(); return; }
  if (Date.now() - chord < 1500 && e.key !== "g") {
    const to = { o: "#/", t: "#/topics", c: "#/groups", q: "#/queries", s: "#/sql" }[e.key];
    chord = 0;
    if (to) { e.preventDefault(); location.hash = to; return; }
  }
  if (page?.keys?.(e)) { e.preventDefault(); return; }
  switch (e.key) {
    case "g": chord = Date.now(); return;
    case "?": e.preventDefault(); help(); return;
    case "/": {
      const box = main.querySelector("input[type=search]");
      if (box) { e.preventDefault(); box.focus(); box.select(); }
      return;
    }
    case "j": case "ArrowDown": case "k": case "ArrowUp":
      if (page?.table && !(e.key.startsWith("Arrow") && page.table.at < 0)) { e.preventDefault(); page.table.move(e.key === "j" || e.key === "ArrowDown" ? 1 : -1); }
      return;
    case "Enter":
      if (page?.table && page.table.at >= 0 && !e.target.closest("a,button")) { e.preventDefault(); page.table.openAt(); }
      return;
    case "Escape": page?.escape?.();
  }
});

// What a page asked for, and nobody waits for any more, is no fault; what else fails is told.
addEventListener("unhandledrejection", (e) => {
  e.preventDefault();
  if (e.reason?.name !== "AbortError" && server.up) toast(describe(e.reason), "bad");
});
addEventListener("hashchange", show);
addEventListener("visibilitychange", () => { if (!document.hidden && page?.refresh) page.refresh().catch(() => {}); });

session().then(() => { started = server.info.started; showNode(); show(); }).catch((e) => fill(main, errorBox(e)));
