import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import {
  abortable,
  action,
  Actor,
  all,
  allSettled,
  Barrier,
  Broadcast,
  CancelledError,
  Channel,
  ClosedError,
  CreelError,
  DeadlockError,
  Event,
  inspect,
  Mutex,
  type Operation,
  type Program,
  race,
  rateLimit,
  RestartError,
  retry,
  run,
  RwLock,
  scope,
  select,
  Semaphore,
  simulate,
  sleep,
  sleepUntil,
  spawn,
  supervise,
  type TaskContext,
  TimeoutError,
  timeout,
  wait,
  Watch,
  yieldNow,
} from "creel";

const isNode = "process" in globalThis;

/** Never done. */
const never = (): Promise<never> => new Promise<never>(() => {});

/** Every operation that the package has, each made so that it ends by itself, with what it comes to. */
const OPERATIONS: Record<string, () => { readonly operation: Operation<unknown>; readonly value: unknown }> = {
  sleep: () => ({ operation: sleep(1), value: undefined }),
  sleepUntil: () => ({ operation: sleepUntil(0), value: undefined }),
  yieldNow: () => ({ operation: yieldNow(), value: undefined }),
  wait: () => ({ operation: wait(Promise.resolve("kept")), value: "kept" }),
  task: () => ({ operation: spawn(async () => "ended"), value: "ended" }),
  cancel: () => ({ operation: spawn(() => 1).cancel(), value: undefined }),
  action: () => ({ operation: action(function* () { yield* sleep(1); return "made"; }), value: "made" }),
  scope: () => ({ operation: scope(async (inner) => (await inner.spawn(async () => 1)) + 1), value: 2 }),
  all: () => ({ operation: all([sleep(1), async () => "a", Promise.resolve(2)]), value: [undefined, "a", 2] }),
  allSettled: () => ({ operation: allSettled([async () => 1]), value: [{ status: "fulfilled", value: 1 }] }),
  race: () => ({ operation: race([never(), sleep(1e9), async () => "first"]), value: "first" }),
  select: () => ({ operation: select({ late: sleep(1e9), soon: sleep(1) }), value: { which: "soon", value: undefined } }),
  timeout: () => ({ operation: timeout(1e9, async () => "in time"), value: "in time" }),
  abortable: () => ({ operation: abortable(new AbortController().signal, async () => "whole"), value: "whole" }),
  retry: () => ({
    operation: retry(async (number) => { if (number < 3) throw new Error("again"); return number; }, { initial: 1 }),
    value: 3,
  }),
  rateLimit: () => ({ operation: rateLimit(1, 1)(), value: undefined }),
  supervise: () => ({
    operation: supervise([{ name: "child", run: async () => {}, restart: "temporary" }]),
    value: undefined,
  }),
  send: () => ({ operation: new Channel<number>(1).send(1), value: undefined }),
  receive: () => {
    const channel = new Channel<number>(1);
    channel.trySend(5);
    return { operation: channel.receive(), value: 5 };
  },
  lock: () => ({ operation: timeout(1e9, new Mutex().lock()), value: {} }),
  with: () => ({ operation: new Mutex().with(async () => "held"), value: "held" }),
  acquire: () => ({ operation: new Semaphore(1).acquire(), value: {} }),
  read: () => ({ operation: new RwLock().read(), value: {} }),
  write: () => ({ operation: new RwLock().write(), value: {} }),
  event: () => {
    const event = new Event();
    event.set();
    return { operation: event.wait(), value: undefined };
  },
  barrier: () => ({ operation: new Barrier(1).wait(), value: true }),
  until: () => ({ operation: new Watch(3).until((n) => n === 3), value: 3 }),
  changed: () => {
    const watch = new Watch(1);
    const view = watch.subscribe();
    watch.value = 2;
    return { operation: view.changed(), value: 2 };
  },
  broadcast: () => {
    const news = new Broadcast<string>();
    const reader = news.subscribe();
    news.send("extra");
    return { operation: reader.receive(), value: { message: "extra" } };
  },
  call: () => ({ operation: actor.call("twice", 4), value: 8 }),
  callWithin: () => ({ operation: actor.callWithin(1e9, "twice", 4), value: 8 }),
  cast: () => ({ operation: actor.cast("twice", 4), value: undefined }),
  stop: () => ({ operation: new Actor({}).stop(), value: undefined }),
};
const actor = new Actor({ async twice(n: number) { return 2 * n; } });

describe("async functions only", () => {
  test("every operation can be awaited: outside of tasks, in an async task, and by `yield*`", async () => {
    for (const [name, make] of Object.entries(OPERATIONS)) {
      const forms: Record<string, () => Promise<readonly [unknown, unknown]>> = {
        outside: async () => { const { operation, value } = make(); return [await operation, value]; },
        inside: () => run(async () => { const { operation, value } = make(); return [await operation, value]; }),
        "by wait": () => run(async (task) => { const { operation, value } = make(); return [await task.wait(operation), value]; }),
        "as the body": async () => { const { operation, value } = make(); return [await run(operation), value]; },
        "as an answer": async () => { const { operation, value } = make(); return [await run(() => operation), value]; },
        "by yield*": () => run(function* () { const { operation, value } = make(); return [yield* operation, value]; }),
        then: async () => { const { operation, value } = make(); return [await operation.then((come) => come), value]; },
      };
      for (const [form, outcome] of Object.entries(forms)) {
        const [come, expected] = await outcome();
        // Permits say nothing of themselves.
        assert.equal(JSON.stringify(come), JSON.stringify(expected), `${name} ${form}`);
      }
    }
    await actor.stop();
    assert.deepEqual(inspect(), []);
  });

  test("a program of async functions: workers, a channel, a lock, an end", async () => {
    const [jobs, done, lock] = [new Channel<number>(2), [] as number[], new Mutex()];
    await run(async (task) => {
      await task.wait(scope(async (workers) => {
        for (let n = 0; n < 3; n++) {
          workers.spawn(async (worker) => {
            for await (const job of jobs.values(worker)) {
              const square = await worker.wait(timeout(1e9, async () => job * job));
              await worker.wait(lock.with(async () => { done.push(square); }));
            }
          });
        }
        for (let job = 1; job <= 9; job++) await jobs.send(job);
        jobs.close();
      }));
      assert.equal(done.length, 9);
    });
    assert.deepEqual(done.sort((a, b) => a - b), [1, 4, 9, 16, 25, 36, 49, 64, 81]);
  });

  test("a timeout is one, and what it stopped has ended", async () => {
    const log: string[] = [];
    await assert.rejects(timeout(5, sleep(1e9)).then(), TimeoutError);
    await assert.rejects(timeout(5, async ({ wait }) => {
      try { await wait(sleep(1e9)); } finally { log.push("clean"); }
    }).then(), TimeoutError);
    assert.deepEqual(log, ["clean"]);
  });

  test("errors of each form come out as they are", async () => {
    const thrown = new RangeError("on purpose");
    const raise = async (): Promise<never> => { throw thrown; };
    const failing: Record<string, () => Operation<unknown>> = {
      scope: () => scope(async (inner) => { inner.spawn(raise); await never(); }),
      all: () => all([raise, ({ wait }: TaskContext) => wait(sleep(1e9))]),
      race: () => race([raise, sleep(1e9)]),
      select: () => select({ raise, late: sleep(1e9) }),
      timeout: () => timeout(1e9, raise),
      abortable: () => abortable(new AbortController().signal, raise),
      retry: () => retry(raise, { attempts: 2, initial: 1 }),
      with: () => new Mutex().with(raise),
      call: () => new Actor({ raise }).call("raise"),
      action: () => action(function* () { throw thrown; }),
    };
    // A scope waits for its body, which never ends; it is told by its signal.
    failing["scope"] = () => scope(async (inner, { wait }) => { inner.spawn(raise); await wait(sleep(1e9)); });
    for (const [name, make] of Object.entries(failing)) {
      await assert.rejects(make().then(), (error: unknown) => error === thrown || assert.fail(`${name}: ${error}`));
      assert.equal(await make().catch((error: unknown) => error), thrown, name);
      let ended = false;
      await assert.rejects(make().finally(() => { ended = true; }), RangeError);
      assert.ok(ended, name);
    }
    await assert.rejects(supervise([{ name: "child", run: raise }], { maxRestarts: 1 }).then(), (error: RestartError) => error.cause === thrown);
  });

  test("nothing happens before somebody waits, and each wait begins anew", async () => {
    let begun = 0;
    const counted = async (): Promise<number> => { begun += 1; return begun; };
    const made = [scope(counted), all([counted]), race([counted]), timeout(1e9, counted), retry(counted), new Mutex().with(counted)];
    await sleep(5);
    assert.equal(begun, 0);
    assert.deepEqual(inspect(), []);
    for (const operation of made) {
      const before: number = begun;
      await operation;
      await operation;
      assert.equal(begun, before + 2);
    }
    // A task is begun already, and has one outcome.
    const task = spawn(counted);
    assert.equal(await task, await task);
  });

  test("a generator that was begun is not taken for one that ends at once", async () => {
    const made = (function* () { yield* sleep(1); return "once"; })();
    const operation = race([made, sleep(1e9)]);
    assert.equal(await operation, "once");
    await assert.rejects(operation.then(), /a generator runs once.*pass the function/);
    await assert.rejects(all([made]).then(), CreelError);
    assert.throws(() => spawn(made), /a generator runs once/);
  });

  test("`yield` without its star is refused with a hint", async () => {
    await assert.rejects(run(function* () { yield timeout(1, sleep(1)); }), /write `yield\*` to wait for this: timeout/);
  });

  test("an operation that fails and that nobody hears of is an unhandled rejection, one that nobody awaits nothing", { skip: !isNode }, () => {
    const said = (program: string) => {
      const text = `import { timeout, sleep } from "creel"; ${program}`;
      return spawnSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8" });
    };
    const unheard = said(`timeout(1, sleep(100)).then();`);
    assert.equal(unheard.status, 1);
    assert.match(unheard.stderr, /not done within 1 ms/);
    assert.equal(said(`timeout(1, sleep(100));`).status, 0);
  });

  test("in a simulation an async function is stuck, and the error says why", async () => {
    const program = function* (): Program<void> { yield* spawn(async function load() { await sleep(1); }); };
    assert.throws(() => simulate(4, program), (error: DeadlockError) =>
      error instanceof DeadlockError && /; load waits for a promise.*generators/.test(error.message));
    assert.throws(() => simulate(4, function* () { yield* new Event().wait(); }), (error: DeadlockError) => !/promise/.test(error.message));
    await sleep(1);
  });
});

describe("async functions that are cancelled", () => {
  /** Cancels a task when it waits, and tells how it ended. */
  async function stopped(body: (task: TaskContext) => Promise<unknown>): Promise<string> {
    const task = spawn(body);
    await sleep(2);
    await task.cancel();
    return task.state;
  }

  test("what they wait for as a part of the task is stopped, whatever it is", async () => {
    const log: string[] = [];
    async function tidy({ wait }: TaskContext): Promise<void> {
      try { await wait(sleep(1e9)); } finally { await sleep(2); log.push("clean"); }
    }
    const held = new Mutex();
    await held.lock();
    const forms: Record<string, (task: TaskContext) => Promise<unknown>> = {
      body: tidy,
      nested: ({ wait }) => wait(tidy),
      scope: ({ wait }) => wait(scope(async (inner) => { inner.spawn(tidy); })),
      "body of a scope": ({ wait }) => wait(scope(async (_inner, task) => { await tidy(task); })),
      all: ({ wait }) => wait(all([tidy, sleep(1e9)])),
      race: ({ wait }) => wait(race([tidy, sleep(1e9)])),
      select: ({ wait }) => wait(select({ tidy, late: sleep(1e9) })),
      timeout: ({ wait }) => wait(timeout(1e9, tidy)),
      retry: ({ wait }) => wait(retry((_number, task) => tidy(task))),
      supervise: ({ wait }) => wait(supervise([{ name: "child", run: tidy }])),
      with: ({ wait }) => wait(new Mutex().with(tidy)),
    };
    for (const [name, body] of Object.entries(forms)) {
      log.length = 0;
      assert.equal(await stopped(body), "cancelled", name);
      assert.deepEqual(log, ["clean"], name);
    }
    for (const make of [() => held.lock(), () => new Event().wait(), () => new Channel<number>(1).receive(), () => new Watch(1).until(() => false)]) {
      assert.equal(await stopped((task) => task.wait(make())), "cancelled");
    }
    assert.equal(await stopped((task) => task.wait(never())), "cancelled");
    assert.deepEqual(inspect(), []);
  });

  test("a lock is held until an async function that was cancelled has ended", async () => {
    const mutex = new Mutex();
    const seen: boolean[] = [];
    const task = spawn(() => mutex.with(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await sleep(3);
      seen.push(mutex.isLocked);
    }));
    await sleep(2);
    await task.cancel();
    assert.deepEqual(seen, [true]);
    assert.equal(mutex.isLocked, false);
  });

  test("a method of an actor that is cancelled is told, and waited for", async () => {
    const log: string[] = [];
    const { current } = await import("creel");
    const actor = new Actor({
      async patient() {
        const { signal } = current();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        await sleep(2);
        log.push("ended");
      },
    });
    const calling = actor.call("patient").then();
    await sleep(2);
    await actor.task.cancel();
    log.push("cancelled");
    await assert.rejects(calling, ClosedError);
    assert.deepEqual(log, ["ended", "cancelled"]);
  });

  test("signals end what they are given to: operations, `abortable`, tasks, and `for await`", async () => {
    const reason = new RangeError("enough");
    const forms: Record<string, (signal: AbortSignal) => PromiseLike<unknown>> = {
      sleep: (signal) => sleep(1e9, { signal }),
      receive: (signal) => new Channel<number>(1).receive({ signal }),
      event: (signal) => new Event().wait({ signal }),
      barrier: (signal) => new Barrier(2).wait({ signal }),
      changed: (signal) => new Watch(1).subscribe().changed({ signal }),
      broadcast: (signal) => new Broadcast().subscribe().receive({ signal }),
      abortable: (signal) => abortable(signal, timeout(1e9, ({ wait }) => wait(sleep(1e9)))),
      values: async (signal) => { for await (const _ of new Channel<number>(1).values({ signal })); },
    };
    for (const [name, form] of Object.entries(forms)) {
      const controller = new AbortController();
      const waiting = Promise.resolve(form(controller.signal)).then(() => name, (error: unknown) => error);
      await sleep(1);
      controller.abort(reason);
      assert.equal(await waiting, reason, name);
    }
    const controller = new AbortController();
    const task = run(async ({ wait }) => { await wait(sleep(1e9)); }, { signal: controller.signal });
    await sleep(1);
    controller.abort(reason);
    await assert.rejects(task, (error: CancelledError) => error instanceof CancelledError && error.cause === reason);
  });

  test("what a task waits for is its own in the tree", async () => {
    const task = spawn(async ({ wait }) => {
      await Promise.resolve();
      await wait(timeout(1e9, sleep(1e9)));
    }, { name: "around" });
    await sleep(2);
    const around = inspect().find(({ name }) => name === "around")!;
    assert.deepEqual(around.children.map(({ name }) => name), ["timeout"]);
    const event = new Event();
    const outside = timeout(1e9, event.wait()).then();
    await sleep(1);
    assert.equal(inspect().find(({ name }) => name === "timeout")!.waitsFor, "select");
    await task.cancel();
    event.set();
    await outside;
    assert.deepEqual(inspect(), []);
  });
});

describe("lines", () => {
  test("an automatic event lets one go, not one that goes on already", async () => {
    await run(function* () {
      const event = new Event({ automatic: true });
      const first = spawn(function* () { yield* event.wait(); });
      const second = spawn(function* () { yield* event.wait(); return "second"; });
      yield* sleep(1);
      first.cancel();
      event.set();
      assert.equal(yield* timeout(100, second), "second");
      assert.equal(event.isSet, false);
    });
  });

  test("a barrier does not count who goes on already, and one of a selection has come when it opens", async () => {
    await run(function* () {
      const barrier = new Barrier(2);
      const gone = spawn(function* () { yield* barrier.wait(); });
      yield* sleep(1);
      gone.cancel();
      // In one breath: it has not been told yet.
      const { which } = yield* select({ open: barrier.wait(), late: sleep(1) });
      assert.equal(which, "late");
      const waiting = spawn(() => select({ open: barrier.wait(), late: sleep(1e9) }));
      yield* sleep(1);
      assert.equal(yield* barrier.wait(), true);
      assert.deepEqual(yield* waiting, { which: "open", value: false });
    });
  });

  test("a view of a watch that was told of one change sees the one that came behind it", async () => {
    await run(function* () {
      const watch = new Watch(0);
      const view = watch.subscribe();
      const seen = spawn(function* () { return yield* view.changed(); });
      yield* sleep(1);
      watch.value = 1;
      watch.value = 2;
      assert.equal(yield* seen, 2);
      const { which } = yield* select({ again: view.changed(), not: sleep(1) });
      assert.equal(which, "not");
    });
  });

  test("two readers with one receiver get a message each", async () => {
    await run(function* () {
      const news = new Broadcast<number>();
      const reader = news.subscribe();
      const [one, two] = [spawn(() => reader.receive()), spawn(() => reader.receive())];
      yield* sleep(1);
      news.send(1);
      news.send(2);
      assert.deepEqual([yield* one, yield* two], [{ message: 1 }, { message: 2 }]);
    });
  });
});
