import { List } from "./list.js";
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
  /** What the task waits for as a whole: this, or a selection that this is a part of. */
  readonly of: Waiter;
  /** Of a whole: which of its parts has come, be it itself. */
  answer: Waiter | undefined = undefined;

  /** `index` is its place in a selection. */
  constructor(readonly task: Task<unknown> | undefined, of?: Waiter, readonly index = 0) {
    this.of = of ?? this;
  }

  /** Lets the task go on with `value`; `false` if it goes on already, without it. */
  settle(value: unknown): boolean {
    if (!this.task!.answer(this)) return false;
    this.value = value;
    return true;
  }

  /** Whether its task waits for it still, and nothing else has come. */
  get isAwaited(): boolean {
    return this.task!.awaits(this);
  }

  /** Steps out of its line. */
  leave(): void {
    this.line?.remove(this);
  }
}

/** Whoever waits for nothing but time: nobody lets them go on. */
export const nobody = new Waiter(undefined);

/** Tasks that wait in line, first come, first served. */
export class Waiters extends List<Waiter> {
  /** Puts a task at the end of the line. */
  override push(waiter: Waiter): void {
    waiter.line = this;
    super.push(waiter);
  }

  override remove(waiter: Waiter): void {
    waiter.line = undefined;
    super.remove(waiter);
  }

  /** Takes those out that stand in line now, and lets them go on with `value`. */
  settleAll(value?: unknown): void {
    let { first } = this;
    this.first = this.last = undefined;
    while (first) {
      const { after } = first;
      first.line = first.before = first.after = undefined;
      first.settle(value);
      first = after;
    }
  }
}
