// Parts that pages share: heads, fields, tabs, dialogs, errors.
import { h, fill, icon, uid, say } from "./dom.js";
import { ApiError, Unreachable } from "./api.js";

export function pageHead(title, { crumbs, meta, actions } = {}) {
  return h("header.page-head",
    h("div.titles",
      crumbs && h("nav.crumbs", { "aria-label": "Breadcrumb" }, crumbs.map(([text, href]) => [h("a", { href }, text), h("span", { "aria-hidden": "true" }, "/")])),
      h("h1", { tabindex: "-1" }, title), meta && h("div.meta", meta)),
    actions && h("div.actions", actions));
}

export function field(label, control, hint) {
  const id = control.id || (control.id = uid("field"));
  return h("div.field", h("label", { for: id }, label), control, hint && h("small", hint));
}

export function select(options, attrs = {}) {
  const el = h("select", attrs, options.map((o) => {
    const [value, text] = Array.isArray(o) ? o : [o, o];
    return h("option", { value }, text);
  }));
  if (attrs.value !== undefined) el.value = attrs.value;
  return el;
}

export const tag = (text, kind = "") => h(`span.tag${kind ? `.${kind}` : ""}`, text);

const stateKinds = { RUNNING: "good", Stable: "good", PAUSED: "muted", Empty: "muted", ERROR: "bad", FENCED: "bad", STARTING: "busy", PreparingRebalance: "busy", CompletingRebalance: "busy", Dead: "muted" };
export const state = (text) => h(`span.state.${stateKinds[text] || "muted"}`, h("i", { "aria-hidden": "true" }), text.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase());

export function empty(title, text, ...more) { return h("div.empty", h("h2", title), h("p", text), more); }

// tabs: [{id, label, show()}]; show returns what is to stand below.
export function tabs(label, list, current, onchange) {
  const panel = h("div.panel", { role: "tabpanel", tabindex: "-1" });
  const buttons = list.map((t, i) => h("button", {
    role: "tab", id: uid("tab"), onclick: () => choose(t.id),
    onkeydown: (e) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
      if (!by) return;
      e.preventDefault();
      const to = (i + by + list.length) % list.length;
      buttons[to].focus();
      choose(list[to].id);
    },
  }, t.label));
  const bar = h("div.tabs", { role: "tablist", "aria-label": label }, buttons);
  function choose(id, first) {
    const at = Math.max(0, list.findIndex((t) => t.id === id));
    buttons.forEach((b, i) => { b.setAttribute("aria-selected", i === at ? "true" : "false"); b.tabIndex = i === at ? 0 : -1; });
    panel.setAttribute("aria-labelledby", buttons[at].id);
    fill(panel, list[at].show());
    if (!first) onchange?.(list[at].id);
  }
  choose(current, true);
  return { bar, panel, choose };
}

// describe is an error in words.
export function describe(e) {
  if (e instanceof Unreachable) return "The server does not answer.";
  const text = e.message || String(e);
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

export function errorBox(e) {
  return h("div.notice.bad", { role: "alert" }, icon("warn"), h("div", h("strong", describe(e)),
    e instanceof ApiError && e.detail && h("p", e.detail), e instanceof ApiError && e.hint && h("p", e.hint)));
}

let toastTimer;
export function toast(text, kind = "") {
  document.querySelector(".toast")?.remove();
  const el = h("div.toast", { class: kind }, text);
  document.body.append(el);
  say(text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => el.remove(), 4000);
}

// dialog shows a form over the page; submit may throw, and what it throws is shown. It resolves to
// what submit returns, or undefined when it was left. ready, asked at every input, tells whether it
// may be done.
export function dialog({ title, body, action = "OK", danger, submit, wide, ready }) {
  return new Promise((resolve) => {
    const fault = h("div");
    const go = h("button.primary", { type: "submit", class: danger ? "danger" : "" }, action);
    const id = uid("dialog");
    const el = h("dialog", { "aria-labelledby": id, class: wide ? "wide" : "" },
      h("form", { method: "dialog", novalidate: true, onsubmit: async (e) => {
        e.preventDefault();
        go.disabled = true;
        try {
          const out = submit ? await submit() : true;
          if (out !== undefined) { result = out; el.close(); }
        } catch (err) {
          fill(fault, errorBox(err));
        } finally { go.disabled = ready ? !ready() : false; }
      }, oninput: () => { fill(fault); if (ready) go.disabled = !ready(); } },
      h("header", h("h2", { id }, title), h("button.icon-button", { type: "button", "aria-label": "Close", onclick: () => el.close() }, icon("close"))),
      h("div.content", body, fault),
      h("footer", h("button", { type: "button", onclick: () => el.close() }, "Cancel"), go)));
    if (ready) go.disabled = !ready();
    let result;
    el.addEventListener("close", () => { el.remove(); resolve(result); });
    document.body.append(el);
    el.showModal();
  });
}

export function confirm(title, text, action) {
  return dialog({ title, body: h("p", text), action, danger: true, submit: () => true });
}

export async function copy(text, what = "Copied") {
  try { await navigator.clipboard.writeText(text); toast(what); } catch {
    await dialog({ title: "Copy this", body: h("textarea.mono", { rows: 4, readonly: true, value: text }), action: "Done" });
  }
}

export const store = {
  get(name, otherwise) { try { return JSON.parse(localStorage.getItem(`tailrace.${name}`)) ?? otherwise; } catch { return otherwise; } },
  set(name, value) { try { localStorage.setItem(`tailrace.${name}`, JSON.stringify(value)); } catch { toast("The browser keeps nothing more: its storage is full.", "bad"); } },
};

// json is pretty JSON, or the text as it is.
export function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
