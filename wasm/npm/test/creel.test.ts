import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import {
  abortable,
  Actor,
  all,
  allSettled,
  Barrier,
  Broadcast,
  CancelledError,
  Channel,
  ClosedError,
  CreelError,
  current,
  DeadlockError,
  delay,
  Event,
  frameBudget,
  inspect,
  Mutex,
  now,
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
  spawn,
  supervise,
  TimeoutError,
  timeout,
  wait,
  Watch,
  yieldNow,
} from "creel";

const isNode = "process" in globalThis;

/** Runs a program under many seeds. */
function everySeed(body: () => Program<void>, seeds = 50): void {
  for (let seed = 0; seed < seeds; seed++) simulate(seed, body);
}

describe("tasks", () => {
  test("a generator, an async function and a plain one", async () => {
    assert.equal(await run(function* () { yield* sleep(1); return 1; }), 1);
    assert.equal(await run(async (task) => { await task.wait(sleep(1)); return 2; }), 2);
    assert.equal(await run(() => 3), 3);
  });

  test("operations can be awaited outside of a task", async () => {
    const channel = new Channel<string>(1);
    await channel.send("hello");
    assert.equal(await channel.receive(), "hello");
  });

  test("a failure crosses to who waits, with its stack", async () => {
    const failing = spawn(function* broken() { yield* sleep(1); throw new TypeError("on purpose"); });
    await assert.rejects(failing.then(), { name: "TypeError", message: "on purpose" });
    assert.equal(failing.state, "failed");
    await run(function* () {
      try { yield* failing; assert.fail("it failed"); } catch (error) { assert.ok(error instanceof TypeError); }
    });
  });

  test("a failure that nobody waits for is an unhandled rejection", { skip: !isNode }, () => {
    const program = `import { spawn } from "creel"; spawn(function* () { throw new Error("unheard"); });`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(stderr, /unheard/);
  });

  test("who waits for a task at once hears of its failure, and nobody else does", { skip: !isNode }, () => {
    const program = `import { run, spawn } from "creel"; const broken = () => spawn(function* () { throw new Error("heard"); });
      try { await broken(); } catch ({ message }) { console.log(message); }
      await run(function* () { const task = broken(); try { yield* task; } catch ({ message }) { console.log(message); } });`;
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    assert.equal(stdout, "heard\nheard\n");
    assert.equal(status, 0);
  });

  test("cancelling runs finally blocks, which may wait; a catch sees why", async () => {
    const log: string[] = [];
    const task = spawn(function* () {
      try {
        try { yield* sleep(1e9); } catch (error) { log.push((error as Error).name); throw error; }
      } finally {
        yield* sleep(2);
        log.push("clean");
      }
    });
    await sleep(1);
    await task.cancel("enough");
    assert.deepEqual(log, ["CancelledError", "clean"]);
    assert.equal(task.state, "cancelled");
    await assert.rejects(task.then(), (error: CancelledError) => error.cause === "enough");
  });

  test("a cancelled task does not go on behind what waited to clean up", () => {
    everySeed(function* () {
      const log: string[] = [];
      function* cleaned(): Program<void> {
        try { yield* sleep(1e9); } finally { yield* sleep(1); log.push("clean"); }
      }
      const bodies: Record<string, () => Program<unknown> | Operation<unknown>> = {
        generator: cleaned,
        scope: () => scope(function* (inner) { inner.spawn(cleaned); yield* sleep(1e9); }),
        race: () => race([cleaned, sleep(1e9)]),
        retry: () => retry(cleaned),
        all: () => all([cleaned, cleaned]),
        settled: () => allSettled([cleaned]),
      };
      for (const [name, body] of Object.entries(bodies)) {
        const task = spawn(function* () { yield* body(); log.push("went on"); });
        yield* sleep(1);
        yield* task.cancel();
        assert.equal(task.state, "cancelled", name);
      }
      assert.ok(!log.includes("went on"));
      assert.equal(log.length, 7);
    }, 10);
  });

  test("a task that has ended is not mistaken for the one that has its number now", async () => {
    const idOf = (name: string) => inspect().find((tree) => tree.name === name)!.id;
    const first = spawn(function* one() { yield* sleep(0); return "first"; });
    const id = idOf("one");
    await first;
    const second = spawn(function* two() { yield* sleep(1e9); });
    assert.equal(idOf("two"), id);
    // As one of a selection it is asked for and not begun.
    const { which, value } = await run(() => select({ first, late: sleep(50) }));
    assert.equal(which, "first");
    assert.equal(value, "first");
    await first.cancel();
    await second.cancel();
  });

  test("a task that never waits lets the others run", async () => {
    const channel = new Channel<number>(1);
    const busy = spawn(function* () {
      for (;;) { yield* channel.send(1); yield* channel.receive(); }
    });
    assert.equal(await run(function* () { yield* yieldNow(); yield* sleep(1); return "had a turn"; }), "had a turn");
    await busy.cancel();
  });

  test("a sleep longer than the timers of the host can be is no shorter for it", async () => {
    let woken = false;
    const long = spawn(function* () { yield* sleep(2 ** 31 + 1000); woken = true; });
    await sleep(30);
    assert.equal(woken, false);
    await long.cancel();
    const endless = spawn(function* () { yield* sleep(Infinity); });
    await sleep(5);
    assert.equal(endless.state, "waiting");
    await endless.cancel();
  });

  test("who swallows a cancellation goes on, and counts as cancelled", async () => {
    const task = spawn(function* () {
      try { yield* sleep(1e9); } catch { yield* sleep(1); return "went on"; }
      return "";
    });
    await sleep(1);
    await task.cancel();
    assert.equal(task.state, "cancelled");
  });

  test("a task that has not begun never begins when it is cancelled", async () => {
    let ran = false;
    const task = spawn(function* () { ran = true; });
    await task.cancel();
    assert.equal(ran, false);
  });

  test("an async function sees its signal, and is waited for", async () => {
    const log: string[] = [];
    const task = spawn(async ({ signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      log.push("aborted");
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push("ended");
    });
    await sleep(1);
    await task.cancel();
    assert.deepEqual(log, ["aborted", "ended"]);
  });

  test("an async function that is cancelled counts as cancelled whatever it answers, and what it answered before stays", async () => {
    for (const priority of ["user-visible", "background"] as const) {
      const itself = spawn(async () => { current().cancel(); return 1; }, { priority });
      await sleep(1);
      assert.equal(itself.state, "cancelled");
      let answer!: (value: number) => void;
      const promise = new Promise<number>((resolve) => (answer = resolve));
      const heedless = spawn(async () => promise, { priority });
      await sleep(1);
      heedless.cancel();
      answer(1);
      await heedless.cancel();
      assert.equal(heedless.state, "cancelled");
      // A thenable tells at once, and so before the task is cancelled.
      let tell!: (value: number) => void;
      const early = spawn(() => ({ then: (yes: typeof tell) => { tell = yes; } }) as unknown as PromiseLike<number>, { priority });
      await sleep(1);
      tell(2);
      early.cancel();
      assert.equal(await early, 2);
    }
  });

  test("an AbortSignal cancels a task, and ends an operation", async () => {
    const controller = new AbortController();
    const task = spawn(function* () { yield* sleep(1e9); }, { signal: controller.signal });
    const operation = sleep(1e9, { signal: controller.signal });
    const waiting = run(function* () { yield* operation; });
    await sleep(1);
    controller.abort(new Error("stop"));
    await assert.rejects(task.then(), CancelledError);
    await assert.rejects(waiting, { message: "stop" });
    assert.throws(() => controller.signal.throwIfAborted());
  });

  test("a signal that is aborted already ends an operation before it begins; one that is aborted takes nothing", async () => {
    const channel = new Channel<number>(1);
    channel.trySend(1);
    const waiting = () => run(function* () { yield* channel.receive({ signal: AbortSignal.abort(new Error("over")) }); });
    await assert.rejects(waiting(), { message: "over" });
    assert.equal(channel.tryReceive(), 1);
  });

  test("a signal ends anything, and what it ended has ended", async () => {
    const [event, controller] = [new Event(), new AbortController()];
    const log: string[] = [];
    const waiting = run(function* () {
      yield* abortable(controller.signal, function* () {
        try { yield* event.wait(); } finally { yield* sleep(5); log.push("clean"); }
      });
    });
    await sleep(1);
    controller.abort(new RangeError("enough"));
    await assert.rejects(waiting, RangeError);
    assert.deepEqual(log, ["clean"]);
    assert.equal(await run(() => abortable(new AbortController().signal, Promise.resolve(1))), 1);
    await assert.rejects(run(() => abortable(controller.signal, sleep(1))), RangeError);
  });

  test("the first reason stays", async () => {
    const task = spawn(function* () { try { yield* sleep(1e9); } finally { yield* sleep(5); } });
    await sleep(1);
    const first = task.cancel("first");
    task.cancel("second");
    await first;
    await assert.rejects(task.then(), (error: CancelledError) => error.cause === "first");
  });

  test("await using cancels at the end of the block", async () => {
    let outer;
    {
      await using task = spawn(function* () { yield* sleep(1e9); });
      outer = task;
      await sleep(1);
    }
    assert.equal(outer.state, "cancelled");
  });

  test("what is not an operation is refused with a hint", async () => {
    const wrong = run(function* () { yield 1 as never; });
    await assert.rejects(wrong, /yield\* wait\(promise\)/);
  });

  test("promises can be waited for", async () => {
    const value = await run(function* () {
      assert.equal(yield* wait(Promise.resolve(20)), 20);
      try { yield* wait(Promise.reject(new RangeError("no"))); } catch (error) { return error; }
      return undefined;
    });
    assert.ok(value instanceof RangeError);
  });

  test("priorities: what blocks the user runs first, the background runs too", async () => {
    const order: string[] = [];
    const tasks = (["background", "user-visible", "user-blocking"] as const).map((priority) =>
      spawn(function* () { order.push(priority); }, { priority }));
    await run(function* () { for (const task of tasks) yield* task; }, { priority: "background" });
    assert.deepEqual(order, ["user-blocking", "user-visible", "background"]);
  });

  test("timers of the event loop get their turns while tasks are busy", async () => {
    let fired = 0;
    const ticking = setInterval(() => (fired += 1), 0);
    await run(function* () { while (fired < 3) yield* yieldNow(); });
    clearInterval(ticking);
    assert.ok(fired >= 3);
  });

  test("with a larger budget more is done before the event loop has a turn", async () => {
    // How many turns a task has before a message comes in, on a clock that moves when it is looked at.
    const turnsWith = async (budget: number) => {
      frameBudget(budget);
      let [turns, seen, clock] = [0, -1, performance.now()];
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (seen = turns);
      port2.postMessage(0);
      performance.now = () => (clock += 1);
      try {
        await run(function* () { while (seen < 0) { turns += 1; yield* yieldNow(); } });
      } finally {
        delete (performance as { now?: unknown }).now;
        port1.close();
        frameBudget(5);
      }
      return seen;
    };
    const [few, many] = [await turnsWith(1), await turnsWith(200)];
    assert.ok(many > 2 * few, `${few} turns, and ${many}`);
    assert.throws(() => frameBudget(0), RangeError);
  });

  test("inspect shows the live tree", async () => {
    const parent = spawn(function* guardian() {
      yield* scope(function* (inner) {
        inner.spawn(function* ward() { yield* sleep(1e9); });
        yield* sleep(1e9);
      });
    });
    await sleep(2);
    const find = (name: string, trees = inspect()): ReturnType<typeof inspect>[number] | undefined =>
      trees.flatMap((tree) => (tree.name === name ? [tree] : [find(name, tree.children)])).find(Boolean);
    assert.equal(find("ward")?.waitsFor, "sleep");
    assert.ok(find("guardian"));
    await parent.cancel();
    assert.equal(find("ward"), undefined);
  });
});

describe("scopes", () => {
  test("wait for their tasks", () => {
    const ended: number[] = [];
    const { elapsed } = simulate(1, function* () {
      yield* scope(function* (inner) {
        for (const time of [30, 10, 20]) inner.spawn(function* () { yield* sleep(time); ended.push(time); });
      });
    });
    assert.deepEqual(ended, [10, 20, 30]);
    assert.equal(elapsed, 30);
  });

  test("the first failure cancels the others, and comes out after all have ended", () => {
    everySeed(function* () {
      const log: string[] = [];
      try {
        yield* scope(function* (inner) {
          inner.spawn(function* () { try { yield* sleep(1e6); } finally { yield* sleep(5); log.push("clean"); } });
          inner.spawn(function* () { yield* sleep(1); throw new Error("first"); });
          yield* sleep(1e6);
        });
        assert.fail("it fails");
      } catch (error) {
        assert.equal((error as Error).message, "first");
      }
      assert.deepEqual(log, ["clean"]);
      assert.ok(now() < 100);
    });
  });

  test("cancelling the task around cancels all, at any depth", () => {
    everySeed(function* () {
      let alive = 0;
      function* deep(depth: number): Program<void> {
        alive += 1;
        try {
          yield* scope(function* (inner) {
            if (depth > 0) { inner.spawn(() => deep(depth - 1)); inner.spawn(() => deep(depth - 1)); }
            yield* sleep(1e6);
          });
        } finally {
          yield* yieldNow();
          alive -= 1;
        }
      }
      const task = spawn(() => deep(4));
      yield* sleep(1);
      assert.equal(alive, 31);
      yield* task.cancel();
      assert.equal(alive, 0);
    }, 10);
  });

  test("all keeps the order and the types; allSettled keeps failures", async () => {
    const [a, b, c] = await run(() => all([sleep(1), function* () { return "b"; }, Promise.resolve(3)]));
    const typed: [void, string, number] = [a, b, c];
    assert.deepEqual(typed, [undefined, "b", 3]);
    const settled = await run(() => allSettled([Promise.reject(new Error("x")), async () => 1]));
    assert.deepEqual(settled.map(({ status }) => status), ["rejected", "fulfilled"]);
  });
});

describe("racing", () => {
  test("losers are cancelled and have ended", () => {
    everySeed(function* () {
      const log: string[] = [];
      function* racer(time: number): Program<number> {
        try { yield* sleep(time); return time; } finally { yield* sleep(1); log.push(`${time}`); }
      }
      assert.equal(yield* race([() => racer(30), () => racer(10), () => racer(20)]), 10);
      assert.deepEqual(log.sort(), ["10", "20", "30"]);
    });
  });

  test("a selection loses no message", () => {
    everySeed(function* () {
      const [left, right] = [new Channel<number>(4), new Channel<number>(4)];
      const seen: number[] = [];
      function* feed(channel: Channel<number>, start: number): Program<void> {
        for (let n = start; n < 100; n += 2) { yield* channel.send(n); if (n % 7 === 0) yield* sleep(1); }
        channel.close();
      }
      spawn(() => feed(left, 0));
      spawn(() => feed(right, 1));
      let rest: Channel<number> | undefined;
      while (!rest) {
        const event = yield* select({ left: left.receive(), right: right.receive(), idle: sleep(0.5) });
        if (event.which === "idle") continue;
        if (event.value !== undefined) seen.push(event.value);
        else rest = event.which === "left" ? right : left;
      }
      for (let value; (value = yield* rest.receive()) !== undefined; ) seen.push(value);
      assert.deepEqual(seen.sort((a, b) => a - b), Array.from({ length: 100 }, (_, n) => n));
    });
  });

  test("a selection of a channel and of something else loses no message either", async () => {
    everySeed(function* () {
      const channel = new Channel<number>(1);
      spawn(function* () { for (let n = 0; n < 20; n++) yield* channel.send(n); channel.close(); });
      const seen: number[] = [];
      for (;;) {
        const event = yield* select({ other: function* () { yield* yieldNow(); }, message: channel.receive() });
        if (event.which === "other") continue;
        if (event.value === undefined) break;
        seen.push(event.value);
      }
      assert.deepEqual(seen, Array.from({ length: 20 }, (_, n) => n));
    });
    const channel = new Channel<number>(1);
    const { which } = await run(() => select({ never: new Promise<void>(() => {}), late: sleep(5), message: channel.receive() }));
    assert.equal(which, "late");
  });

  test("timeouts", () => {
    const { elapsed } = simulate(3, function* () {
      assert.equal(yield* timeout(10, function* () { yield* sleep(5); return "in time"; }), "in time");
      try {
        yield* timeout(10, sleep(100));
        assert.fail("it takes longer");
      } catch (error) {
        assert.ok(error instanceof TimeoutError && error.milliseconds === 10);
      }
    });
    assert.equal(elapsed, 15);
  });
});

describe("channels and locks", () => {
  test("back-pressure: a sender waits while the channel is full", () => {
    everySeed(function* () {
      const channel = new Channel<number>(2);
      let sent = 0;
      spawn(function* () { for (; sent < 10; sent++) yield* channel.send(sent); channel.close(); });
      yield* sleep(10);
      assert.equal(sent, 2);
      for (let n = 0; n < 10; n++) assert.equal(yield* channel.receive(), n);
      assert.equal(yield* channel.receive(), undefined);
    });
  });

  test("a closed channel says so", async () => {
    const channel = new Channel<number>(1);
    assert.equal(channel.trySend(1), true);
    assert.equal(channel.trySend(2), false);
    const waiting = run(function* () { yield* channel.send(3); });
    await sleep(1);
    channel.close();
    await assert.rejects(channel.send(4).then(), ClosedError);
    const rest: number[] = [];
    for await (const value of channel) rest.push(value);
    // Who waited when it was closed has its place.
    await waiting;
    assert.deepEqual(rest, [1, 3]);
    assert.throws(() => new Channel(0), RangeError);
  });

  test("a sender that is cancelled sends nothing", () => {
    everySeed(function* () {
      const channel = new Channel<string>(1);
      yield* channel.send("first");
      const late = spawn(function* () { yield* channel.send("never"); });
      yield* sleep(1);
      yield* late.cancel();
      assert.equal(yield* channel.receive(), "first");
      assert.equal(channel.length, 0);
    });
  });

  test("locks are fair, and given back when a task is cancelled", () => {
    everySeed(function* () {
      const mutex = new Mutex();
      const order: number[] = [];
      const held = yield* mutex.lock();
      const tasks = [0, 1, 2, 3].map((n) => spawn(function* () {
        yield* sleep(n);
        yield* mutex.with(function* () { order.push(n); yield* sleep(1); });
      }));
      yield* sleep(10);
      yield* tasks[1]!.cancel();
      held.release();
      for (const n of [0, 2, 3]) yield* tasks[n]!;
      assert.deepEqual(order, [0, 2, 3]);
      assert.equal(mutex.isLocked, false);
    });
  });

  test("semaphores, reader-writer locks and barriers", () => {
    everySeed(function* () {
      const semaphore = new Semaphore(3);
      const lock = new RwLock();
      const barrier = new Barrier(4);
      let [inside, most, writing, leaders] = [0, 0, false, 0];
      yield* all(Array.from({ length: 4 }, (_, n) => function* () {
        using _permit = yield* semaphore.acquire();
        most = Math.max(most, ++inside);
        yield* sleep(1);
        inside -= 1;
        _permit.release();
        if (yield* barrier.wait()) leaders += 1;
        if (n === 0) { const permit = yield* lock.write(); writing = true; yield* sleep(1); writing = false; permit.release(); }
        else { const permit = yield* lock.read(); assert.equal(writing, false); yield* sleep(1); permit.release(); }
      }));
      assert.equal(most, 3);
      assert.equal(leaders, 1);
      assert.equal(semaphore.available, 3);
    });
  });

  test("who is cancelled at a barrier has not come", () => {
    everySeed(function* () {
      const barrier = new Barrier(2);
      const gone = spawn(function* () { yield* barrier.wait(); });
      yield* sleep(1);
      yield* gone.cancel();
      let passed = false;
      const waiting = spawn(function* () { yield* barrier.wait(); passed = true; });
      yield* sleep(1);
      assert.equal(passed, false);
      yield* barrier.wait();
      yield* waiting;
      assert.throws(() => new Barrier(0), RangeError);
    }, 5);
  });

  test("a view of a watch tells each value once; closing a broadcast wakes who waits", () => {
    everySeed(function* () {
      const watch = new Watch(0);
      const view = watch.subscribe();
      watch.value = 1;
      assert.equal(yield* view.changed(), 1);
      const { which } = yield* select({ again: () => view.changed(), not: sleep(1) });
      assert.equal(which, "not");
      const news = new Broadcast<number>();
      const reader = news.subscribe();
      const reading = spawn(() => reader.receive());
      yield* sleep(1);
      news.close();
      assert.equal(yield* timeout(10, reading), undefined);
      assert.throws(() => news.send(1), ClosedError);
    }, 5);
  });

  test("events, watches and broadcasts", () => {
    everySeed(function* () {
      const [gate, turnstile] = [new Event(), new Event({ automatic: true })];
      let passed = 0;
      for (let n = 0; n < 3; n++) spawn(function* () { yield* gate.wait(); yield* turnstile.wait(); passed += 1; });
      yield* sleep(1);
      gate.set();
      yield* sleep(1);
      turnstile.set();
      yield* sleep(1);
      assert.equal(passed, 1);

      const watch = new Watch(0);
      const view = watch.subscribe();
      const five = spawn(() => watch.until((n) => n === 5));
      yield* sleep(1);
      for (let n = 1; n <= 5; n++) watch.value = n;
      assert.equal(yield* view.changed(), 5);
      assert.equal(yield* five, 5);

      const news = new Broadcast<number>(2);
      const reader = news.subscribe();
      for (let n = 0; n < 5; n++) news.send(n);
      news.close();
      assert.deepEqual(yield* reader.receive(), { missed: 3 });
      assert.deepEqual(yield* reader.receive(), { message: 3 });
      assert.deepEqual(yield* reader.receive(), { message: 4 });
      assert.equal(yield* reader.receive(), undefined);
    });
  });
});

describe("policies, actors, supervisors", () => {
  test("retry waits longer each time, and gives up with the last error", () => {
    const { elapsed } = simulate(1, function* () {
      let attempts = 0;
      const value = yield* retry(() => { if (++attempts < 4) throw new Error(`${attempts}`); return attempts; }, { jitter: 0 });
      assert.equal(value, 4);
      try {
        yield* retry(() => { throw new Error("always"); }, { attempts: 2, jitter: 0 });
        assert.fail("it gives up");
      } catch (error) { assert.equal((error as Error).message, "always"); }
    });
    assert.equal(elapsed, 100 + 200 + 400 + 100);
  });

  test("delays grow to the longest, and chance takes its part of them", () => {
    assert.deepEqual([1, 2, 3, 9].map((attempt) => delay(attempt, { initial: 10, max: 35, jitter: 0 })), [10, 20, 35, 35]);
    assert.deepEqual([0, 0.5, 1].map((chance) => delay(1, { initial: 100, jitter: 0.5, random: () => chance })), [100, 75, 50]);
  });

  test("retry gives up at once on what is not worth another attempt", () => {
    simulate(1, function* () {
      const seen: number[] = [];
      const attempt = (number: number) => { seen.push(number); throw new Error(`${number}`); };
      const { status } = (yield* allSettled([retry(attempt, { when: (error, number) => (error as Error).message === `${number}` && number < 2 })]))[0];
      assert.equal(status, "rejected");
      assert.deepEqual(seen, [1, 2]);
    });
  });

  test("a rate limit lets so many through in any period", () => {
    const times: number[] = [];
    simulate(1, function* () {
      const turn = rateLimit(3, 100);
      for (let n = 0; n < 7; n++) { yield* turn(); times.push(now()); }
    });
    assert.deepEqual(times, [0, 0, 0, 100, 100, 100, 200]);
  });

  test("an actor handles one message at a time, and answers", () => {
    everySeed(function* () {
      const counter = new Actor({
        n: 0,
        *add(by: number): Program<number> { const before = this.n; yield* sleep(1); return (this.n = before + by); },
        fail() { throw new Error("inside"); },
      });
      const sums = yield* all([1, 2, 3].map((by) => () => counter.call("add", by)));
      assert.equal(Math.max(...sums), 6);
      yield* counter.cast("add", 10);
      try { yield* counter.call("fail"); assert.fail("it fails"); } catch (error) { assert.equal((error as Error).message, "inside"); }
      assert.equal((yield* allSettled([counter.task]))[0].status, "rejected");
      try { yield* counter.call("add", 1); assert.fail("it has ended"); } catch (error) { assert.ok(error instanceof ClosedError); }
    });
  });

  test("the failure of an actor is told to its caller, and is not unhandled besides", { skip: !isNode }, () => {
    const program = `import { Actor, run } from "creel";
      const actor = new Actor({ fail() { throw new Error("told"); } });
      try { await run(() => actor.call("fail")); } catch ({ message }) { console.log(message); }
      await new Promise((resolve) => setTimeout(resolve, 20));`;
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    assert.equal(stdout, "told\n");
    assert.equal(status, 0);
  });

  test("stopping an actor lets it finish what it has", () => {
    everySeed(function* () {
      const seen: number[] = [];
      const actor = new Actor({ *note(n: number): Program<void> { yield* sleep(1); seen.push(n); } });
      for (let n = 0; n < 5; n++) yield* actor.cast("note", n);
      yield* actor.stop();
      assert.deepEqual(seen, [0, 1, 2, 3, 4]);
    });
  });

  test("a supervisor starts children anew, and gives up when that happens too often", () => {
    everySeed(function* () {
      const events: string[] = [];
      let starts = 0;
      const tree = spawn(() => supervise([
        { name: "steady", run: function* () { yield* sleep(1e9); } },
        { name: "shaky", run: function* () { starts += 1; yield* sleep(10); throw new Error("again"); } },
      ], { maxRestarts: 3, milliseconds: 1000, onEvent: ({ kind, child }) => events.push(`${child} ${kind}`) }));
      try { yield* tree; assert.fail("it gives up"); } catch (error) {
        assert.ok(error instanceof RestartError);
        assert.equal((error.cause as Error).message, "again");
      }
      assert.equal(starts, 4);
      assert.equal(events.at(-1), "shaky gave-up");
    });
  });

  test("which children start anew after which end", () => {
    for (const [restart, ofEnd, ofFailure] of [["permanent", 2, 2], ["transient", 1, 2], ["temporary", 1, 1]] as const) {
      for (const [fails, expected] of [[false, ofEnd], [true, ofFailure]] as const) {
        everySeed(function* () {
          let starts = 0;
          const child = {
            name: "child",
            restart,
            run: function* (): Program<void> {
              if (++starts > 1) yield* sleep(1e9);
              if (fails) throw new Error("once");
            },
          };
          const tree = spawn(() => supervise([child]));
          yield* sleep(10);
          assert.equal(starts, expected, `${restart}, ${fails ? "failed" : "ended"}`);
          yield* tree.cancel();
        }, 2);
      }
    }
  });

  test("restarts long ago do not count, and there are delays between them", () => {
    const times: number[] = [];
    simulate(1, function* () {
      const child = { name: "child", run: function* (): Program<void> { times.push(now()); yield* sleep(400); throw new Error("again"); } };
      const tree = spawn(() => supervise([child], { maxRestarts: 3, milliseconds: 1000, backoff: { initial: 100, factor: 1, jitter: 0 } }));
      yield* sleep(3000);
      assert.equal(tree.isDone, false);
      yield* tree.cancel();
    });
    assert.deepEqual(times.slice(0, 4), [0, 500, 1000, 1500]);
    assert.ok(times.length >= 6);
  });

  test("strategies restart siblings; cancelling stops in the reverse order", () => {
    for (const [strategy, expected] of [
      ["one-for-one", ["a", "b", "c", "b"]],
      ["rest-for-one", ["a", "b", "c", "b", "c"]],
      ["one-for-all", ["a", "b", "c", "a", "b", "c"]],
    ] as const) {
      everySeed(function* () {
        const [started, stopped]: [string[], string[]] = [[], []];
        let failed = false;
        const child = (name: string) => ({
          name,
          run: function* (): Program<void> {
            started.push(name);
            try {
              if (name === "b" && !failed) { failed = true; yield* sleep(1); throw new Error("once"); }
              yield* sleep(1e9);
            } finally { stopped.push(name); }
          },
        });
        const tree = spawn(() => supervise([child("a"), child("b"), child("c")], { strategy }));
        yield* sleep(100);
        // Children start in order; which of them has its first turn first is the seed's choice.
        assert.deepEqual([...started.slice(0, 3).sort(), ...started.slice(3).sort()], expected);
        stopped.length = 0;
        yield* tree.cancel();
        assert.deepEqual(stopped, ["c", "b", "a"]);
      }, 5);
    }
  });
});

describe("the simulator", () => {
  function* program(): Program<string> {
    const order: number[] = [];
    const channel = new Channel<number>(1);
    yield* scope(function* (inner) {
      for (let n = 0; n < 8; n++) inner.spawn(function* () { yield* channel.send(n); });
      for (let n = 0; n < 8; n++) order.push((yield* channel.receive())!);
    });
    return order.join("");
  }

  test("the same seed, the same run; other seeds, other orders", () => {
    const runs = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const [first, again] = [simulate(seed, program), simulate(seed, program)];
      assert.deepEqual(first, again);
      runs.add(first.value);
    }
    assert.ok(runs.size > 5, `${runs.size} orders`);
  });

  test("a program that can never go on is told so, and harms nothing else", async () => {
    const stuck = () => simulate(9, function* () { yield* new Channel<number>(1).receive(); });
    assert.throws(stuck, (error: DeadlockError) => error instanceof CreelError && error.seed === 9);
    assert.equal(await run(function* () { yield* sleep(1); return "well"; }), "well");
  });

  test("what belongs to another simulation is refused", () => {
    const { value } = simulate(1, function* () { return new Channel<number>(1); });
    assert.throws(() => simulate(2, function* () { yield* value.send(1); }), /inside of another one/);
  });

  test("failures come out", () => {
    assert.throws(() => simulate(1, function* () { yield* sleep(1); throw new RangeError("in there"); }), RangeError);
  });
});
