// Bundles the libraries of the web console into server/console/web/vendor, with their licences.
// Run by "make web", which has npm install the versions of package-lock.json first.
import { build } from "esbuild";
import { readFile, readdir, writeFile, mkdir, copyFile } from "node:fs/promises";
import { join } from "node:path";

const out = new URL("../../server/console/web/vendor/", import.meta.url).pathname;
const modules = new URL("node_modules/", import.meta.url).pathname;
await mkdir(out, { recursive: true });
const result = await build({
  entryPoints: ["codemirror", "uplot", "dagre"].map((n) => new URL(`entry/${n}.js`, import.meta.url).pathname),
  outdir: out, bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", metafile: true,
  banner: { js: "/* Bundled libraries: see LICENSES.txt beside this file. Made by make web. */" },
});
await copyFile(join(modules, "uplot/dist/uPlot.min.css"), join(out, "uplot.css"));

const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const m = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
  if (m) packages.add(m[1]);
}
let text = "The libraries that are bundled in this folder, and their licences.\n";
for (const name of [...packages].sort()) {
  const meta = JSON.parse(await readFile(join(modules, name, "package.json"), "utf8"));
  const file = (await readdir(join(modules, name))).find((f) => /^licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} has no licence file`);
  text += `\n${"=".repeat(72)}\n${name} ${meta.version} (${meta.license})\n${"=".repeat(72)}\n\n${(await readFile(join(modules, name, file), "utf8")).trim()}\n`;
}
await writeFile(join(out, "LICENSES.txt"), text);
console.log(`${packages.size} libraries in ${out}`);
