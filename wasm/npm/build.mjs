// Makes `dist`: the TypeScript compiled, and the cores, optimised, each as text in a module of its own,
// so that nobody has to load or to wait for it. `node build.mjs PROGRAM.wasm SIMULATION.wasm`, after
// `cargo build`; `cargo xtask npm` does both.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const [, , program, simulation] = process.argv;
const tool = (name, ...args) => execFileSync(`node_modules/.bin/${name}`, args, { stdio: "inherit" });

rmSync("dist", { recursive: true, force: true });
tool("tsc");
const { ALPHABET, decode } = await import("./dist/core.js");

/** The text that `decode` of `ts/core.ts` makes bytes of again; it tells how. */
function encode(bytes) {
  const counts = Array.from({ length: 256 }, (_, byte) => ({ byte, count: 0 }));
  for (const byte of bytes) counts[byte].count += 1;
  // Two characters of the alphabet begin a pair.
  const singles = ALPHABET.length - 2;
  counts.sort((a, b) => b.count - a.count);
  const [frequent, rare] = [counts.slice(0, singles), counts.slice(singles)].map((part) =>
    part.map(({ byte }) => byte).sort((a, b) => a - b));
  const words = [];
  frequent.forEach((byte, place) => (words[byte] = ALPHABET[place]));
  rare.forEach((byte, place) =>
    (words[byte] = ALPHABET[singles + Math.floor(place / singles)] + ALPHABET[place % singles]));
  const digit = (n) => [0, 1, 2, 3].reduce((sum, bit) => sum | (frequent.includes(4 * n + bit) << bit), 0);
  const which = Array.from({ length: 64 }, (_, n) => digit(n).toString(16));
  return [...which, ...Array.from(bytes, (byte) => words[byte])].join("");
}

const features = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];
for (const [name, core] of [["wasm", program], ["simulation", simulation]]) {
  const file = `dist/${name}.wasm`;
  tool("wasm-opt", core, "-O3", "--strip-debug", "--strip-producers", "--strip-target-features", "-o", file,
    ...features.map((feature) => `--enable-${feature}`));
  const bytes = readFileSync(file);
  rmSync(file);
  const text = encode(bytes);
  if (Buffer.compare(bytes, decode(text)) !== 0) throw new Error(`${file} does not come back from its text`);
  writeFileSync(`dist/${name}.js`, `export const text = "${text}";\n`);
  copyFileSync(`ts/${name}.d.ts`, `dist/${name}.d.ts`);
}
