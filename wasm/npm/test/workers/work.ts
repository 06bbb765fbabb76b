import { current, expose, type Program, sleep, TimeoutError, transfer } from "creel";

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
  fill: (bytes: Uint8Array<ArrayBuffer>, value: number) => transfer(bytes.fill(value), [bytes.buffer]),
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
  uncopied: () => () => "a function cannot be copied",
});

const cancelled: string[] = [];
