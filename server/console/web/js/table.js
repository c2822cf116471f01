// Tables of things: sorted by their heads, walked through with j and k, opened with Enter.
import { h, fill } from "./dom.js";

// columns: {name, label, num, sort, cell(row)}; open(row) is what Enter and a click do.
export class Table {
  constructor({ label, columns, key, open, href, sort, order, onsort, empty }) {
    Object.assign(this, { columns, key, open, href, onsort, empty, sort, order });
    this.body = h("tbody");
    this.head = h("tr");
    this.el = h("div.scroll", { tabindex: "-1" },
      h("table.rows", { "aria-label": label }, h("thead", this.head), this.body));
    this.rows = [];
    this.at = -1;
    this.heads();
  }

  heads() {
    fill(this.head, this.columns.map((c) => {
      const sorted = this.sort && this.sort === c.sort;
      const label = c.sort
        ? h("button.sort", { onclick: () => this.sortBy(c) }, c.label, h("span.arrow", { "aria-hidden": "true" }, sorted ? (this.order === "desc" ? "↓" : "↑") : ""))
        : c.label;
      return h("th", { scope: "col", class: [c.num && "num", c.class].filter(Boolean).join(" "), "aria-sort": sorted ? (this.order === "desc" ? "descending" : "ascending") : null }, label);
    }));
  }

  sortBy(c) {
    this.order = this.sort === c.sort ? (this.order === "desc" ? "asc" : "desc") : c.num ? "desc" : "asc";
    this.sort = c.sort;
    this.heads();
    this.onsort(this.sort, this.order);
  }

  // show draws rows anew, and keeps the place by its key.
  show(rows) {
    const was = this.rows[this.at] && this.key(this.rows[this.at]);
    const focused = this.body.contains(document.activeElement);
    this.rows = rows;
    this.at = rows.findIndex((r) => this.key(r) === was);
    if (!rows.length) {
      fill(this.body, h("tr.none", h("td", { colspan: this.columns.length }, this.empty || "Nothing here.")));
      return;
    }
    fill(this.body, rows.map((row, i) => h("tr", { "aria-selected": i === this.at ? "true" : null, class: this.open || this.href ? "link" : "", onclick: (e) => this.click(e, i) },
      this.columns.map((c, n) => {
        const content = c.cell(row, i);
        const inner = n === 0 && this.href ? h("a", { href: this.href(row) }, content) : content;
        return h("td", { class: [c.num && "num", c.class].filter(Boolean).join(" ") }, inner);
      }))));
    if (focused && this.at >= 0) this.focusRow();
  }

  click(e, i) {
    if (e.target.closest("a,button,input,select,label") || getSelection().toString()) return;
    this.at = i;
    this.mark();
    this.openAt();
  }

  mark() {
    [...this.body.children].forEach((tr, i) => {
      if (i === this.at) tr.setAttribute("aria-selected", "true");
      else tr.removeAttribute("aria-selected");
    });
  }

  focusRow() {
    const tr = this.body.children[this.at];
    const a = tr?.querySelector("a");
    if (a) a.focus({ preventScroll: true });
    tr?.scrollIntoView({ block: "nearest" });
  }

  // move goes up or down; it reports whether there was somewhere to go.
  move(by) {
    if (!this.rows.length) return;
    this.at = Math.max(0, Math.min(this.rows.length - 1, this.at + by));
    this.mark();
    this.focusRow();
    if (this.onmove) this.onmove(this.rows[this.at]);
  }

  openAt() {
    const row = this.rows[this.at];
    if (!row) return;
    if (this.open) this.open(row);
    else if (this.href) location.hash = this.href(row);
  }
}

// pager walks a list by pages.
export class Pager {
  constructor(size, onpage) {
    Object.assign(this, { size, onpage, offset: 0, total: 0 });
    this.text = h("span", { "aria-live": "polite" });
    this.back = h("button.quiet", { onclick: () => this.go(-1) }, "Previous");
    this.next = h("button.quiet", { onclick: () => this.go(1) }, "Next");
    this.el = h("nav.pager", { "aria-label": "Pages" }, this.text, this.back, this.next);
  }

  go(by) {
    this.offset = Math.max(0, Math.min(this.offset + by * this.size, Math.max(0, this.total - 1)));
    this.onpage();
  }

  show(total, count) {
    this.total = total;
    const from = this.offset;
    this.text.textContent = total ? `${(from + 1).toLocaleString("en-US")}–${(from + count).toLocaleString("en-US")} of ${total.toLocaleString("en-US")}` : "";
    this.back.disabled = from === 0;
    this.next.disabled = from + count >= total;
    this.el.hidden = total <= this.size;
  }
}
