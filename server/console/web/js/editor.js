// The SQL editor: colours, completion from the catalog, errors where they are.
import * as cm from "../vendor/codemirror.js";
import { get, post } from "./api.js";

const nonce = document.querySelector('meta[name="tailrace-nonce"]').content;

const words = `add after all alter and array as asc at backup before begin beginning between by case cast changes column commit create define delete desc describe distinct drop dump else emit end escape exists explain extended false fault faults final first foreign from full functions grace group having hopping if ignore in inner insert into is join key last leaves left like limit list map materialized not null nulls of offset on or order outer partition partitions pause period primary print properties queries query rebuild refresh_interval replace reset restart resume retention right row rows sample script select session set show size source stream streams struct table tables terminate then timestamp to topic topics true tumbling type types undefine union unset using values variables view when where window with within`;
const typeWords = "bigint boolean bytes date decimal double int integer string time timestamp varchar";

const dialect = cm.SQLDialect.define({ keywords: words, types: typeWords, builtin: "", doubleQuotedStrings: false, backslashEscapes: false, hashComments: false, identifierQuotes: '`"', operatorChars: "*+-%<>!=&|/~:", slashComments: false });

const style = cm.HighlightStyle.define([
  { tag: cm.tags.keyword, color: "var(--syn-keyword)", fontWeight: "600" },
  { tag: cm.tags.typeName, color: "var(--syn-type)" },
  { tag: [cm.tags.string, cm.tags.special(cm.tags.string)], color: "var(--syn-string)" },
  { tag: [cm.tags.number, cm.tags.bool, cm.tags.null], color: "var(--syn-number)" },
  { tag: [cm.tags.lineComment, cm.tags.blockComment], color: "var(--text-3)", fontStyle: "italic" },
  { tag: cm.tags.operator, color: "var(--text-2)" },
]);

// catalog is what completion knows; it is asked for anew when statements have changed it.
export const catalog = {
  sources: [], functions: [], stale: true,
  async load() {
    if (!this.stale) return;
    this.stale = false;
    try {
      this.sources = (await get("/api/sources", { limit: 1000 })).items;
      if (!this.functions.length) this.functions = (await get("/api/functions", { limit: 1000 })).items;
    } catch { this.stale = true; }
  },
};

function complete(context) {
  const word = context.matchBefore(/[\w$]*/);
  const dot = context.state.sliceDoc(Math.max(0, word.from - 120), word.from).match(/([\w$]+)\.$/);
  if (!dot && word.from === word.to && !context.explicit) return null;
  const text = context.state.doc.toString();
  const low = (s) => s.toLowerCase();
  if (dot) {
    const name = low(dot[1]);
    const alias = [...text.matchAll(/(?:from|join)\s+([\w$]+)\s+(?:as\s+)?([\w$]+)/gi)].find((m) => low(m[2]) === name);
    const s = catalog.sources.find((x) => low(x.name) === (alias ? low(alias[1]) : name));
    return s ? { from: word.from, options: s.columns.map((c) => option(low(c.name), "property", c.type)), validFor: /^[\w$]*$/ } : null;
  }
  let used = catalog.sources.filter((s) => new RegExp(`\\b${s.name.replace(/\$/g, "\\$")}\\b`, "i").test(text));
  if (!used.length) used = catalog.sources.slice(0, 200);
  const seen = new Set();
  const options = [];
  for (const s of used) for (const c of s.columns) if (!seen.has(c.name)) { seen.add(c.name); options.push({ ...option(low(c.name), "property", `${c.type} · ${low(s.name)}`), boost: 3 }); }
  for (const s of catalog.sources) options.push({ ...option(low(s.name), s.kind === "STREAM" ? "class" : "type", low(s.kind)), boost: 2 });
  for (const f of catalog.functions) options.push({ label: f.name, type: "function", detail: f.kind, info: () => about(f), apply: `${f.name}(` });
  for (const w of words.split(" ")) options.push({ label: w.toUpperCase(), type: "keyword", detail: "keyword", boost: 1 });
  for (const w of typeWords.split(" ")) options.push({ label: w.toUpperCase(), type: "type", detail: "type" });
  return { from: word.from, options, validFor: /^[\w$]*$/ };
}
const option = (label, type, detail) => ({ label, type, detail });

function about(f) {
  const el = document.createElement("div");
  const p = document.createElement("p");
  p.textContent = f.doc;
  const pre = document.createElement("pre");
  pre.textContent = f.forms.slice(0, 6).join("\n");
  el.append(p, pre);
  return el;
}

// place is a position of an error, which counts characters from 1, in the editor's UTF-16.
export function place(text, position) {
  let at = 0;
  let n = 1;
  for (const c of text) {
    if (n >= position) break;
    at += c.length;
    n++;
  }
  return at;
}

function diagnostic(text, e) {
  const from = Math.min(place(text, e.position || 1), text.length);
  const word = text.slice(from).match(/^[\w$]+|^\S/);
  return { from, to: Math.min(text.length, from + (word ? word[0].length : 1)), severity: "error", message: e.message + (e.hint ? `\n${e.hint}` : "") };
}

export class Editor {
  constructor({ doc, onrun, onchange, label }) {
    const run = () => { onrun(); return true; };
    this.checking = 0;
    this.view = new cm.EditorView({
      state: this.state = cm.EditorState.create({
        doc,
        extensions: [
          cm.EditorView.cspNonce.of(nonce), cm.lineNumbers(), cm.highlightActiveLineGutter(), cm.history(), cm.drawSelection(), cm.indentOnInput(), cm.bracketMatching(), cm.closeBrackets(),
          cm.highlightActiveLine(), cm.highlightSelectionMatches(), cm.search({ top: true }), cm.syntaxHighlighting(style), cm.sql({ dialect, upperCaseKeywords: true }),
          cm.autocompletion({ override: [complete], icons: false, maxRenderedOptions: 80 }),
          cm.EditorView.contentAttributes.of({ "aria-label": label }),
          cm.placeholder("SELECT …"), cm.EditorView.lineWrapping,
          cm.Prec.highest(cm.keymap.of([{ key: "Mod-Enter", run }, { key: "Shift-Enter", run }, { key: "Tab", run: cm.acceptCompletion }])),
          cm.keymap.of([...cm.closeBracketsKeymap, ...cm.defaultKeymap, ...cm.searchKeymap, ...cm.historyKeymap, ...cm.completionKeymap, ...cm.lintKeymap]),
          cm.EditorView.updateListener.of((u) => { if (u.docChanged) { onchange(u.state.doc.toString()); this.check(); } }),
        ],
      }),
    });
    this.el = this.view.dom;
    catalog.load();
  }

  get text() { return this.view.state.doc.toString(); }
  set text(t) { this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: t } }); }

  // chosen is the text that is selected, or all, and where it begins in characters.
  chosen() {
    const { from, to } = this.view.state.selection.main;
    const text = this.text;
    if (from === to || !text.slice(from, to).trim()) return { text, at: 0 };
    return { text: text.slice(from, to), at: [...text.slice(0, from)].length };
  }

  fail(e) {
    const text = this.text;
    if (!e.position) return;
    this.view.dispatch(cm.setDiagnostics(this.view.state, [diagnostic(text, e)]));
    this.view.dispatch({ selection: { anchor: Math.min(place(text, e.position), text.length) }, scrollIntoView: true });
  }

  clear() { this.view.dispatch(cm.setDiagnostics(this.view.state, [])); }

  // check looks for errors when the typing rests.
  check() {
    clearTimeout(this.timer);
    const mine = ++this.checking;
    this.timer = setTimeout(async () => {
      const text = this.text;
      if (!text.trim()) { this.clear(); return; }
      try {
        const r = await post("/api/sql/check", { sql: text });
        if (mine === this.checking && this.text === text) this.view.dispatch(cm.setDiagnostics(this.view.state, r.errors.map((e) => diagnostic(text, e))));
      } catch { /* the server is away: nothing is known */ }
    }, 600);
  }

  focus() { this.view.focus(); }
  close() { clearTimeout(this.timer); this.view.destroy(); }
}
