import { CancelledError } from "./errors.js";
import { Action, type Operation, type Program } from "./operation.js";
import { part } from "./scope.js";
import type { TaskContext } from "./task.js";
import { now, sleep } from "./time.js";

/** How to wait between attempts. */
export interface Backoff {
  /** Milliseconds before the second attempt; 100 unless said otherwise. */
  readonly initial?: number;
  /** What the delay is multiplied by each time; 2 unless said otherwise. */
  readonly factor?: number;
  /** The longest delay, in milliseconds; 30,000 unless said otherwise. */
  readonly max?: number;
  /** Which part of a delay is drawn at random, from 0 to 1; a half unless said otherwise. */
  readonly jitter?: number;
  /** Where chance comes from; `Math.random` unless said otherwise. */
  readonly random?: () => number;
}

/** How to try again. */
export interface RetryOptions extends Backoff {
  /** How many attempts; 5 unless said otherwise. */
  readonly attempts?: number;
  /** Whether an error is worth another attempt; each is unless this says otherwise. */
  readonly when?: (error: unknown, attempt: number) => boolean;
}

/** The delay before attempt number `attempt`, counted from 1, in milliseconds. */
export function delay(attempt: number, backoff: Backoff = {}): number {
  const { initial = 100, factor = 2, max = 30_000, jitter = 0.5, random = Math.random } = backoff;
  const whole = Math.min(max, initial * factor ** (attempt - 1));
  return whole * (1 - jitter * random());
}

/** Tries until it succeeds: the outcome of `attempt`, or its last error. Being cancelled is no failure. */
export function retry<T>(
  attempt: (number: number, context: TaskContext) => Program<T> | PromiseLike<T> | T,
  options: RetryOptions = {},
): Operation<T> {
  return new Action("retry", function* () {
    const { attempts = 5, when = () => true } = options;
    for (let number = 1; ; number++) {
      try {
        return yield* part<T>((context) => attempt(number, context), { name: "attempt" });
      } catch (error) {
        if (error instanceof CancelledError || number >= attempts || !when(error, number)) throw error;
      }
      yield* sleep(delay(number, options));
    }
  });
}

/**
 * Lets at most `count` through in any `milliseconds`: the answer is a function whose operation waits
 * for its turn, first come, first served.
 */
export function rateLimit(count: number, milliseconds: number): () => Operation<void> {
  // When each of the last `count` may go; the next one goes `milliseconds` after the oldest.
  const turns: number[] = [];
  return () => new Action("rate limit", function* () {
    const oldest = turns.length < count ? -Infinity : turns.shift()!;
    const turn = Math.max(now(), oldest + milliseconds);
    turns.push(turn);
    yield* sleep(turn - now());
  });
}

