import { CreelError } from "./errors.js";
import type { Runtime } from "./runtime.js";
import type { Task } from "./task.js";

/** What a generator function for this package returns. */
// eslint-disable-next-line -- each `yield*` has a type of its own; `unknown` is what they share
export type Program<T> = Generator<Operation<unknown>, T, unknown>;

/**
 * Something a task can wait for. In a generator: `const value = yield* operation`; in an `async`
 * function: `await operation`. Nothing happens before that.
 */
export abstract class Operation<T> implements PromiseLike<T> {
  /** Asks the core to do it for a task: the answer is the word for it. @internal */
  abstract ask(runtime: Runtime, task: Task<unknown>): number;

  /** Does it at once if that is possible (`IMMEDIATE`), else asks the core. @internal */
  begin(runtime: Runtime, task: Task<unknown>): number {
    return this.ask(runtime, task);
  }

  /** What the core's answer means. @internal */
  finish(_runtime: Runtime, _task: Task<unknown>, _answer: number): T {
    return undefined as T;
  }

  /** The task no longer waits for it. @internal */
  abandon(_runtime: Runtime, _task: Task<unknown>): void {}

  /** What it is, for reports. @internal */
  abstract get what(): string;

  /** Whether the core alone does it, so that it may be one of a selection. @internal */
  get isPlain(): boolean {
    return true;
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
}

/** A program as an operation, so that it can be awaited, too: begun anew each time that somebody waits. */
export class Action<T> extends Operation<T> {
  constructor(readonly what: string, readonly program: () => Program<T>) {
    super();
  }

  override ask(): never {
    throw new CreelError(`write \`yield*\` to wait for this: ${this.what}`);
  }

  override get isPlain(): boolean {
    return false;
  }

  override [Symbol.iterator](): Program<T> {
    return this.program();
  }
}

/** Yields an operation, and returns what comes back: a generator that does so takes half as long again. */
class Once<T> implements Iterator<Operation<unknown>, T, unknown> {
  #operation: Operation<unknown> | undefined;

  constructor(operation: Operation<unknown>) {
    this.#operation = operation;
  }

  next(value: unknown): IteratorResult<Operation<unknown>, T> {
    const operation = this.#operation;
    if (!operation) return { value: value as T, done: true };
    this.#operation = undefined;
    return { value: operation, done: false };
  }

  return(value?: T): IteratorResult<Operation<unknown>, T> {
    return { value: value as T, done: true };
  }

  throw(error: unknown): never {
    throw error;
  }
}

/** The operation is done: the value stands in `Runtime.value`. @internal */
export const IMMEDIATE = -1;

/** Makes the word for the core: an operation and an object. @internal */
export const word = (code: number, object = 0): number => code | (object << 4);

/** The operations of the core. @internal */
export const enum Code {
  Done = 0,
  Yield = 1,
  Sleep = 2,
  Park = 3,
  Send = 4,
  Receive = 5,
  Acquire = 6,
  Wait = 7,
  Select = 8,
}

/** The answers of the core. @internal */
export const enum Answer {
  Ok = 0,
  Closed = -1,
  WouldWait = -2,
  Cancelled = -3,
  Aborted = -4,
}

/** How an operation becomes a promise; set by the module of tasks, which needs this one. @internal */
let start: <T>(operation: Operation<T>) => Promise<T>;

/** @internal */
export function setStart(f: typeof start): void {
  start = f;
}
