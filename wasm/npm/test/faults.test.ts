import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memories } from "./workers/memory.js";
import {
  Barrier,
  Broadcast,
  CancelledError,
  Channel,
  Event,
  inspect,
  Mutex,
  type Operation,
  pool,
  retry,
  run,
  RwLock,
  select,
  Semaphore,
  simulate,
  sleep,
  spawn,
  supervise,
  type Task,
  wait,
  Watch,
  yieldNow,
} from "creel";
import type work from "./workers/work.js";

const MODULE = new URL("./workers/work.js", import.meta.url);
const isPage = "document" in globalThis;

/** What the page that loads the tests provides. */
declare const harness: { readonly server: string };

/** Collects what nobody holds: only where the collector can be called. */
const collect = await (async () => {
  if (!("process" in globalThis)) return undefined;
  const [v8, vm] = [await import("node:v8"), await import("node:vm")];
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc") as () => void;
})().catch(() => undefined);

/** Collects, and gives whoever is told of it the time to act. */
async function collected(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    collect!();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** How many of the things that `make` made are still there when nobody holds them. */
async function left(make: (n: number) => object | Promise<object>): Promise<number> {
  const refs: WeakRef<object>[] = [];
  for (let n = 0; n < 50; n++) refs.push(new WeakRef(await make(n)));
  await collected();
  // The last of them may lie in a register.
  return refs.slice(0, -1).filter((ref) => ref.deref() !== undefined).length;
}

describe("what is dropped", () => {
  const skip = { skip: !collect };

  test("tasks that have ended, and what they answered", skip, async () => {
    assert.equal(await left(() => spawn(function* () { yield* sleep(1); }).then(() => ({}))), 0);
    const task = () => {
      const made = spawn(function* () { yield* yieldNow(); return {}; });
      return made.then(() => made as unknown as object);
    };
    assert.equal(await left(() => new Promise((resolve) => void task().then((made) => resolve({ ...made })))), 0);
    const held: WeakRef<Task<void>>[] = [];
    for (let n = 0; n < 50; n++) held.push(new WeakRef(spawn(function* () { yield* yieldNow(); })));
    await sleep(5);
    await collected();
    assert.ok(held.slice(0, -1).every((ref) => !ref.deref()));
    assert.deepEqual(inspect(), []);
  });

  test("values that went through a channel, and those that still lie in one that nobody has", skip, async () => {
    const channel = new Channel<object>(4);
    assert.equal(await left(async () => { channel.trySend({}); return channel.tryReceive()!; }), 0);
    assert.equal(await left(() => {
      const value = {};
      new Channel<object>(1).trySend(value);
      return value;
    }), 0);
  });

  test("a sender that was cancelled leaves its value to nobody", skip, async () => {
    const full = new Channel<object>(1);
    full.trySend({});
    assert.equal(await left(async () => {
      const value = {};
      const task = spawn(() => full.send(value)[Symbol.iterator]() as Generator<Operation<unknown>, void>);
      await sleep(0);
      await task.cancel();
      return value;
    }), 0);
  });

  test("a sender that a signal ended, and senders that lost a selection, leave their values to nobody", skip, async () => {
    const full = new Channel<object>(1);
    full.trySend({});
    assert.equal(await left(async () => {
      const [value, controller] = [{}, new AbortController()];
      const sending = run(function* () { yield* full.send(value, { signal: controller.signal }); });
      await sleep(0);
      controller.abort();
      await sending.catch(() => {});
      return value;
    }), 0);
    assert.equal(await left(async () => {
      const value = {};
      const { which } = await run(() => select({ sent: full.send(value), late: sleep(0) }));
      assert.equal(which, "late");
      return value;
    }), 0);
  });

  test("channels and locks: the memory of the core does not grow with their number", skip, async () => {
    const makers = {
      Channel: () => new Channel<number>(8), Semaphore: () => new Semaphore(1), Mutex: () => new Mutex(), Event: () => new Event(),
      RwLock: () => new RwLock(), Barrier: () => new Barrier(2), Watch: () => new Watch(1), Broadcast: () => new Broadcast(),
    };
    const round = async (make: () => object) => {
      for (let n = 0; n < 1_000; n++) make();
      await collected();
      return memories[0]!.buffer.byteLength;
    };
    for (const [name, make] of Object.entries(makers)) {
      await round(make);
      const before = await round(make);
      for (let n = 0; n < 2; n++) await round(make);
      assert.ok((await round(make)) - before <= 0x10000, name);
    }
  });

  test("async functions that have ended: the core forgets them, whatever their priority", skip, async () => {
    const round = async () => {
      for (let n = 0; n < 2_000; n++) await spawn(async () => {}, { priority: n % 2 ? "background" : "user-visible" });
      return memories[0]!.buffer.byteLength;
    };
    const before = await round();
    for (let n = 0; n < 4; n++) await round();
    assert.ok((await round()) - before <= 0x10000);
  });

  test("tasks that started the next one and ended are not held by it", skip, async () => {
    const links: WeakRef<object>[] = [];
    const started = (n: number): Task<void> => {
      const task = spawn(function* () {
        if (n > 0) started(n - 1);
        else yield* sleep(1e9);
      }, { name: "link" });
      links.push(new WeakRef(task));
      return task;
    };
    started(50);
    await sleep(5);
    await collected();
    // The last one runs, and knows who started it.
    assert.ok(links.filter((link) => link.deref()).length <= 3);
    await (links.at(-1)!.deref() as Task<void>).cancel();
  });

  test("a channel does not grow with what goes through it", skip, async () => {
    const channel = new Channel<number>(1);
    const pass = (count: number) => { for (let n = 0; n < count; n++) { channel.trySend(n); channel.tryReceive(); } };
    pass(1000);
    await collected();
    const before = process.memoryUsage().heapUsed;
    pass(1_000_000);
    await collected();
    assert.ok(process.memoryUsage().heapUsed - before < 4e6);
  });

  test("a signal has no listener when the operation or the task is over", async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)] as [typeof signal.addEventListener, typeof signal.removeEventListener];
    signal.addEventListener = (...args: Parameters<typeof add>) => { listeners += 1; add(...args); };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => { listeners -= 1; remove(...args); };
    const channel = new Channel<number>(1);
    await run(function* () {
      yield* sleep(1, { signal });
      yield* channel.send(1, { signal });
      yield* channel.receive({ signal });
      const waiting = spawn(function* () { yield* channel.receive({ signal }); });
      yield* sleep(1);
      yield* waiting.cancel();
      yield* spawn(function* () { yield* sleep(1); }, { signal });
    });
    assert.equal(listeners, 0);
  });

  test("a task whose handle is dropped goes on", skip, async () => {
    let ended = false;
    spawn(function* () { yield* sleep(20); ended = true; });
    await collected();
    await sleep(30);
    assert.ok(ended);
  });
});

describe("what fails", () => {
  test("callbacks that throw fail the program that they belong to", async () => {
    const thrown = new Error("a callback");
    const raise = (): never => { throw thrown; };
    const programs: Record<string, () => Promise<unknown>> = {
      onEvent: () => run(() => supervise([{ name: "child", run: function* () { yield* sleep(1e9); } }], { onEvent: raise })),
      when: () => run(() => retry(() => { throw new Error("an attempt"); }, { when: raise })),
      random: () => run(() => retry(() => { throw new Error("an attempt"); }, { random: raise })),
      until: () => run(() => new Watch(1).until(raise)),
      then: () => run(function* () { yield* wait({ then: raise } as never); }),
      body: () => run(raise),
      arm: () => run(() => select({ one: sleep(1), other: { then: raise } as never })),
    };
    for (const [name, program] of Object.entries(programs)) {
      await assert.rejects(program(), (error: unknown) => {
        assert.equal(error, thrown);
        return true;
      });
      assert.equal(await run(function* () { yield* sleep(1); return name; }), name);
    }
    await sleep(1);
    assert.deepEqual(inspect(), []);
  });

  test("an operation of a simulation in a selection is refused, and the core is well", async () => {
    const { value } = simulate(1, function* () { return new Channel<number>(1); });
    await assert.rejects(run(() => select({ ours: sleep(1e9), theirs: value.receive() })), /outside of the simulation|inside of another one/);
    assert.equal(await run(function* () { yield* sleep(1); return 1; }), 1);
  });

  test("a promise that rejects after its task was cancelled is nobody's", async () => {
    const task = spawn(function* () {
      yield* wait(new Promise((_, reject) => setTimeout(() => reject(new Error("too late")), 10)));
    });
    await sleep(1);
    await task.cancel();
    await sleep(30);
    assert.equal(task.state, "cancelled");
  });

  test("calls into the package from inside a turn", async () => {
    const channel = new Channel<number>(4);
    const order: string[] = [];
    const outcome = await run(function* outer() {
      // Programs of other cores, and tasks of this one, whose turns are not taken inside of this turn.
      const { value } = simulate(1, function* () { yield* sleep(1e6); return simulate(2, function* () { return "deep"; }).value; });
      const other = spawn(function* () { order.push("other"); yield* channel.receive(); });
      order.push(value, inspect().some(({ name }) => name === "outer") ? "seen" : "not seen");
      channel.trySend(1);
      channel.close();
      yield* other;
      // Its own end is waited for by nobody, or it would never come.
      const self = spawn(function* (): Generator<Operation<unknown>, void> { self.cancel(); yield* sleep(1e9); });
      yield* sleep(1);
      order.push(self.state);
      return "done";
    });
    assert.equal(outcome, "done");
    assert.deepEqual(order, ["deep", "seen", "other", "cancelled"]);
  });

  test("abort listeners may call in while a task is told to end", async () => {
    const log: string[] = [];
    const second = spawn(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      log.push("second");
    });
    const first = spawn(async ({ signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => {
        second.cancel();
        log.push(spawn(function* () { log.push("third"); }).state);
        resolve();
      }));
    });
    await sleep(1);
    await first.cancel();
    await assert.rejects(second.then(), CancelledError);
    assert.deepEqual(log.sort(), ["ready", "second", "third"]);
  });

  test("when memory is used up a new task is refused, and those that run end", async () => {
    // Some of these end where a table of the core is about to double.
    for (const pages of [16, 20, 24, 28, 32, 40, 48]) {
      await using workers = pool<typeof work>(1, MODULE);
      const { error, started, woken, again } = await workers.call("exhaust", pages);
      assert.match(error, /no memory left for another task/);
      assert.ok(started > 500, `${started} tasks`);
      assert.equal(woken, started);
      assert.equal(again, started);
    }
  });

  test("when a core traps in a worker, its calls fail with the cause and the worker is replaced", async () => {
    await using workers = pool<typeof work>(1, MODULE);
    await assert.rejects(workers.call("corrupt").then(), /the core has stopped|the worker died/);
    assert.equal(await workers.call("sum", [1, 2]), 3);
  });

  test("a page that is frozen goes on when it is shown", { skip: !isPage }, async () => {
    const begin = performance.now();
    const sleeping = run(function* () { for (let n = 0; n < 10; n++) yield* sleep(50); });
    await fetch(`${harness.server}/freeze`, { method: "POST", body: "3000" });
    await sleeping;
    assert.ok(performance.now() - begin >= 2900, "it was frozen");
  });

  test("a page that is hidden for a minute goes on, with timers as late as the host's", { skip: !isPage }, async () => {
    let isHidden = false;
    const [states, lateness]: [Set<string>, number[]] = [new Set(), []];
    const ticking = spawn(function* () {
      for (;;) {
        const due = performance.now() + 100;
        yield* sleep(100);
        if (isHidden) lateness.push(performance.now() - due);
        states.add(document.visibilityState);
      }
    });
    // Work that is ready needs no timer, and is not slower for it.
    let turns = 0;
    // The host slows its own timers down: these are not slower.
    let ticks = 0;
    const ticker = setInterval(() => { ticks += 1; }, 100);
    const working = spawn(function* () { for (;;) { yield* yieldNow(); turns += 1; if (turns % 1000 === 0) yield* sleep(10); } });
    isHidden = true;
    await fetch(`${harness.server}/hide`, { method: "POST", body: "60000" });
    isHidden = false;
    clearInterval(ticker);
    await ticking.cancel();
    await working.cancel();
    assert.ok(states.has("hidden"), "the page was hidden");
    assert.ok(lateness.length >= ticks / 2 - 1, `${lateness.length} sleeps ended while ${ticks} timers of the host did`);
    assert.ok(Math.min(...lateness) >= 0, "none early");
    assert.ok(turns >= 100 * ticks, `${turns} turns while ${ticks} timers of the host ended`);
  });
});
