// Makes `dist`: the TypeScript compiled, and the cores, optimised, each as text in a module of its own,
// so that nobody has to load or to wait for it. `node build.mjs PROGRAM.wasm SIMULATION.wasm`, after
// `cargo build`; `cargo xtask npm` does both.
import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { transformSync } from "esbuild";

const [, , program, simulation] = process.argv;
const tool = (name, ...args) => execFileSync(`node_modules/.bin/${name}`, args, { stdio: "inherit" });

rmSync("dist", { recursive: true, force: true });
tool("tsc");
shorten();
const { ALPHABET, decode } = await import("./dist/core.js");

/**
 * Gives short names to members that nobody outside sees: whoever minifies the package must take each for somebody's,
 * and leave it. The types tell whether nobody does. No other member has a name of one letter, or one with `$`.
 */
function shorten() {
  const names = `attempt enlist finish abandon isPlain isLone pending owner before after runtime phase answer awaits park advance
    proceed fail lose observe outcome settle leave isAwaited settleAll remove last isBroken isSimulated
    hasEnded begin turns completes dismiss follow mayGoOn configure heed request goOn unpark unwind
    followed resume promised conclude inside drain check ended unlisten isDelivered controller program operation line what`.split(/\s+/);
  const types = (module) => readFileSync(`dist/${module}.d.ts`, "utf8");
  for (const [, exported, module] of types("index").matchAll(/\{([^}]*)\} from "\.\/(\w+)\.js"/g)) {
    for (const [, name] of exported.matchAll(/(\w+)\s*(?:,|$)/g)) {
      const members = new RegExp(`(?:class|interface) ${name}\\b[^]*?\n\\}`).exec(types(module))?.[0] ?? "";
      const seen = names.find((member) => new RegExp(`^    (?:[a-z]+ )*${member}\\??[(:<]`, "m").test(members));
      if (seen) throw new Error(`others see ${name}.${seen}`);
    }
  }
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  letters.push(...letters.map((letter) => `$${letter}`));
  const mangleCache = Object.fromEntries(names.map((name, n) => [name, letters[n]]));
  const mangleProps = new RegExp(`^(?:${names.join("|")})$`);
  for (const file of readdirSync("dist").filter((name) => name.endsWith(".js"))) {
    const { code } = transformSync(readFileSync(`dist/${file}`, "utf8"), { mangleProps, mangleCache, target: "es2022" });
    writeFileSync(`dist/${file}`, code);
  }
}

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
