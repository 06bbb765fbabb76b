// Runs a WASI preview 1 program under Node's own host: wasi.mjs PROGRAM [ARGUMENT..]
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

// The folder that the host lends, under the name that the programs know.
const preopens = process.env.CREEL_LENT ? { scratch: process.env.CREEL_LENT } : {};
const [program, ...rest] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [program, ...rest], returnOnExit: true, preopens });
const module = new WebAssembly.Module(readFileSync(program));
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
