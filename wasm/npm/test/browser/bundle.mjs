// Puts the tests into one module for a browser: bundle.mjs FOLDER. What they take from Node is replaced
// by what stands beside this file.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
const here = dirname(fileURLToPath(import.meta.url));
const standIns = {
  "node:test": join(here, "runner.ts"),
  "node:assert/strict": join(here, "assert.ts"),
  "node:child_process": join(here, "process.ts"),
};
const tests = readdirSync(join(here, "..")).filter((name) => name.endsWith(".test.ts"));
const shared = {
  bundle: true,
  format: "esm",
  target: "es2022",
  // Asked for in Node only.
  external: ["node:v8", "node:vm"],
  // The package says that its modules have no effects; its tests have.
  ignoreAnnotations: true,
};
const contents = [...tests.map((name) => `import "../${name}";`), `export { runAll as default } from "./runner.ts";`].join("");
await build({ ...shared, stdin: { contents, resolveDir: here }, alias: standIns, outfile: join(folder, "program.js") });
const workers = ["work", "mute"].map((name) => join(here, `../workers/${name}.ts`));
await build({ ...shared, entryPoints: workers, outdir: join(folder, "workers") });
