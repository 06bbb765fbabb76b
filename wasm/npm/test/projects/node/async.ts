// The same by somebody who writes `async` functions only.
import { Channel, pool, scope, simulate, sleep, timeout, TimeoutError } from "creel";
import type work from "./work.js";

const numbers = new Channel<number>(1);
const sum: number = await scope(async (inner, { wait }) => {
  for (const n of [1, 2, 3]) {
    inner.spawn(async (task) => {
      await task.wait(sleep(n));
      await task.wait(numbers.send(n));
    });
  }
  const added = inner.spawn(async (task) => {
    let sum = 0;
    for await (const n of numbers.values(task)) {
      sum += n;
      if (sum === 6) break;
    }
    return sum;
  });
  return await wait(added);
});
const late: unknown = await timeout(1, async ({ wait }) => { await wait(sleep(1e9)); }).catch((error: unknown) => error);
if (!(late instanceof TimeoutError)) throw late;
const { elapsed } = simulate(1, function* () { yield* sleep(3_600_000); });
await using workers = pool<typeof work>(1, new URL("./work.js", import.meta.url));
const square: number = await workers.call("square", sum);
console.log(`installed and run: ${sum}, ${elapsed}, ${square}`);
