import { TimeoutError } from "./errors.js";
import { Signal } from "./notice.js";
import { Action, Operation, type Program } from "./operation.js";
import type { Runtime } from "./runtime.js";
import { Scope } from "./scope.js";
import { bodyOf, isThenable, type Outcome, type Task, wait, type Waitable } from "./task.js";
import { sleep } from "./time.js";
import { Waiter } from "./waiting.js";

/** Whichever operation is ready first; the others do not happen. For one wait. @internal */
export class Select extends Operation<{ readonly index: number; readonly value: unknown }> {
  readonly #waiters: Waiter[] = [];
  /** Which one is over when no other was ready in time. */
  #soonest = 0;

  override get what(): string {
    return "select";
  }

  constructor(readonly operations: readonly Operation<unknown>[]) {
    super();
  }

  override get isPlain(): boolean {
    return false;
  }

  override attempt(inside: Runtime): boolean {
    const index = this.operations.findIndex((operation) => operation.attempt(inside));
    inside.value = { index, value: inside.value };
    return index >= 0;
  }

  override enlist(inside: Runtime, whole: Waiter): number {
    let soonest = Infinity;
    try {
      this.operations.forEach((operation, index) => {
        const waiter = new Waiter(whole.task, whole, index);
        const milliseconds = Math.max(0, operation.enlist(inside, waiter));
        this.#waiters.push(waiter);
        if (milliseconds >= soonest) return;
        soonest = milliseconds;
        this.#soonest = index;
      });
    } catch (error) {
      this.abandon();
      throw error;
    }
    return soonest;
  }

  override finish(settled: Waiter): { index: number; value: unknown } {
    const waiter = this.#waiters.includes(settled) ? settled : this.#waiters[this.#soonest]!;
    const { index } = waiter;
    this.#waiters.splice(index, 1);
    this.abandon();
    return { index, value: this.operations[index]!.finish(waiter) };
  }

  override abandon(): void {
    for (const waiter of this.#waiters) this.operations[waiter.index]!.abandon(waiter);
  }
}

/**
 * The first of several to end, by its place. Operations and promises are one selection with the news that
 * a task has ended, so that they happen or do not; everything else runs as tasks, which are cancelled.
 */
function* first(waitables: readonly Waitable<unknown>[]): Program<{ index: number; value: unknown }> {
  if (waitables.length === 0) throw new RangeError("there is nothing to wait for");
  const [plain, places]: [Operation<unknown>[], number[]] = [[], []];
  waitables.forEach((waitable, index) => {
    if (waitable instanceof Operation) {
      if (!waitable.isPlain) return;
      plain.push(waitable);
    } else if (isThenable(waitable)) plain.push(wait(waitable));
    else return;
    places.push(index);
  });
  const chosen = ({ index, value }: { index: number; value: unknown }) => ({ index: places[index]!, value });
  if (plain.length === waitables.length) return chosen(yield* new Select(plain));

  const ended = new Signal();
  const inner = new Scope({ failFast: false }, () => ended.all());
  const tasks = new Map<number, Task<unknown>>();
  try {
    waitables.forEach((waitable, index) => {
      if (!places.includes(index)) tasks.set(index, inner.spawn(bodyOf(waitable)));
    });
    for (;;) {
      for (const [index, task] of tasks) if (task.isDone) return { index, value: task.outcome() };
      const selected = yield* new Select([...plain, ended.wait()]);
      if (selected.index < plain.length) return chosen(selected);
    }
  } finally {
    yield* inner.end();
  }
}

/**
 * The outcome of the first to end. The losers are cancelled, and have ended when this goes on;
 * operations that lose do not happen: no message is taken that nobody gets.
 */
export function race<const W extends readonly Waitable<unknown>[]>(
  waitables: W,
): Operation<Outcome<W[number]>> {
  return new Action("race", function* () {
    return (yield* first(waitables)).value as Outcome<W[number]>;
  });
}

/** What {@link select} answers: which one it was, and its outcome. */
export type Selected<W extends Record<string, Waitable<unknown>>> = {
  [K in keyof W]: { readonly which: K; readonly value: Outcome<W[K]> };
}[keyof W];

/**
 * {@link race} that tells which one it was. Where several are ready, the one that stands first wins.
 *
 * @example
 * const event = yield* select({ job: jobs.receive(), stop: stop.wait(), tick: sleep(1000) });
 * if (event.which === "job") work(event.value);
 */
export function select<const W extends Record<string, Waitable<unknown>>>(
  waitables: W,
): Operation<Selected<W>> {
  return new Action("select", function* () {
    const names = Object.keys(waitables);
    const { index, value } = yield* first(names.map((name) => waitables[name]!));
    return { which: names[index]!, value } as unknown as Selected<W>;
  });
}

/** The outcome of something, or a {@link TimeoutError} if it takes longer; then it is cancelled. */
export function timeout<const W extends Waitable<unknown>>(
  milliseconds: number,
  waitable: W,
): Operation<Outcome<W>> {
  return new Action("timeout", function* () {
    const { index, value } = yield* first([waitable, sleep(milliseconds)]);
    if (index === 1) throw new TimeoutError(milliseconds);
    return value as Outcome<W>;
  });
}
