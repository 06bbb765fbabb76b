// A page as somebody would write it who has just installed the package.
import { pool, run, scope, sleep } from "creel";
import type work from "./work.js";

const sum = await run(() => scope(function* (inner) {
  const numbers = [1, 2, 3].map((n) => inner.spawn(function* () { yield* sleep(n); return n; }));
  let sum = 0;
  for (const number of numbers) sum += yield* number;
  return sum;
}));
const workers = pool<typeof work>(1, () => new Worker(new URL("./work.ts", import.meta.url), { type: "module" }));
const square: number = await workers.call("square", sum);
await workers.close();
document.title = `installed and run: ${sum}, ${square}`;

export {};
