import { TimeoutError } from "./errors.js";
import { Code, Operation, type Program, word } from "./operation.js";
import type { Arm, Runtime } from "./runtime.js";
import { bodyOf, type Outcome, Scope, type Waitable } from "./scope.js";
import { Signal } from "./sync.js";
import type { Task } from "./task.js";
import { sleep } from "./time.js";

/** Whichever operation of the core is ready first; the others do not happen. @internal */
export class Select extends Operation<{ readonly index: number; readonly value: unknown }> {
  override get what(): string {
    return "select";
  }

  constructor(readonly operations: readonly Operation<unknown>[]) {
    super();
  }

  override get isPlain(): boolean {
    return false;
  }

  // Asked for here and not when the core wants to know: what throws must not do so through the core.
  override ask(inside: Runtime, task: Task<unknown>): number {
    const arms: Arm[] = [];
    try {
      for (const operation of this.operations) {
        arms.push({ word: operation.ask(inside, task), argument: inside.argument });
      }
    } catch (error) {
      arms.forEach((_, index) => this.operations[index]!.abandon(inside, task));
      throw error;
    }
    inside.arms = arms;
    inside.argument = arms.length;
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

/**
 * The first of several to end, by its place. What the core alone does is one selection with the news that
 * a task has ended, so that it happens or does not; everything else runs as tasks, which are cancelled.
 */
function* first(waitables: readonly Waitable<unknown>[]): Program<{ index: number; value: unknown }> {
  if (waitables.length === 0) throw new RangeError("there is nothing to wait for");
  const [plain, places]: [Operation<unknown>[], number[]] = [[], []];
  waitables.forEach((waitable, index) => {
    if (!(waitable instanceof Operation && waitable.isPlain)) return;
    plain.push(waitable);
    places.push(index);
  });
  const chosen = ({ index, value }: { index: number; value: unknown }) => ({ index: places[index]!, value });
  if (plain.length === waitables.length) return chosen(yield* new Select(plain));

  const inner = new Scope({ failFast: false });
  const ended = new Signal();
  const tasks = new Map<number, Task<unknown>>();
  try {
    waitables.forEach((waitable, index) => {
      if (!places.includes(index)) tasks.set(index, inner.watched(bodyOf(waitable), undefined, () => ended.all()));
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
