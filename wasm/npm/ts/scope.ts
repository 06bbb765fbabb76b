import { CancelledError } from "./errors.js";
import { List } from "./list.js";
import { Action, Operation, type Program } from "./operation.js";
import { type Body, bodyOf, Ended, isProgram, isThenable, type Outcome, type SpawnOptions, Task, type TaskContext, type Waitable } from "./task.js";
import { type Waiter, Waiters } from "./waiting.js";

/** How a scope deals with failures. */
export interface ScopeOptions {
  /** Whether the first failure cancels the others; it does unless this is `false`. */
  readonly failFast?: boolean;
}

/** Tasks that end together: see {@link scope}. */
export class Scope {
  readonly #live = new List<Task<unknown>>();
  readonly #followers = new Waiters();
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
  spawn<T>(body: Body<T> | Program<T> | Operation<T>, options?: SpawnOptions): Task<T> {
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
    if (this.isDone) this.#followers.settleAll();
    this.#onEnd?.();
  }

  /** Whether no task is left. @internal */
  get isDone(): boolean {
    return !this.#live.first;
  }

  /** @internal */
  join(waiter: Waiter): number {
    this.#followers.push(waiter);
    return Infinity;
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
    while (!this.isDone) yield* new Ended(this);
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
 *   const user = s.spawn(({ signal }) => fetchUser(id, signal));
 *   const posts = s.spawn(({ signal }) => fetchPosts(id, signal));
 *   return [yield* user, yield* posts];
 * });
 */
export function scope<T>(
  body: (scope: Scope, context: TaskContext) => Program<T> | PromiseLike<T> | T,
  options: ScopeOptions = {},
): Operation<T> {
  return new Action("scope", function* () {
    const inner = new Scope(options);
    const main = inner.spawn<T>((context) => body(inner, context), { name: "scope" });
    yield* inner.drain();
    inner.check();
    return main.outcome();
  });
}

/** Runs a body as a part of the task: an `async` function is told by its signal, and waited for. @internal */
export function* part<T>(body: Body<T> | Program<T> | Operation<T>, options?: SpawnOptions): Program<T> {
  const inner = new Scope({ failFast: false });
  const task = inner.spawn(body, options);
  yield* inner.drain();
  return task.outcome();
}

/**
 * What a function that was given the task comes to. What it does when it is `async` is waited for, though the task
 * is cancelled meanwhile. @internal
 */
export function* resultOf<T>(answer: Program<T> | PromiseLike<T> | T): Program<T> {
  if (answer instanceof Operation) return yield* answer as Operation<T>;
  if (isProgram(answer)) return yield* answer as Program<T>;
  return isThenable(answer) ? yield* part(() => answer as PromiseLike<T>) : (answer as T);
}

/**
 * Waits for anything until a signal is aborted: then it is stopped, and has ended when this fails with the
 * signal's reason.
 */
export function abortable<const W extends Waitable<unknown>>(signal: AbortSignal, waitable: W): Operation<Outcome<W>> {
  return new Action("abortable", function* () {
    signal.throwIfAborted();
    const inner = new Scope({ failFast: false });
    const task = inner.spawn(bodyOf(waitable), { signal });
    yield* inner.drain();
    if (task.state === "cancelled") signal.throwIfAborted();
    return task.outcome() as Outcome<W>;
  });
}

/** Waits for all; the first failure cancels those that are tasks of this call. */
export function all<const W extends readonly Waitable<unknown>[]>(
  waitables: W,
): Operation<{ -readonly [K in keyof W]: Outcome<W[K]> }> {
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
): Operation<{ -readonly [K in keyof W]: PromiseSettledResult<Outcome<W[K]>> }> {
  return new Action("all settled", function* () {
    const inner = new Scope({ failFast: false });
    const tasks = waitables.map((waitable) => inner.spawn(bodyOf(waitable)));
    yield* inner.drain();
    return tasks.map((task) => task.settled) as { -readonly [K in keyof W]: PromiseSettledResult<Outcome<W[K]>> };
  });
}
