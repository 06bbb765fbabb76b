import { memories } from "./memory.js";
import { CreelError, current, expose, type Program, sleep, spawn, type Task, TimeoutError, transfer } from "creel";

/** What the workers of the tests can do. */
export default expose({
  sum: (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0),
  async later(milliseconds: number, value: string): Promise<string> {
    await sleep(milliseconds);
    return value;
  },
  *counted(milliseconds: number): Program<number> {
    yield* sleep(milliseconds);
    return milliseconds;
  },
  /** Fills a buffer that moves in and out. */
  fill: (bytes: Uint8Array<ArrayBuffer>, value: number) => transfer((filled = bytes.fill(value)), [bytes.buffer]),
  /** How long what was filled last is here: it has moved away. */
  left: () => filled.length,
  fail(message: string): never {
    throw new RangeError(message, { cause: "a reason" });
  },
  tooLate(): never {
    throw new TimeoutError(7);
  },
  /** Dies as a mistake in a worker's own event handler would make it. */
  die(): Promise<never> {
    setTimeout(() => { throw new Error("killed"); });
    return new Promise(() => {});
  },
  /** Never looks whether somebody wants it to end. */
  spin(): never {
    for (;;);
  },
  /** What has happened to those that were cancelled. */
  log: () => cancelled,
  async patient(): Promise<void> {
    const { signal } = current();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    cancelled.push("patient");
  },
  *orderly(): Program<void> {
    try {
      yield* sleep(1e9);
    } finally {
      cancelled.push("orderly");
    }
  },
  /** Starts tasks until the memory, of which there are so many pages left, is used up: how many, and as many again. */
  async exhaust(pages: number): Promise<{ readonly error: string; readonly started: number; readonly woken: number; readonly again: number }> {
    const [memory] = memories;
    memory!.grow(0xffff - memory!.buffer.byteLength / 0x10000 - pages);
    const tasks: Task<number>[] = [];
    let error = "";
    while (!error) {
      try {
        tasks.push(spawn(function* () { yield* sleep(20); return 1; }));
      } catch (thrown) {
        if (!(thrown instanceof CreelError)) throw thrown;
        error = thrown.message;
      }
    }
    const woken = (await Promise.all(tasks)).reduce((sum, one) => sum + one, 0);
    const later = tasks.map(() => spawn(function* () { yield* sleep(20); return 1; }));
    const again = (await Promise.all(later)).reduce((sum, one) => sum + one, 0);
    return { error, started: tasks.length, woken, again };
  },
  /** Destroys the core, as a mistake in it would. */
  async corrupt(): Promise<never> {
    new Uint8Array(memories[0]!.buffer).fill(255);
    await sleep(1);
    return undefined as never;
  },
  /** Takes its time when it is cancelled. */
  *tidy(milliseconds: number): Program<void> {
    try {
      yield* sleep(1e9);
    } finally {
      yield* sleep(milliseconds);
      cancelled.push("tidy");
    }
  },
  uncopied: () => () => "a function cannot be copied",
});

const cancelled: string[] = [];
let filled = new Uint8Array(1);
