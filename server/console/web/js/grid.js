// A result as a table of which only what is seen is drawn, so that it may be long and grow.
import { h, fill } from "./dom.js";
import { cell } from "./format.js";

const rowHeight = 26;

export class Grid {
  constructor() {
    this.head = h("tr");
    this.body = h("tbody");
    this.top = h("tr.spacer", h("td"));
    this.bottom = h("tr.spacer", h("td"));
    this.table = h("table.grid", h("thead", this.head), this.body);
    this.el = h("div.grid-scroll", { tabindex: "0", role: "region", "aria-label": "Result" }, this.table);
    // A stream is followed at its end, until the reader goes elsewhere.
    this.stick = true;
    let touched = 0;
    for (const e of ["wheel", "touchmove", "pointerdown", "keydown"]) this.el.addEventListener(e, () => { touched = Date.now(); }, { passive: true });
    this.el.addEventListener("scroll", () => {
      if (this.el.scrollTop + this.el.clientHeight >= this.el.scrollHeight - 2 * rowHeight) this.stick = true;
      else if (Date.now() - touched < 700) this.stick = false;
      this.draw();
    });
    this.watch = new ResizeObserver(() => this.draw(true));
    this.watch.observe(this.el);
    this.rows = [];
    this.columns = [];
  }

  setColumns(columns) {
    this.columns = columns;
    this.numeric = columns.map((c) => /^(INT|BIGINT|DOUBLE|DECIMAL)/.test(c.type));
    fill(this.head, h("th.rowno", { scope: "col" }, h("span.unseen", "Row")), columns.map((c, i) => h("th", { scope: "col", class: this.numeric[i] ? "num" : "" }, c.name, h("small", c.type.toLowerCase()))));
    this.rows = [];
    this.first = -1;
    this.draw(true);
  }

  // setRows shows rows; number is that of the first, for streams that drop their oldest.
  setRows(rows, number = 0) {
    this.rows = rows;
    this.number = number;
    this.table.setAttribute("aria-rowcount", rows.length + 1);
    this.draw(true);
    if (this.follow && this.stick && this.el.isConnected) {
      this.el.scrollTop = this.el.scrollHeight;
      this.draw(true);
    }
  }

  draw(force) {
    const seen = Math.ceil((this.el.clientHeight || 400) / rowHeight) + 16;
    const from = Math.max(0, Math.min(Math.floor(this.el.scrollTop / rowHeight) - 8, this.rows.length - seen));
    if (!force && Math.abs(from - this.first) < 4) return;
    this.first = from;
    const to = Math.min(this.rows.length, from + seen);
    const list = [];
    for (let i = from; i < to; i++) {
      const row = this.rows[i];
      list.push(h("tr", { "aria-rowindex": i + 2 }, h("td.rowno", (this.number || 0) + i + 1), this.columns.map((_, c) => {
        const v = row[c];
        return h("td", { class: v === null ? "null" : this.numeric[c] ? "num" : "" }, v === null ? "NULL" : cell(v));
      })));
    }
    this.top.firstChild.style.setProperty("height", `${from * rowHeight}px`);
    this.bottom.firstChild.style.setProperty("height", `${(this.rows.length - to) * rowHeight}px`);
    fill(this.body, from > 0 && this.top, list, to < this.rows.length && this.bottom);
  }

  close() { this.watch.disconnect(); }
}
