// Makes `dist`: the TypeScript compiled, the core optimised and put into a module of its own, so that
// nobody has to load or to wait for it. `node build.mjs CORE.wasm`, after `cargo build`; `cargo xtask
// npm` does both.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const [, , core] = process.argv;
const tool = (name, ...args) => execFileSync(`node_modules/.bin/${name}`, args, { stdio: "inherit" });

rmSync("dist", { recursive: true, force: true });
tool("tsc");
const features = ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];
tool("wasm-opt", core, "-O3", "--strip-debug", "--strip-producers", "-o", "dist/core.wasm",
  ...features.map((feature) => `--enable-${feature}`));
const bytes = readFileSync("dist/core.wasm");
rmSync("dist/core.wasm");
writeFileSync("dist/wasm.js", `const text = "${bytes.toString("base64")}";

export function bytes() {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
`);
copyFileSync("ts/wasm.d.ts", "dist/wasm.d.ts");
