// What is measured: each operation by creel and by what else does it, so many times a call.
import { Channel, Mutex, run, scope, Semaphore, sleep, spawn } from "creel";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Queue from "effect/Queue";
import * as EffectSemaphore from "effect/Semaphore";
import { createQueue, run as effection, sleep as effectionSleep, spawn as effectionSpawn } from "effection";
import pLimit from "p-limit";

const CAPACITY = 64;
const LIMIT = 16;

function* nothing() {}
async function nothingAsync() {}

/** The least that does it with promises: a queue, and a promise for each side that waits. */
function promiseQueue() {
  const items = [];
  const waiting = { sender: undefined, receiver: undefined };
  const wait = (side) => new Promise((resolve) => (waiting[side] = resolve));
  const wake = (side) => {
    waiting[side]?.();
    waiting[side] = undefined;
  };
  return {
    async send(item) {
      while (items.length >= CAPACITY) await wait("sender");
      items.push(item);
      wake("receiver");
    },
    async receive() {
      while (items.length === 0) await wait("receiver");
      wake("sender");
      return items.shift();
    },
  };
}

/** A mutex of promises: each holder is a link of a chain. */
function promiseMutex() {
  let last = Promise.resolve();
  return async (program) => {
    const before = last;
    let release;
    last = new Promise((resolve) => (release = resolve));
    await before;
    try {
      return await program();
    } finally {
      release();
    }
  };
}

/** A name, how many of it one call does, and who does it. */
export const operations = [
  {
    name: "start a generator, wait for its end",
    count: 2_000,
    of: {
      creel: (count) => run(function* () { for (let n = 0; n < count; n++) yield* spawn(nothing); }),
      "async function": async (count) => { for (let n = 0; n < count; n++) await nothingAsync(); },
      effection: (count) => effection(function* () { for (let n = 0; n < count; n++) yield* yield* effectionSpawn(nothing); }),
      effect: (count) => Effect.runPromise(Effect.gen(function* () {
        for (let n = 0; n < count; n++) yield* Fiber.join(yield* Effect.forkChild(Effect.gen(nothing)));
      })),
    },
  },
  {
    name: "start an async function, wait for its end",
    count: 5_000,
    of: {
      creel: (count) => run(function* () { for (let n = 0; n < count; n++) yield* spawn(nothingAsync); }),
      "async function": async (count) => { for (let n = 0; n < count; n++) await nothingAsync(); },
      effect: (count) => Effect.runPromise(Effect.gen(function* () {
        for (let n = 0; n < count; n++) yield* Fiber.join(yield* Effect.forkChild(Effect.promise(nothingAsync)));
      })),
    },
  },
  {
    name: `a value through a channel of ${CAPACITY}`,
    count: 20_000,
    of: {
      creel: (count) => run(function* () {
        const channel = new Channel(CAPACITY);
        const sender = spawn(function* () { for (let n = 0; n < count; n++) yield* channel.send(n); });
        for (let n = 0; n < count; n++) yield* channel.receive();
        yield* sender;
      }),
      promises: async (count) => {
        const queue = promiseQueue();
        const sender = (async () => { for (let n = 0; n < count; n++) await queue.send(n); })();
        for (let n = 0; n < count; n++) await queue.receive();
        await sender;
      },
      "effection (no bound)": (count) => effection(function* () {
        const queue = createQueue();
        for (let n = 0; n < count; n++) queue.add(n);
        for (let n = 0; n < count; n++) yield* queue.next();
      }),
      effect: (count) => Effect.runPromise(Effect.gen(function* () {
        const queue = yield* Queue.bounded(CAPACITY);
        const sender = yield* Effect.forkChild(Effect.gen(function* () { for (let n = 0; n < count; n++) yield* Queue.offer(queue, n); }));
        for (let n = 0; n < count; n++) yield* Queue.take(queue);
        yield* Fiber.join(sender);
      })),
    },
  },
  {
    name: "lock a mutex nobody has, unlock it",
    count: 20_000,
    of: {
      creel: (count) => run(function* () {
        const mutex = new Mutex();
        for (let n = 0; n < count; n++) (yield* mutex.lock()).release();
      }),
      promises: async (count) => {
        const locked = promiseMutex();
        for (let n = 0; n < count; n++) await locked(nothingAsync);
      },
      "p-limit(1)": async (count) => {
        const limit = pLimit(1);
        for (let n = 0; n < count; n++) await limit(nothingAsync);
      },
      effect: (count) => Effect.runPromise(Effect.gen(function* () {
        const locked = EffectSemaphore.makeUnsafe(1).withPermits(1);
        for (let n = 0; n < count; n++) yield* locked(Effect.void);
      })),
    },
  },
  {
    name: "10,000 sleeps of 1 ms at once, each",
    count: 10_000,
    of: {
      creel: (count) => run(() => scope(function* (inner) {
        function* napping() { yield* sleep(1); }
        for (let n = 0; n < count; n++) inner.spawn(napping);
      })),
      setTimeout: (count) => Promise.all(Array.from({ length: count }, () => new Promise((resolve) => setTimeout(resolve, 1)))),
      effection: (count) => effection(function* () {
        function* napping() { yield* effectionSleep(1); }
        const tasks = [];
        for (let n = 0; n < count; n++) tasks.push(yield* effectionSpawn(napping));
        for (const task of tasks) yield* task;
      }),
      effect: (count) => Effect.runPromise(Effect.forEach(Array.from({ length: count }), () => Effect.sleep(1), { concurrency: "unbounded" })),
    },
  },
  {
    name: `10,000 jobs that give way once, ${LIMIT} at a time, each`,
    count: 10_000,
    of: {
      creel: (count) => run(() => scope(function* (inner) {
        const slots = new Semaphore(LIMIT);
        for (let n = 0; n < count; n++) {
          const slot = yield* slots.acquire();
          inner.spawn(async () => { await undefined; slot.release(); });
        }
      })),
      "creel, as generators": (count) => run(() => scope(function* (inner) {
        let left = count;
        function* worker() { while (left-- > 0) yield* sleep(0); }
        for (let n = 0; n < LIMIT; n++) inner.spawn(worker);
      })),
      "p-limit": (count) => {
        const limit = pLimit(LIMIT);
        return Promise.all(Array.from({ length: count }, () => limit(async () => { await undefined; })));
      },
      effect: (count) => Effect.runPromise(Effect.forEach(Array.from({ length: count }), () => Effect.yieldNow, { concurrency: LIMIT })),
    },
  },
];
