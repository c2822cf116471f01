// The web console in a browser: every page with real data, a push query that moves, a chart, an
// error with its caret, changes, a narrow screen, the dark theme, a server that restarts under the
// page. Run by "make browser"; with a folder as argument it keeps pictures there.
import { chromium } from "playwright-core";
import { mkdtemp, rm } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server } from "./server.mjs";

const shots = process.argv[2];
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const server = await Server.make();
await server.start();
const rest = await server.flights(14_000);
await server.produce("flights", [{ key: "X", value: "not json" }]);
const profile = await mkdtemp(join(tmpdir(), "tailrace-chromium-"));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true, args: flags, viewport: { width: 1280, height: 800 }, acceptDownloads: true,
});
browser.setDefaultTimeout(15_000);

const faults = [];
// watch notes what a page must never do: fail, break its policy, ask another host.
async function watch(page) {
  page.on("pageerror", (e) => faults.push(`error in the page: ${e.message}`));
  page.on("request", (r) => { const u = new URL(r.url()); if (!/^(data|blob):/.test(u.protocol) && u.host !== server.http) faults.push(`asked ${u.host}`); });
  await page.exposeFunction("violated", (text) => faults.push(`policy: ${text}`));
  await page.addInitScript(() => addEventListener("securitypolicyviolation", (e) => {
    // Chromium's own editing tries a style in the editor's text, and is refused: nothing is lost.
    if (e.target instanceof Element && e.target.closest(".cm-content")) return;
    globalThis.violated(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile || ""}`);
  }, true));
  return page;
}
const page = await watch(await browser.newPage());
let failed = 0;
let feeding = null;
const feed = () => { feeding = setInterval(() => server.produce("flights", rest.splice(0, 20)).catch(() => {}), 250); };
const starve = () => clearInterval(feeding);

async function test(name, f) {
  const began = Date.now();
  faults.length = 0;
  try {
    await f();
    if (faults.length) throw new Error(faults.join("; "));
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (e) {
    failed++;
    console.log(`FAIL  ${name}\n      ${String(e.message).split("\n").slice(0, 12).join("\n      ")}`);
    if (shots) await page.screenshot({ path: join(shots, `failed-${failed}.png`) }).catch(() => {});
  }
}
const shot = async (name, of = page, height) => { if (shots) await of.screenshot({ path: join(shots, `${name}.png`), ...(height ? { clip: { x: 0, y: 0, width: 1280, height } } : {}) }); };
const go = async (hash, of = page) => { await of.goto(`${server.url}/${hash}`); };
const see = (text, of = page) => of.getByText(text, { exact: false }).first().waitFor();
function is(got, want, what) { if (got !== want) throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`); }
function holds(ok, what) { if (!ok) throw new Error(what); }
async function until(what, ok) {
  const end = Date.now() + 15_000;
  for (;;) {
    if (await ok()) return;
    if (Date.now() > end) throw new Error(`not within 15 s: ${what}`);
    await new Promise((r) => setTimeout(r, 100));
  }
}
// type replaces what is in the editor.
async function type(text) {
  await page.click(".cm-content");
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}
const query = async (part) => (await server.get(`/api/queries?search=${part}`)).items.find((q) => q.id.includes(part)).id;

await test("overview: what is wrong in words, figures and charts", async () => {
  feed();
  await go("#/");
  await see("left out");
  await see("What to do:");
  await until("the charts are drawn", async () => (await page.locator(".chart canvas").count()) === 8);
  holds(/Records: in .* now/.test(await page.locator(".chart .plot").first().getAttribute("aria-label")), "a chart says nothing in words");
  is(await page.locator("main").count(), 1, "main landmarks");
  is(await page.locator(".main-nav a[aria-current=page]").textContent(), "Overview", "the current page");
  await page.waitForTimeout(shots ? 12_000 : 0);
  await shot("overview");
  const plot = page.locator(".chart .u-over").first();
  await until("there are samples to choose from", async () => (await server.get("/api/overview/history")).times.length >= 3);
  await page.waitForTimeout(5_100); // a page later
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + 40, { steps: 5 });
  await page.mouse.up();
  await until("a part of the time is shown", async () => /^\d\d:\d\d(:\d\d)? to /.test(await page.locator(".window .hint").textContent()));
  is(await page.locator(".window [aria-pressed=true]").count(), 0, "buttons that are pressed");
  await shot("overview-part");
  await page.getByRole("button", { name: "5 min", exact: true }).click();
  is(await page.locator(".window [aria-pressed=true]").textContent(), "5 min", "the button that is pressed");
});

await test("topics: a list by keys, sorted, searched", async () => {
  await go("#/topics");
  await page.getByRole("link", { name: "flights", exact: true }).waitFor();
  await page.getByRole("button", { name: /Records/ }).click();
  await until("the largest topic is first", async () => /flights|DEPARTURES/.test(await page.locator("tbody tr").first().textContent()));
  await page.keyboard.press("/");
  await page.keyboard.type("airports");
  await until("one topic is left", async () => (await page.locator("tbody tr.link").count()) === 1);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/topics\/airports/);
});

await test("messages: newest first, one whole, by key, by a condition, an error in it, live", async () => {
  await go("#/topics/flights");
  await page.getByRole("heading", { name: "flights", level: 1 }).waitFor(); // the page before has rows too
  await page.locator("tbody tr.link").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await see("Columns");
  await shot("messages", page, 700);
  await page.keyboard.press("Escape");
  await page.getByLabel("Condition in SQL").fill("origin = 'SFO' AND delay > 100");
  await page.getByRole("button", { name: "Show" }).click();
  await until("all are from SFO", async () => { const rows = await page.locator("tbody tr.link").allTextContents(); return rows.length > 0 && rows.every((r) => r.includes("SFO")); });
  await page.getByLabel("Condition in SQL").fill("orgin = 'SFO'");
  await page.getByRole("button", { name: "Show" }).click();
  await see("WHERE orgin = 'SFO'");
  is((await page.locator("pre.caret").textContent()).split("\n")[1], "      ^", "the caret under the error");
  await page.getByLabel("Condition in SQL").fill("");
  await page.getByRole("button", { name: "Live" }).click();
  await until("messages come", async () => /Live: [1-9]/.test(await page.locator(".scan").first().textContent()));
  await page.getByRole("button", { name: "Live" }).click();
});

await test("a message is produced, and is there", async () => {
  await go("#/topics/airports");
  await page.getByRole("heading", { name: "airports", level: 1 }).waitFor(); // the page before has such a button too
  await page.getByRole("button", { name: "Produce" }).click();
  await page.getByLabel("Key", { exact: true }).last().fill("ZZZ");
  await page.getByLabel("Value", { exact: true }).fill("{");
  await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();
  await see("Value is not of the kind json");
  await page.getByLabel("Value", { exact: true }).fill('{"name":"Nowhere","city":"Zed","state":"ZZ"}');
  await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();
  await see("Message at offset");
  await until("it is the newest", async () => (await page.locator("tbody tr.link").first().textContent()).includes("ZZZ"));
});

await test("a configuration is changed, and goes back", async () => {
  await go("#/topics/airports/configuration");
  await page.getByLabel("Search configurations").fill("retention.ms");
  await page.getByRole("button", { name: "Edit retention.ms", exact: true }).click();
  await page.getByLabel("Value (long)").fill("soon");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").filter({ hasText: "retention.ms" }).waitFor();
  await page.getByLabel("Value (long)").fill("1000000");
  await page.getByRole("button", { name: "Save" }).click();
  await see("retention.ms has changed");
  const c = (await server.get("/api/topics/airports/configs?search=retention.ms")).items.find((x) => x.name === "retention.ms");
  is(`${c.value} ${c.source}`, "1000000 topic", "retention.ms");
});

await test("a topic is made, refused where it is wrong, and deleted after its name was typed", async () => {
  await go("#/topics");
  await page.getByRole("button", { name: "New topic" }).click();
  const dialog = page.getByRole("dialog");
  const create = dialog.getByRole("button", { name: "Create" });
  is(await create.isDisabled(), true, "Create without a name is disabled");
  await dialog.getByLabel("Name").fill("flights");
  await create.click();
  await see("already exists");
  await dialog.getByLabel("Name").fill("orders.new");
  await dialog.getByLabel("Partitions").fill("3");
  await dialog.getByLabel("Configuration").fill("retention.ms=soon");
  await create.click();
  await page.getByRole("alert").filter({ hasText: "retention.ms" }).waitFor();
  await dialog.getByLabel("Configuration").fill("retention.ms=86400000");
  await shot("new-topic");
  await create.click();
  await page.waitForURL(/#\/topics\/orders\.new/);
  await see("3 partitions");
  await page.getByRole("button", { name: "Delete" }).click();
  const gone = dialog.getByRole("button", { name: "Delete" });
  await dialog.getByLabel("Type orders.new to confirm").fill("orders");
  is(await gone.isDisabled(), true, "Delete with half of the name is disabled");
  await dialog.getByLabel("Type orders.new to confirm").fill("orders.new");
  await shot("delete-topic");
  await gone.click();
  await page.waitForURL(/#\/topics$/);
  is((await server.get("/api/topics?search=orders.new")).total, 0, "topics by that name");
  await go("#/topics/flights");
  await page.getByRole("button", { name: "Delete" }).click();
  await see("would fail without it");
  is(await gone.isDisabled(), true, "Delete of a topic that queries use is disabled");
  await page.keyboard.press("Escape");
});

await test("queries: the graph of one moves, says where it is, and the query can be paused", async () => {
  await go("#/queries");
  await see("running");
  const id = await query("DEPARTURES");
  await go(`#/queries/${id}`);
  await until("five operators and more", async () => (await page.locator(".op").count()) >= 5);
  await until("rows flow", async () => (await page.locator(".op .rows-s").allTextContents()).some((t) => parseInt(t, 10) > 0));
  holds(/rows out/.test(await page.locator(".op").first().getAttribute("aria-label")), "an operator says nothing in words");
  if (shots) await page.locator(".toast").waitFor({ state: "detached" });
  await shot("graph");
  const size = async () => parseInt(await page.locator(".graph-tools span").textContent(), 10);
  const before = await size();
  await page.getByRole("button", { name: "Larger" }).click();
  holds((await size()) > before, "the graph does not become larger");
  await page.locator(".graph").focus();
  await page.keyboard.press("0");
  const whole = await page.evaluate(() => { const g = document.querySelector(".graph"); return g.scrollWidth <= g.clientWidth && g.scrollHeight <= g.clientHeight; });
  holds(whole, "the whole graph is not to be seen");
  await page.keyboard.press("-");
  await page.getByRole("tab", { name: "Plan" }).click();
  await see("StreamTableJoin");
  await page.getByRole("tab", { name: "Dead letters" }).click();
  await see("could not be read");
  await page.getByRole("button", { name: "Pause" }).click();
  await see("paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await see("running");
});

await test("groups: those of queries, and their lag", async () => {
  await go("#/groups?queries=true");
  await page.locator("tbody tr.link").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await see("Lag in the last hour");
  await see("nobody else's to move");
});

const kcat = spawnSync("kcat", ["-V"]).status === 0;
if (!kcat) console.log("skip  positions of a group are moved: there is no kcat");
else await test("positions of a group are moved, after a look at what would change", async () => {
  spawnSync("timeout", ["20", "kcat", "-b", server.kafka, "-G", "analytics", "flights", "-X", "auto.offset.reset=earliest", "-c", "2500"]);
  await go("#/groups");
  await page.getByRole("link", { name: "analytics" }).click();
  await page.getByRole("button", { name: "Move positions" }).click();
  await page.getByLabel("To", { exact: true }).selectOption("latest");
  await page.getByLabel("To", { exact: true }).selectOption("offset");
  await page.getByLabel("Value").fill("ten");
  await page.getByRole("alert").filter({ hasText: "Give an offset" }).waitFor();
  await page.getByRole("button", { name: "Move", exact: true }).click();
  is(await page.getByRole("dialog").count(), 1, "dialogs, after a move to nowhere");
  await page.getByLabel("To", { exact: true }).selectOption("latest");
  await until("the lag would be nothing", async () => /→ 0$/.test(await page.locator(".preview p").first().textContent()));
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await see("Moved: lag");
});

await test("SQL: a result as a table, a chart in one click, CSV, a link", async () => {
  await go("#/sql");
  await type("SELECT origin, flights, ROUND(avg_delay, 1) AS avg_delay, worst\nFROM by_airport\nWHERE flights > 200\nORDER BY flights DESC;");
  await page.keyboard.press("Control+Enter");
  await see("SELECT ");
  await page.locator("table.grid tbody tr td").first().waitFor();
  const busiest = await page.locator("table.grid tbody tr td:nth-child(3)").allTextContents();
  holds(busiest.length > 1 && Number(busiest[0]) >= Number(busiest[1]) && Number(busiest[1]) > 200, `flights of the busiest airports are ${busiest}`);
  await page.getByRole("button", { name: "Bar" }).click();
  await page.locator(".result-chart canvas").waitFor();
  holds((await page.locator(".result-chart .plot").getAttribute("aria-label")).startsWith("Bars of flights"), "the chart says nothing in words");
  await page.waitForTimeout(300);
  await shot("chart");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  is(download.suggestedFilename(), "result.csv", "the file");
  await page.getByRole("button", { name: "Share" }).click();
  await page.locator(".toast, dialog[open]").first().waitFor();
  if (await page.locator("dialog[open]").count()) await page.keyboard.press("Escape");
});

await test("SQL: a push query moves, and stops", async () => {
  await type("SELECT origin, destination, delay FROM flights EMIT CHANGES;");
  await page.keyboard.press("Control+Enter");
  const count = async () => parseInt((await page.locator(".block .count").textContent()).replace(/\D/g, "") || "0", 10);
  await until("rows come", async () => (await count()) > 20);
  const before = await count();
  await until("more rows come", async () => (await count()) > before);
  await page.getByRole("button", { name: "Stop" }).click();
  await see("Stopped after");
});

await test("SQL: an error has a caret, and completion knows the columns", async () => {
  await type("SELECT origin, COUNT(*) AS n\nFROM flihgts\nGROUP BY origin EMIT CHANGES;");
  await page.keyboard.press("Control+Enter");
  await see("Perhaps you meant the stream FLIGHTS");
  const [line, caret] = (await page.locator("pre.caret").textContent()).split("\n");
  is(line.slice(caret.indexOf("^"), caret.indexOf("^") + 7), "flihgts", "what the caret is under");
  await page.locator(".cm-lintRange-error").waitFor();
  await type("");
  await page.keyboard.type("SELECT des");
  await page.locator(".cm-tooltip-autocomplete").getByText("destination").first().waitFor();
  await page.waitForTimeout(200); // the list takes no key in its first moment, lest it be meant for the text
  await page.keyboard.press("Tab");
  await until("the name is completed", async () => (await page.locator(".cm-content").textContent()).includes("destination"));
});

await test("the palette finds and goes, the keys are told", async () => {
  await go("#/");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("by_state");
  await page.getByRole("option").filter({ hasText: "CTAS_BY_STATE" }).waitFor();
  await page.getByRole("option").filter({ hasText: "CTAS_BY_STATE" }).click();
  await page.waitForURL(/#\/queries\/CTAS_BY_STATE/);
  await page.keyboard.press("?");
  await see("Run the statements");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL(/#\/topics$/);
});

await test("a narrow screen: nothing is wider than it", async () => {
  const small = await watch(await browser.newPage());
  await small.setViewportSize({ width: 390, height: 844 });
  for (const hash of ["#/", "#/topics", "#/topics/flights", "#/groups", "#/queries", `#/queries/${await query("BY_STATE")}`, "#/sql"]) {
    await go(hash, small);
    await small.locator("h1").first().waitFor({ state: "attached" });
    await small.waitForTimeout(300);
    const wide = await small.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector("main").scrollWidth) - innerWidth);
    holds(wide <= 0, `${hash} is ${wide} px too wide`);
  }
  await shot("narrow", small);
  await small.close();
});

await test("the dark theme: as the system has it, and by the switch", async () => {
  const dark = await watch(await browser.newPage());
  await dark.emulateMedia({ colorScheme: "dark" });
  await go(`#/queries/${await query("DEPARTURES")}`, dark);
  await dark.locator(".op").first().waitFor();
  const light = () => dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
  is(await light(), "rgb(15, 20, 24)", "the background");
  await dark.waitForTimeout(1500);
  await shot("dark", dark);
  await dark.getByRole("button", { name: "Light theme" }).click();
  is(await light(), "rgb(246, 247, 248)", "the background after the switch");
  await dark.evaluate(() => localStorage.removeItem("tailrace.theme"));
  await dark.close();
});

await test("the server restarts under the page", async () => {
  starve();
  await go("#/topics");
  await page.getByRole("link", { name: "flights", exact: true }).waitFor();
  await server.stop();
  await see("The server does not answer");
  await server.start();
  await page.getByText("The server does not answer").waitFor({ state: "hidden" });
  await page.getByRole("link", { name: "flights", exact: true }).waitFor();
  // The token of the page is that of the old server: the first change takes the new one.
  await page.getByRole("link", { name: "airports", exact: true }).click();
  await page.getByRole("button", { name: "Produce" }).click();
  await page.getByLabel("Key", { exact: true }).last().fill("AFT");
  await page.getByRole("dialog").getByRole("button", { name: "Produce" }).click();
  await see("Message at offset");
});

starve();
await browser.close();
await server.stop();
await server.remove();
await rm(profile, { recursive: true, force: true });
console.log(failed ? `${failed} failed` : "all passed");
process.exit(failed ? 1 : 0);
