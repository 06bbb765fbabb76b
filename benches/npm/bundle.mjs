// Makes the program for Node and for a page, and prints what each package takes in a small program:
// bundle.mjs PACKAGE PEERS FOLDER, where PEERS is a `node_modules`.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const [, , creel, peers, folder] = process.argv;
const { build } = createRequire(join(creel, "package.json"))("esbuild");
const here = dirname(fileURLToPath(import.meta.url));
const shared = { bundle: true, format: "esm", target: "es2022", external: ["node:*"], nodePaths: [peers], alias: { creel: join(creel, "dist/index.js") } };

await build({ ...shared, entryPoints: [join(here, "main.mjs")], outfile: join(folder, "program.js") });

/** The same by each: three things at a time that sleep. */
const programs = {
  creel: `import { run, scope, sleep } from "creel";
    run(() => scope(function* (inner) { for (const n of [1, 2, 3]) inner.spawn(() => sleep(n).then()); }));`,
  "p-limit": `import limit from "p-limit"; const limited = limit(3);
    Promise.all([1, 2, 3].map((n) => limited(() => new Promise((resolve) => setTimeout(resolve, n)))));`,
  effection: `import { run, sleep, spawn } from "effection";
    run(function* () { for (const n of [1, 2, 3]) yield* spawn(() => sleep(n)); });`,
  effect: `import * as Effect from "effect/Effect";
    Effect.runPromise(Effect.forEach([1, 2, 3], (n) => Effect.sleep(n), { concurrency: 3 }));`,
};
const sizes = [];
for (const [name, contents] of Object.entries(programs)) {
  const { outputFiles } = await build({ ...shared, stdin: { contents, resolveDir: here }, minify: true, write: false });
  sizes.push(`${name} ${(gzipSync(outputFiles[0].contents, { level: 9 }).length / 1000).toFixed(1)}`);
}
process.stdout.write(`compressed kB of a small program: ${sizes.join(", ")}\n`);
