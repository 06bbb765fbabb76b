import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import {
  all,
  ClosedError,
  now,
  type Pool,
  pool,
  type PoolOptions,
  race,
  RestartError,
  run,
  simulate,
  sleep,
  spawn,
  TimeoutError,
  timeout,
  transfer,
  WorkerError,
} from "creel";
import type work from "./workers/work.js";

const MODULE = new URL("./workers/work.js", import.meta.url);

/** That an operation fails as expected. */
const rejects = (operation: PromiseLike<unknown>, expected: Parameters<typeof assert.rejects>[1]): Promise<void> =>
  assert.rejects(Promise.resolve(operation), expected);

/** Runs something with a pool of workers. */
async function using(workers: number, options: PoolOptions, f: (workers: Pool<typeof work>) => Promise<void>): Promise<void> {
  await using made = pool<typeof work>(workers, MODULE, options);
  await Promise.all(Array.from({ length: workers }, () => made.call("later", 1, "all have started")));
  await f(made);
}

describe("pools of workers", () => {
  test("plain functions, async ones and generators answer, with their types", () => using(2, {}, async (workers) => {
    const sum: number = await workers.call("sum", [1, 2, 3]);
    assert.equal(sum, 6);
    const said: string = await workers.call("later", 1, "hello");
    assert.equal(said, "hello");
    const counted: number = await run(function* () { return yield* workers.call("counted", 2); });
    assert.equal(counted, 2);
  }));

  test("workers work at the same time, and no more calls than there are workers", () => using(2, {}, async (workers) => {
    const begin = now();
    await run(() => all([1, 2, 3, 4].map(() => workers.call("later", 100, ""))));
    const took = now() - begin;
    assert.ok(took >= 199, `${took} ms for two rounds of 100`);
    assert.ok(took < 390, `${took} ms: one after another`);
  }));

  test("a worker that may have several calls has them at the same time", () => using(1, { concurrency: 4 }, async (workers) => {
    const begin = now();
    await run(() => all([1, 2, 3, 4].map(() => workers.call("later", 100, ""))));
    assert.ok(now() - begin < 199);
  }));

  test("buffers move, and are not copied", () => using(1, {}, async (workers) => {
    const bytes = new Uint8Array(4);
    const filled = await workers.call("fill", transfer(bytes, [bytes.buffer]), 7);
    assert.equal(bytes.length, 0);
    assert.deepEqual([...filled], [7, 7, 7, 7]);
    assert.equal(await workers.call("left"), 0);
  }));

  test("a failure comes back with its name, message, cause and class", () => using(1, {}, async (workers) => {
    await rejects(workers.call("fail", "out of it"), (error: RangeError) =>
      error instanceof RangeError && error.message === "out of it" && error.cause === "a reason");
    await rejects(workers.call("tooLate"), (error: TimeoutError) =>
      error instanceof TimeoutError && error.name === "TimeoutError");
    await rejects(workers.call("uncopied"), { name: "DataCloneError" });
    const uncopied = workers.call("later", 1, (() => {}) as never);
    await rejects(uncopied, { name: "DataCloneError" });
    await rejects(workers.call("absent" as "sum", []), /exposes no function absent/);
    assert.equal(await workers.call("sum", [1]), 1);
  }));

  test("a worker that dies is replaced, and its calls fail with the cause", async () => {
    const events: string[] = [];
    await using(1, { onEvent: ({ kind }) => events.push(kind) }, async (workers) => {
      await rejects(workers.call("die"), (error: WorkerError) =>
        error instanceof WorkerError && /killed/.test(String(error.cause)));
      assert.equal(await workers.call("sum", [4, 5]), 9);
    });
    assert.deepEqual(events.slice(0, 3), ["started", "failed", "started"]);
  });

  test("cancelling a call ends it in the worker", () => using(1, {}, async (workers) => {
    for (const name of ["patient", "orderly"] as const) {
      const task = spawn(function* () { yield* workers.call(name); });
      await sleep(50);
      await task.cancel();
      assert.equal(task.state, "cancelled");
    }
    assert.deepEqual(await workers.call("log"), ["patient", "orderly"]);
    await rejects(run(() => timeout(20, workers.call("orderly"))), TimeoutError);
    assert.deepEqual(await workers.call("log"), ["patient", "orderly", "orderly"]);
  }));

  test("a call that is cancelled has ended when its caller goes on", () => using(1, { concurrency: 2 }, async (workers) => {
    const task = spawn(function* () { yield* workers.call("tidy", 100); });
    await sleep(50);
    const begin = now();
    await task.cancel();
    assert.ok(now() - begin >= 90, "it was waited for");
    assert.deepEqual(await workers.call("log"), ["tidy"]);
  }));

  test("a signal ends a call with its reason", () => using(1, {}, async (workers) => {
    const controller = new AbortController();
    const call = workers.callUntil({ signal: controller.signal }, "orderly").then();
    await sleep(50);
    controller.abort(new RangeError("no longer"));
    await rejects(call, RangeError);
    assert.deepEqual(await workers.call("log"), ["orderly"]);
    await rejects(workers.callUntil({ signal: controller.signal }, "sum", [1]), RangeError);
  }));

  test("a loop that does not look is ended with its worker, which is replaced", () =>
    using(1, { grace: 50, maxRestarts: 0 }, async (workers) => {
      for (let round = 0; round < 3; round++) {
        const spinning = spawn(function* () { yield* workers.call("spin"); });
        await sleep(100);
        await spinning.cancel();
        assert.equal(spinning.state, "cancelled");
        assert.equal(await workers.call("sum", [round]), round);
      }
    }));

  test("who waits for a worker and is cancelled was never called", () => using(1, {}, async (workers) => {
    const first = spawn(function* () { return yield* workers.call("later", 100, "first"); });
    const waiting = [1, 2, 3].map(() => spawn(function* () { yield* workers.call("orderly"); }));
    await sleep(20);
    for (const task of waiting) await task.cancel();
    assert.equal(await first, "first");
    assert.deepEqual(await workers.call("log"), []);
  }));

  test("closing lets calls end; leaving the block does not", async () => {
    const closed = pool<typeof work>(2, MODULE);
    const calls = [1, 2, 3, 4].map((n) => closed.call("later", 20, `${n}`).then());
    await sleep(1);
    await closed.close();
    assert.deepEqual(await Promise.all(calls), ["1", "2", "3", "4"]);
    await rejects(closed.call("sum", [1]), ClosedError);

    let call: Promise<never> | undefined;
    await using(1, {}, async (workers) => {
      call = workers.call("spin").then();
      call.catch(() => {});
      await sleep(20);
    });
    await rejects(call!, ClosedError);
  });

  test("a module that cannot be loaded ends the pool, and its callers are told why", async () => {
    const absent = pool<typeof work>(1, new URL("./workers/absent.js", import.meta.url), { maxRestarts: 1 });
    // One of them is on its way, the others wait to be.
    await Promise.all([1, 2, 3].map(() => rejects(absent.call("sum", [1]), (error: ClosedError) =>
      error instanceof ClosedError && error.cause instanceof RestartError && error.cause.cause instanceof WorkerError)));
  });

  test("a module that exposes nothing is not waited for", async () => {
    const mute = pool<typeof work>(1, new URL("./workers/mute.js", import.meta.url), { maxRestarts: 0, startLimit: 50 });
    await rejects(mute.call("sum", [1]), (error: ClosedError) => /did not call `expose`/.test(String((error.cause as Error).cause)));
  });

  test("a worker may be made by a function, as bundlers want it", async () => {
    const name = "node:worker_threads";
    const { Worker: Made } = "Worker" in globalThis ? globalThis : ((await import(name)) as typeof globalThis);
    await using workers = pool<typeof work>(1, () => new Made(MODULE, { type: "module" }));
    assert.equal(await workers.call("sum", [20, 22]), 42);
  });

  const isNode = "process" in globalThis;
  test("workers that have nothing to do keep no process alive", { skip: !isNode }, () => {
    // Workers have the options of their process, so no module here.
    const program = `import("creel").then(async ({ pool }) => {
      const workers = pool(2, new URL(${JSON.stringify(MODULE.href)}));
      console.log(await workers.call("sum", [1, 2]));
    })`;
    const { stdout, status } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8", timeout: 20_000 });
    assert.equal(stdout, "3\n");
    assert.equal(status, 0);
  });

  test("calls are operations like others", () => using(2, {}, async (workers) => {
    const first = await run(() => race([workers.call("later", 5, "quick"), workers.call("orderly")]));
    assert.equal(first, "quick");
    assert.throws(() => pool(0, MODULE), RangeError);
    assert.throws(() => simulate(1, function* () { pool(1, MODULE); }), /simulation/);
    await rejects(run(function* () { yield workers.call("sum", []) as never; }), /yield\*/);
  }));
});
