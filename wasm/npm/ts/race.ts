import { TimeoutError } from "./errors.js";
import { Code, Operation, type Program, word } from "./operation.js";
import type { Runtime } from "./runtime.js";
import { bodyOf, type Outcome, Scope, type Waitable } from "./scope.js";
import { Signal } from "./sync.js";
import type { Task } from "./task.js";
import { sleep } from "./time.js";

/** Whichever operation of the core is ready first; the others do not happen. */
class Select extends Operation<{ readonly index: number; readonly value: unknown }> {
  override get what(): string {
    return "select";
  }

  constructor(readonly operations: readonly Operation<unknown>[]) {
    super();
  }

  override get isPlain(): boolean {
    return false;
  }

  override ask(inside: Runtime, task: Task<unknown>): number {
    inside.selecting = { ask: (index) => this.operations[index]!.ask(inside, task) };
    inside.argument = this.operations.length;
    return word(Code.Select);
  }

  override finish(inside: Runtime, task: Task<unknown>, answer: number): { index: number; value: unknown } {
    const index = inside.core.selected();
    this.#abandon(inside, task, index);
    return { index, value: this.operations[index]!.finish(inside, task, answer) };
  }

  override abandon(inside: Runtime, task: Task<unknown>): void {
    this.#abandon(inside, task, -1);
  }

  #abandon(inside: Runtime, task: Task<unknown>, chosen: number): void {
    this.operations.forEach((operation, index) => {
      if (index !== chosen) operation.abandon(inside, task);
    });
  }
}

/** The first of several to end, by its place: operations as they are, everything else as tasks. */
function* first(waitables: readonly Waitable<unknown>[]): Program<{ index: number; value: unknown }> {
  const isPlain = (waitable: Waitable<unknown>): waitable is Operation<unknown> =>
    waitable instanceof Operation && waitable.isPlain;
  if (waitables.length === 0) throw new RangeError("there is nothing to wait for");
  if (waitables.every(isPlain)) return yield* new Select(waitables);
  const inner = new Scope({ failFast: false });
  const ended = new Signal();
  const tasks: Task<unknown>[] = [];
  try {
    for (const waitable of waitables) {
      const task = inner.spawn(bodyOf(waitable));
      const { onEnd } = task;
      task.onEnd = () => {
        onEnd?.();
        ended.all();
      };
      tasks.push(task);
    }
    for (;;) {
      const index = tasks.findIndex((task) => task.isDone);
      if (index >= 0) return { index, value: tasks[index]!.outcome() };
      yield* ended.wait();
    }
  } finally {
    inner.cancel();
    yield* inner.drain();
  }
}

/**
 * The outcome of the first to end. The losers are cancelled, and have ended when this goes on;
 * operations that lose do not happen: no message is taken that nobody gets.
 */
export function* race<const W extends readonly Waitable<unknown>[]>(
  waitables: W,
): Program<Outcome<W[number]>> {
  const { value } = yield* first(waitables);
  return value as Outcome<W[number]>;
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
export function* select<const W extends Record<string, Waitable<unknown>>>(
  waitables: W,
): Program<Selected<W>> {
  const names = Object.keys(waitables);
  const { index, value } = yield* first(names.map((name) => waitables[name]!));
  return { which: names[index]!, value } as unknown as Selected<W>;
}

/** The outcome of something, or a {@link TimeoutError} if it takes longer; then it is cancelled. */
export function* timeout<const W extends Waitable<unknown>>(
  milliseconds: number,
  waitable: W,
): Program<Outcome<W>> {
  const { index, value } = yield* first([waitable, sleep(milliseconds)]);
  if (index === 1) throw new TimeoutError(milliseconds);
  return value as Outcome<W>;
}
