import type { Task } from "./task.js";

/** One wait of a task: for an operation, or for one of a selection. It is settled at most once. */
export class Waiter {
  /** What it brings along, for instance what is to be sent; once it is settled, what it gets. */
  value: unknown = undefined;
  /** Ends what else was begun for it, such as listening to a signal. */
  release: (() => void) | undefined = undefined;
  /** The line that it stands in, and its neighbours. */
  line: Waiters | undefined = undefined;
  before: Waiter | undefined = undefined;
  after: Waiter | undefined = undefined;
  readonly #turn: number;

  /** `index` is its place in a selection. */
  constructor(readonly task: Task<unknown>, readonly index = 0) {
    this.#turn = task.turns;
  }

  /** Lets the task go on with `value`; `false` if it goes on already, without it. */
  settle(value: unknown): boolean {
    if (!this.task.answer(this, this.#turn)) return false;
    this.value = value;
    return true;
  }

  /** Steps out of its line. */
  leave(): void {
    this.line?.remove(this);
  }
}

/** Tasks that wait in line, first come, first served. */
export class Waiters {
  first: Waiter | undefined = undefined;
  #last: Waiter | undefined = undefined;

  /** Puts a task at the end of the line. */
  push(waiter: Waiter): void {
    waiter.line = this;
    const last = (waiter.before = this.#last);
    if (last) last.after = waiter;
    else this.first = waiter;
    this.#last = waiter;
  }

  remove(waiter: Waiter): void {
    const { before, after } = waiter;
    if (before) before.after = after;
    else this.first = after;
    if (after) after.before = before;
    else this.#last = before;
    waiter.line = waiter.before = waiter.after = undefined;
  }

  /** Takes those out that stand in line now, and lets them go on with `value`. */
  settleAll(value?: unknown): void {
    let { first } = this;
    this.first = this.#last = undefined;
    while (first) {
      const { after } = first;
      first.line = first.before = first.after = undefined;
      first.settle(value);
      first = after;
    }
  }

  /** Takes the first out that can be let go on with `value`; nothing if there is none. */
  settleOne(value: unknown): boolean {
    for (let first; (first = this.first); ) {
      this.remove(first);
      if (first.settle(value)) return true;
    }
    return false;
  }
}
