// Node's event loop drives a WASI reactor: reactor.mjs MODULE
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const wasi = new WASI({ version: "preview1" });
const answers = [];
let wakes = 0;
let scheduled = null;

/// One tick, soon or after so many milliseconds; never two.
function schedule(ms) {
  clearTimeout(scheduled);
  scheduled = setTimeout(run, ms);
}

function run() {
  const next = tick(64);
  if (next === 0) schedule(0);
  if (next === 1) schedule(Math.max(0, Math.ceil(next_deadline_ms())));
  if (answers.length === 4) finish();
}

function finish() {
  clearTimeout(scheduled);
  assert.deepEqual(answers, [5, 10, 30, 60]);
  assert(next_deadline_ms() === -1);
  assert(wakes >= 1);
  console.log(`${answers.length} answers, ${wakes} wakes`);
}

const imports = {
  ...wasi.getImportObject(),
  creel: { wake: () => { wakes += 1; schedule(0); } },
  host: { answer: (number) => answers.push(number) },
};
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const instance = new WebAssembly.Instance(module, imports);
wasi.initialize(instance);
const { tick, next_deadline_ms, message } = instance.exports;

assert(message(1) === 0, "nobody listens before the first tick");
assert(tick(64) === 2, "the module waits for messages");
// The first message wakes; the second finds the host told already.
const before = wakes;
assert(message(60) === 1 && message(10) === 1 && message(5) === 1);
assert(wakes === before + 1, "the host is told once until the next tick");
setTimeout(() => message(30), 20);
