import { CancelledError } from "./errors.js";
import { List } from "./list.js";
import { Operation, type Program } from "./operation.js";
import { Signal } from "./sync.js";
import { type Body, isProgram, programOf, type SpawnOptions, Task, wait } from "./task.js";

/** How a scope deals with failures. */
export interface ScopeOptions {
  /** Whether the first failure cancels the others; it does unless this is `false`. */
  readonly failFast?: boolean;
}

/** Tasks that end together: see {@link scope}. */
export class Scope {
  readonly #live = new List<Task<unknown>>();
  readonly #emptiness = new Signal();
  readonly #failFast: boolean;
  #error: { readonly reason: unknown } | undefined;

  /** Told of each end. */
  readonly #onEnd: (() => void) | undefined;

  /** @internal */
  constructor(options: ScopeOptions, onEnd?: () => void) {
    this.#failFast = options.failFast ?? true;
    this.#onEnd = onEnd;
  }

  /** Starts a task that ends with the scope. */
  spawn<T>(body: Body<T> | Program<T>, options?: SpawnOptions): Task<T> {
    const task = new Task(body, options);
    this.#live.push(task);
    task.owner = this;
    return task;
  }

  /** Cancels all tasks of the scope. */
  cancel(reason?: unknown): void {
    for (let task = this.#live.first; task; task = task.after) task.cancel(reason);
  }

  /** @internal */
  ended(task: Task<unknown>): void {
    this.#live.remove(task);
    if (task.state !== "done") {
      const { reason } = task.settled as PromiseRejectedResult;
      if (!(reason instanceof CancelledError)) {
        this.#error ??= { reason };
        if (this.#failFast) this.cancel(reason);
      }
    }
    if (!this.#live.first) this.#emptiness.all();
    this.#onEnd?.();
  }

  /** Waits until no task is left; if whoever waits is cancelled, so are they, and are waited for. @internal */
  *drain(): Program<void> {
    try {
      yield* this.#emptied();
    } finally {
      yield* this.end();
    }
  }

  /** Cancels all tasks and waits until none is left. @internal */
  *end(): Program<void> {
    this.cancel();
    yield* this.#emptied();
  }

  *#emptied(): Program<void> {
    while (this.#live.first) yield* this.#emptiness.wait();
  }

  /** Fails with the first failure. @internal */
  check(): void {
    if (this.#error) throw this.#error.reason;
  }
}

/**
 * Runs a program whose tasks end with it: when it returns, every task that it started through `scope`
 * has ended. The first failure cancels the others and comes out here, after all have ended. When the
 * task around is cancelled, all of them are, and are waited for.
 *
 * @example
 * const [user, posts] = yield* scope(function* (s) {
 *   const user = s.spawn(() => fetchUser(id));
 *   const posts = s.spawn(() => fetchPosts(id));
 *   return [yield* user, yield* posts];
 * });
 */
export function* scope<T>(
  body: (scope: Scope) => Program<T>,
  options: ScopeOptions = {},
): Program<T> {
  const inner = new Scope(options);
  const main = inner.spawn(body(inner), { name: "scope" });
  yield* inner.drain();
  inner.check();
  return main.outcome();
}

/** Something to wait for: an operation, a promise, or a body to run. */
export type Waitable<T> = Operation<T> | PromiseLike<T> | Program<T> | Body<T>;

/** The outcome of a {@link Waitable}. */
export type Outcome<W> = W extends Operation<infer T> ? T
  : W extends (...context: never[]) => infer R ? (R extends Program<infer T> ? T : Awaited<R>)
  : W extends Program<infer T> ? T
  : Awaited<W>;

/** Anything to wait for as the body of a task. @internal */
export function bodyOf<T>(waitable: Waitable<T>): Body<T> | Program<T> {
  if (typeof waitable === "function" || isProgram(waitable)) return waitable;
  return programOf(waitable instanceof Operation ? waitable : wait(waitable as PromiseLike<T>));
}

/**
 * Waits for anything until a signal is aborted: then it is stopped, and has ended when this fails with the
 * signal's reason.
 */
export function* abortable<const W extends Waitable<unknown>>(signal: AbortSignal, waitable: W): Program<Outcome<W>> {
  signal.throwIfAborted();
  const inner = new Scope({ failFast: false });
  const task = inner.spawn(bodyOf(waitable), { signal });
  yield* inner.drain();
  if (task.state === "cancelled") signal.throwIfAborted();
  return task.outcome() as Outcome<W>;
}

/** Waits for all; the first failure cancels those that are tasks of this call. */
export function all<const W extends readonly Waitable<unknown>[]>(
  waitables: W,
): Program<{ -readonly [K in keyof W]: Outcome<W[K]> }> {
  return scope(function* (inner) {
    const tasks = waitables.map((waitable) => inner.spawn(bodyOf(waitable)));
    const outcomes: unknown[] = [];
    for (const task of tasks) outcomes.push(yield* task);
    return outcomes as { -readonly [K in keyof W]: Outcome<W[K]> };
  });
}

/** Waits until all have ended, whatever their outcomes. */
export function allSettled<const W extends readonly Waitable<unknown>[]>(
  waitables: W,
): Program<{ -readonly [K in keyof W]: PromiseSettledResult<Outcome<W[K]>> }> {
  return (function* () {
    const inner = new Scope({ failFast: false });
    const tasks = waitables.map((waitable) => inner.spawn(bodyOf(waitable)));
    yield* inner.drain();
    return tasks.map((task) => task.settled) as { -readonly [K in keyof W]: PromiseSettledResult<Outcome<W[K]>> };
  })();
}
