import { CreelError } from "./errors.js";
import { type Runtime, runtime } from "./runtime.js";
import type { Waiter } from "./waiting.js";

/** What a generator function for this package returns. */
// eslint-disable-next-line -- each `yield*` has a type of its own; `unknown` is what they share
export type Program<T> = Generator<Operation<unknown>, T, unknown>;

/**
 * Something a task can wait for. In a generator: `const value = yield* operation`; in an `async`
 * function: `await operation`, or `await task.wait(operation)` to be cancelled with the task. It is a
 * description: nothing happens before somebody waits, and each time that somebody does, it happens anew.
 * Only a {@link Task} has one outcome, however often it is awaited.
 */
export abstract class Operation<T> implements PromiseLike<T> {
  /** Does it at once if that is possible: then its value stands in `Runtime.value`. @internal */
  attempt(_runtime: Runtime): boolean {
    return false;
  }

  /** Begins to wait; the answer is how many milliseconds at most, or {@link NEXT_TURN}. @internal */
  abstract enlist(runtime: Runtime, waiter: Waiter): number;

  /** What it comes to: the waiter was settled, or its time is over. @internal */
  finish(_waiter: Waiter): T {
    return undefined as T;
  }

  /** The task no longer waits for it. @internal */
  abandon(waiter: Waiter): void {
    waiter.leave();
  }

  /** What it is, for reports. @internal */
  abstract get what(): string;

  /** Whether nothing but a waiter does it, so that it may be one of a selection. @internal */
  get isPlain(): boolean {
    return true;
  }

  /** Whether nobody has to be found by others to be let go on: it needs no waiter. @internal */
  get isLone(): boolean {
    return false;
  }

  [Symbol.iterator](): Iterator<Operation<unknown>, T, unknown> {
    return new Once<T>(this);
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return start(this).then(fulfilled, rejected);
  }

  /** Awaits it, as a promise would be, and deals with its failure. */
  catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, rejected);
  }

  /** Awaits it, as a promise would be, and does something whatever comes. */
  finally(ended?: (() => void) | null): Promise<T> {
    return this.then().finally(ended);
  }
}

/** A program as an operation, begun anew each time that somebody waits. @internal */
export class Action<T> extends Operation<T> {
  constructor(readonly what: string, readonly program: () => Program<T>) {
    super();
  }

  override enlist(): never {
    throw new CreelError(`write \`yield*\` to wait for this: ${this.what}`);
  }

  override get isPlain(): boolean {
    return false;
  }

  override [Symbol.iterator](): Program<T> {
    return this.program();
  }
}

/**
 * Makes an operation of a generator function, so that `await` can wait for it as well as `yield*`.
 *
 * @example
 * const twice = (url: string) => action(function* () {
 *   const first = yield* wait(fetch(url));
 *   return first.ok ? first : yield* wait(fetch(url));
 * });
 * const response = await twice("/news"); // in a generator: yield* twice("/news")
 */
export function action<T>(program: () => Program<T>): Operation<T> {
  return new Action(program.name || "action", program);
}

/**
 * An operation's one step. What can be done at once is done at once, as a part of the task's turn: its generator is not
 * left for that. Else it yields the operation, and returns what comes back. It is its own results, which `yield*` hands
 * through: a generator that does so takes twice as long.
 */
class Once<T> implements Iterator<Operation<unknown>, T, unknown> {
  /** Nothing before it has begun. */
  done: boolean | undefined = undefined;

  constructor(public value: unknown) {}

  next(value: unknown): IteratorResult<Operation<unknown>, T> {
    if (this.done === undefined) {
      const inside = runtime();
      this.done = inside.completes(this.value as Operation<T>);
      if (this.done) this.value = inside.value;
    } else {
      this.value = value;
      this.done = true;
    }
    return this as unknown as IteratorResult<Operation<unknown>, T>;
  }

  return(value?: T): IteratorResult<Operation<unknown>, T> {
    return { value: value as T, done: true };
  }

  throw(error: unknown): never {
    throw error;
  }
}

/** Nothing but the next turn is waited for. @internal */
export const NEXT_TURN = -1;

/** Lets others have a turn, and comes to `value`. @internal */
export class Yield<T> extends Operation<T> {
  override get what(): string {
    return "yield";
  }

  override get isLone(): boolean {
    return true;
  }

  constructor(readonly value: T) {
    super();
  }

  override enlist(): number {
    return NEXT_TURN;
  }

  override finish(): T {
    return this.value;
  }
}

/** How an operation becomes a promise; set by the module of tasks, which needs this one. @internal */
let start: <T>(operation: Operation<T>) => Promise<T>;

/** @internal */
export function setStart(f: typeof start): void {
  start = f;
}
