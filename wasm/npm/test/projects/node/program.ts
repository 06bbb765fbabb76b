// A program as somebody would write it who has just installed the package.
import { pool, run, scope, simulate, sleep, type Task } from "creel";
import type work from "./work.js";

const sum: number = await run(() => scope(function* (inner) {
  const numbers: Task<number>[] = [1, 2, 3].map((n) => inner.spawn(function* () { yield* sleep(n); return n; }));
  let sum = 0;
  for (const number of numbers) sum += yield* number;
  return sum;
}));
const { elapsed } = simulate(1, function* () { yield* sleep(3_600_000); });
await using workers = pool<typeof work>(1, new URL("./work.js", import.meta.url));
const square: number = await workers.call("square", sum);
console.log(`installed and run: ${sum}, ${elapsed}, ${square}`);
