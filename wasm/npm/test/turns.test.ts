import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CancelledError,
  Channel,
  current,
  Event,
  inspect,
  type Operation,
  type Program,
  run,
  scope,
  select,
  Semaphore,
  simulate,
  sleep,
  spawn,
  supervise,
  timeout,
  wait,
  yieldNow,
} from "creel";

/** Numbers of tasks that ended are given again: from here on so many new tasks have numbers that the core has seen. */
async function seen(count: number): Promise<void> {
  await run(() => scope(function* (inner) {
    for (let n = 0; n < count; n++) inner.spawn(function* () { yield* yieldNow(); });
  }));
}

describe("first turns", () => {
  test("new tasks have their turns in the order in which they were started, from inside and outside", async () => {
    await seen(200);
    const order: number[] = [];
    const note = (n: number) => function* (): Program<void> { order.push(n); };
    const tasks = Array.from({ length: 100 }, (_, n) => spawn(note(n)));
    await Promise.all(tasks);
    assert.deepEqual(order, Array.from({ length: 100 }, (_, n) => n));
    order.length = 0;
    await run(function* () {
      for (let n = 0; n < 100; n++) spawn(note(n));
      assert.deepEqual(order, []);
      // Waiting for one of them would give it its turn before the others.
      while (order.length < 100) yield* sleep(1);
    });
    assert.deepEqual(order, Array.from({ length: 100 }, (_, n) => n));
  });

  test("who waits for a new task need not wait for those before it, which have theirs all the same", async () => {
    await seen(200);
    const order: string[] = [];
    await run(function* () {
      const early = Array.from({ length: 40 }, (_, n) => spawn(function* () { order.push(`${n}`); }));
      assert.equal(yield* spawn(function* () { order.push("wanted"); return 1; }), 1);
      assert.equal(order[0], "wanted");
      for (const task of early.reverse()) yield* task;
    });
    assert.equal(order.length, 41);
    assert.equal(new Set(order).size, 41);
  });

  test("tasks that wait for each other as deep as nobody would write it", async () => {
    await seen(5_000);
    function* depth(left: number): Program<number> {
      return left === 0 ? 0 : 1 + (yield* spawn(() => depth(left - 1)));
    }
    assert.equal(await run(() => depth(20_000)), 20_000);
  });

  test("tasks that start the next one for ever let timers and the others run", async () => {
    await seen(10);
    let isOver = false;
    let links = 0;
    const link = (): void => { links += 1; if (!isOver) spawn(link); };
    spawn(link);
    const turns = await run(function* () {
      let turns = 0;
      const end = spawn(function* () { yield* sleep(10); isOver = true; });
      while (!end.isDone) { yield* yieldNow(); turns += 1; }
      return turns;
    });
    assert.ok(links > 10 && turns > 10, `${links} links, ${turns} turns`);
  });

  test("a task that never has to wait lets the others run after so many operations", async () => {
    let [operations, most] = [0, 0];
    const channel = new Channel<number>(1);
    const busy = spawn(function* () {
      for (;;) { yield* channel.send(1); yield* channel.receive(); operations += 2; }
    });
    await run(function* () {
      for (let turn = 0, before = 0; turn < 20; turn++, before = operations) {
        yield* yieldNow();
        most = Math.max(most, operations - before);
      }
    });
    await busy.cancel();
    assert.ok(most >= 64 && most <= 256, `${most} operations in a turn`);
  });

  test("a sleep is not shorter for what its task computed before it", async () => {
    await run(function* () {
      yield* sleep(1);
      // Others keep the core at work, which so looks at its timers.
      const others = spawn(function* () { for (;;) yield* yieldNow(); });
      for (const end = performance.now() + 40; performance.now() < end; );
      const begin = performance.now();
      yield* sleep(20);
      assert.ok(performance.now() - begin >= 19);
      yield* others.cancel();
    });
  });

  test("a priority counts from the first turn on", async () => {
    await seen(2_000);
    const order: string[] = [];
    await run(() => scope(function* (inner) {
      const start = (name: "background" | "user-visible" | "user-blocking") =>
        inner.spawn(function* () { order.push(name); }, { priority: name });
      for (let n = 0; n < 5; n++) start("background");
      for (let n = 0; n < 1_500; n++) start("user-visible");
      start("user-blocking");
    }));
    // Tasks that are new take no more turns before others than those that are not.
    assert.ok(order.indexOf("user-blocking") <= 256, `${order.indexOf("user-blocking")} before`);
    assert.ok(order.lastIndexOf("background") > 1_000, `after ${order.lastIndexOf("background")}`);
    assert.equal(order.length, 1_506);
  });

  test("the background runs while others are always ready, and its deadlines are kept beside theirs", async () => {
    let hasRun = false;
    spawn(function* () { hasRun = true; }, { priority: "background" });
    const meanwhile = await run(function* () {
      for (let turns = 0; !hasRun && turns < 50_000; turns++) yield* yieldNow();
      return hasRun;
    });
    assert.ok(meanwhile);
    const begin = performance.now();
    const late = spawn(function* () { yield* sleep(2_000); });
    await run(function* () { yield* sleep(5); }, { priority: "background" });
    await run(function* () { yield* sleep(5); }, { priority: "user-blocking" });
    assert.ok(performance.now() - begin < 1_500);
    await late.cancel();
  });

  test("new tasks are no reason to keep the page waiting for longer", async () => {
    await seen(2_000);
    let [since, most] = [0, 0];
    const compute = (): void => {
      most = Math.max(most, ++since);
      for (const end = performance.now() + 0.05; performance.now() < end; );
    };
    const kinds: Record<string, () => Program<void>> = {
      *started() { for (let n = 0; n < 1_000; n++) spawn(compute); },
      *joined() { for (let n = 0; n < 1_000; n++) yield* spawn(compute); },
      *nested() { for (let n = 0; n < 500; n++) yield* spawn(function* () { yield* spawn(compute); }); },
    };
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { since = 0; port2.postMessage(0); };
    port2.postMessage(0);
    for (const [kind, body] of Object.entries(kinds)) {
      [since, most] = [0, 0];
      await run(body);
      await sleep(100);
      assert.ok(most >= 10 && most <= 300, `${kind}: ${most} before the page has its turn`);
    }
    port1.close();
  });

  test("the page waits for few turns when each computes for a millisecond", async () => {
    let [since, most] = [0, 0];
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { since = 0; port2.postMessage(0); };
    port2.postMessage(0);
    await run(() => scope(function* (inner) {
      for (let n = 0; n < 150; n++) {
        inner.spawn(function* () {
          yield* yieldNow();
          most = Math.max(most, ++since);
          for (const end = performance.now() + 1; performance.now() < end; );
        });
      }
    }));
    port1.close();
    assert.ok(most >= 2 && most <= 40, `${most} turns before the page has its own`);
  });

  test("a new task can be cancelled, seen, and wait for anything in its first turn", async () => {
    await seen(20);
    let begun = false;
    const never = spawn(function* () { begun = true; }, { name: "never" });
    assert.equal(never.state, "ready");
    assert.ok(inspect().some(({ name }) => name === "never"));
    await never.cancel();
    assert.equal(begun, false);
    await assert.rejects(never.then(), CancelledError);

    const event = new Event();
    const waits: Record<string, () => Program<unknown>> = {
      *turn() { yield* yieldNow(); return 1; },
      *time() { yield* sleep(1); return 1; },
      *event() { yield* event.wait(); return 1; },
      *promise() { return yield* wait(Promise.resolve(1)); },
      *task() { return yield* spawn(function* () { yield* sleep(1); return 1; }); },
    };
    const tasks = Object.values(waits).map((body) => spawn(body));
    await sleep(2);
    event.set();
    assert.deepEqual(await Promise.all(tasks), [1, 1, 1, 1, 1]);
    const parked = spawn(function* () { yield* new Event().wait(); });
    await sleep(1);
    assert.equal(parked.state, "waiting");
    await parked.cancel();
    assert.equal(parked.state, "cancelled");
  });
});

describe("in one breath", () => {
  /** A task that waits, and then is cancelled and has not been told yet. */
  function* told(operation: () => Operation<unknown>): Program<void> {
    const task = spawn(function* () { yield* operation(); });
    yield* sleep(1);
    task.cancel();
  }

  test("a value goes to the next receiver when the first one was cancelled", async () => {
    await run(function* () {
      const channel = new Channel<number>(1);
      yield* told(() => channel.receive());
      const next = spawn(function* () { return yield* channel.receive(); });
      // The second one waits in line behind the one that is told now.
      yield* told(() => channel.receive());
      assert.ok(channel.trySend(7));
      assert.equal(yield* timeout(100, next), 7);
      const first = spawn(function* () { yield* channel.receive(); });
      const second = spawn(function* () { return yield* channel.receive(); });
      yield* sleep(1);
      first.cancel();
      assert.ok(channel.trySend(8));
      assert.equal(yield* timeout(100, second), 8);
    });
  });

  test("nothing is taken from a sender that was cancelled", async () => {
    await run(function* () {
      const channel = new Channel<number>(1);
      channel.trySend(1);
      const first = spawn(function* () { yield* channel.send(2); });
      const second = spawn(function* () { yield* channel.send(3); });
      yield* sleep(1);
      first.cancel();
      assert.equal(channel.tryReceive(), 1);
      assert.equal(channel.tryReceive(), 3);
      yield* second;
      assert.equal(channel.length, 0);
    });
  });

  test("a permit is not given to a task that was cancelled, and who wants less goes past it", async () => {
    await run(function* () {
      const semaphore = new Semaphore(1);
      const held = semaphore.tryAcquire()!;
      const first = spawn(function* () { yield* semaphore.acquire(); });
      yield* sleep(1);
      first.cancel();
      held.release();
      yield* sleep(1);
      assert.equal(semaphore.available, 1);

      const large = spawn(function* () { yield* semaphore.acquire(5); });
      const small = spawn(function* () { (yield* semaphore.acquire()).release(); return "small"; });
      yield* sleep(1);
      assert.equal(semaphore.tryAcquire(), undefined);
      assert.equal(small.state, "waiting");
      large.cancel();
      assert.equal(yield* timeout(100, small), "small");
      assert.throws(() => semaphore.acquire(-1), RangeError);
    });
  });

  test("who was cancelled hears of that before anything is done for it, be it ready", async () => {
    await run(function* () {
      const channel = new Channel<number>(1);
      channel.trySend(7);
      const task = spawn(function* () {
        current().cancel();
        yield* channel.receive();
      });
      yield* sleep(1);
      assert.equal(task.state, "cancelled");
      assert.equal(channel.tryReceive(), 7);
      // What it waits for in its `finally` block is done for it as before.
      const tidy = spawn(function* () {
        try { yield* sleep(1e9); } finally { yield* channel.send(8); }
      });
      yield* sleep(1);
      yield* tidy.cancel();
      assert.equal(channel.tryReceive(), 8);
    });
  });

  test("what has come is not lost when the task is cancelled before it goes on", async () => {
    await run(function* () {
      const channel = new Channel<number>(1);
      const received: (number | undefined)[] = [];
      const task = spawn(function* () {
        received.push(yield* channel.receive());
        yield* sleep(1e9);
      });
      yield* sleep(1);
      assert.ok(channel.trySend(7));
      task.cancel();
      yield* task.cancel();
      assert.deepEqual(received, [7]);
      assert.equal(task.state, "cancelled");
    });
  });

  test("what an `async` function came to first is its outcome, though its thenable answers again", async () => {
    const twice = { then: (yes: (value: number) => void, no: (error: unknown) => void) => { yes(1); yes(2); no(new Error("late")); } };
    const thrice = { then: (yes: (value: number) => void, no: (error: unknown) => void) => { no(new RangeError("first")); yes(2); } };
    assert.equal(await run(() => twice as PromiseLike<number>), 1);
    await assert.rejects(run(() => thrice as PromiseLike<number>), RangeError);
  });

  test("of several that are ready, and of times that end together, the one that stands first wins", async () => {
    await run(function* () {
      const [left, right] = [new Channel<number>(1), new Channel<number>(1)];
      left.trySend(1);
      right.trySend(2);
      assert.equal((yield* select({ left: left.receive(), right: right.receive() })).which, "left");
      left.trySend(1);
      assert.equal((yield* select({ right: right.receive(), left: left.receive() })).which, "right");
      assert.equal((yield* select({ one: sleep(1), other: sleep(1) })).which, "one");
      assert.equal((yield* select({ long: sleep(2), other: sleep(1), last: sleep(1) })).which, "other");
    });
  });

  test("a task that is cancelled is no failure: not to its scope, and not to who would start it anew", () => {
    simulate(1, function* () {
      const value = yield* scope(function* (inner) {
        const child = inner.spawn(function* () { yield* sleep(1e9); });
        const other = inner.spawn(function* () { yield* sleep(5); return "went on"; });
        yield* sleep(1);
        yield* child.cancel();
        return yield* other;
      });
      assert.equal(value, "went on");

      const kinds: string[] = [];
      const run = (): Program<void> => (function* () { yield* sleep(1e9); })();
      const children = [{ name: "child", run, restart: "transient" as const, options: { signal: AbortSignal.abort() } }];
      yield* timeout(10, supervise(children, { onEvent: ({ kind }) => kinds.push(kind) }));
      assert.deepEqual(kinds, ["started", "ended"]);
    });
  });

  test("what comes when a task is woken already is left for others", async () => {
    await run(function* () {
      const [left, right] = [new Channel<number>(1), new Channel<number>(1)];
      const both = spawn(() => select({ left: left.receive(), right: right.receive() }));
      yield* sleep(1);
      left.trySend(1);
      right.trySend(2);
      assert.deepEqual(yield* both, { which: "left", value: 1 });
      assert.equal(right.tryReceive(), 2);
    });
  });

  test("a promise that comes after its task went on is not taken for what the task waits for now", async () => {
    let late!: (value: string) => void;
    const promise = new Promise<string>((resolve) => (late = resolve));
    await run(function* () {
      const channel = new Channel<number>(1);
      const task = spawn(function* () {
        const { which } = yield* select({ promise, time: sleep(1) });
        assert.equal(which, "time");
        return yield* channel.receive();
      });
      yield* sleep(5);
      late("too late");
      yield* sleep(1);
      assert.equal(task.state, "waiting");
      channel.trySend(3);
      assert.equal(yield* task, 3);
    });
  });

  test("a thenable that answers at once, alone, in a selection, and before one that throws", async () => {
    const answers = { then: (done: (value: number) => void) => done(4) } as PromiseLike<number>;
    const raises = { then: () => { throw new Error("on purpose"); } } as unknown as PromiseLike<number>;
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)] as [typeof signal.addEventListener, typeof signal.removeEventListener];
    signal.addEventListener = (...args: Parameters<typeof add>) => { listeners += 1; add(...args); };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => { listeners -= 1; remove(...args); };
    await run(function* () {
      assert.equal(yield* wait(answers), 4);
      assert.deepEqual(yield* select({ time: sleep(1e9, { signal }), answers }), { which: "answers", value: 4 });
      try {
        yield* select({ time: sleep(1e9, { signal }), answers, raises });
        assert.fail();
      } catch (error) {
        assert.equal((error as Error).message, "on purpose");
      }
      // What was begun of it must not end the next wait.
      const before = performance.now();
      yield* sleep(20);
      assert.ok(performance.now() - before >= 19);
    });
    assert.equal(listeners, 0);
  });

  test("an operation that its signal ended stands in no line", async () => {
    const channel = new Channel<number>(1);
    const controller = new AbortController();
    const semaphore = new Semaphore(0);
    const large = run(function* () { yield* semaphore.acquire(2, { signal: controller.signal }); });
    const small = run(function* () { yield* semaphore.acquire(1); });
    const receiving = run(function* () { yield* channel.receive({ signal: controller.signal }); });
    await sleep(1);
    controller.abort(new Error("enough"));
    await assert.rejects(large, /enough/);
    await assert.rejects(receiving, /enough/);
    semaphore.add(1);
    await small;
    assert.ok(channel.trySend(1));
    assert.equal(channel.length, 1);
  });

  test("a channel keeps its order while it grows, and when it goes round", async () => {
    for (const capacity of [1, 2, 3, 5, 7, 100]) {
      const channel = new Channel<number>(capacity);
      let [sent, received] = [0, 0];
      for (let round = 0; round < 300; round++) {
        for (let n = 0; n < 1 + (round * 7) % 11; n++) if (channel.trySend(sent)) sent += 1;
        assert.ok(channel.length <= capacity);
        for (let n = 0; n < (round * 5) % 7; n++) {
          const value = channel.tryReceive();
          if (value !== undefined) assert.equal(value, received++);
        }
      }
      assert.equal(channel.length, sent - received);
      assert.throws(() => channel.trySend(undefined as never), TypeError);
    }
  });

  test("what outlives its simulation wakes nobody in the next one", () => {
    const controller = new AbortController();
    let channel!: Channel<number>;
    simulate(1, function* () {
      channel = new Channel<number>(1);
      spawn(function* () { yield* channel.receive(); }, { signal: controller.signal });
      yield* sleep(1);
    });
    const { elapsed } = simulate(1, function* () {
      const sleeping = spawn(function* () { yield* sleep(1000); });
      const parked = spawn(function* () { yield* new Event().wait(); });
      yield* sleep(1);
      channel.trySend(1);
      controller.abort();
      yield* sleeping;
      assert.equal(parked.state, "waiting");
      parked.cancel();
    });
    assert.equal(elapsed, 1000);
    assert.equal(simulate(1, function* () { yield* sleep(0.0005); }).elapsed, 0.0005);
  });

  test("what is no body, no generator and no promise is refused with a hint", async () => {
    for (const body of [undefined, 5, {}] as never[]) assert.throws(() => spawn(body), /a task runs a function, a generator or an operation/);
    for (const promise of [Promise.resolve(1)] as never[]) assert.throws(() => spawn(promise), /a promise can be awaited/);
    assert.throws(() => wait(5 as never), /only a promise/);
    assert.equal(await run((function* () { yield* sleep(1); return 6; })()), 6);
  });
});
