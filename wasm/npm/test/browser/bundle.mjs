// Puts the tests into one module for a browser: bundle.mjs FOLDER. What they take from Node is replaced
// by what stands beside this file.
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const standIns = {
  "node:test": join(here, "runner.ts"),
  "node:assert/strict": join(here, "assert.ts"),
  "node:child_process": join(here, "process.ts"),
};
await build({
  stdin: {
    contents: `import "../creel.test.ts"; export { runAll as default } from "./runner.ts";`,
    resolveDir: here,
  },
  bundle: true,
  format: "esm",
  target: "es2022",
  // The package says that its modules have no effects; its tests have.
  ignoreAnnotations: true,
  alias: standIns,
  outfile: join(process.argv[2], "program.js"),
});
