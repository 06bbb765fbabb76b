import { Operation } from "./operation.js";
import { own, type Runtime, runtime } from "./runtime.js";
import { type Waiter, Waiters } from "./waiting.js";

/** What somebody waits to find: looked for by whoever changes something, so none of it is the user's code. */
export type Condition<T> = () => { readonly value: T } | undefined;

/** Something that tasks wait for and that others tell them of. */
export class Signal {
  /** @internal */
  readonly inside: Runtime = runtime();
  readonly #waiters = new Waiters();

  /** Waits for the next time that it is given. */
  wait(): Operation<void> {
    return new WaitFor(this);
  }

  /** @internal */
  enlist(waiter: Waiter): number {
    this.#waiters.push(waiter);
    return Infinity;
  }

  /** Lets those go on that wait now, and find what they wait for. */
  all(): void {
    for (let waiter = this.#waiters.first, after; waiter; waiter = after) {
      after = waiter.after;
      // Who goes on already must not take what is for one.
      if (!waiter.isAwaited) continue;
      const condition = waiter.value as Condition<unknown> | undefined;
      const found = condition ? condition() : { value: undefined };
      if (!found) continue;
      waiter.leave();
      waiter.settle(found.value);
    }
  }
}

class WaitFor extends Operation<void> {
  override get what(): string {
    return "signal";
  }

  constructor(readonly signal: Signal) {
    super();
  }

  override enlist(inside: Runtime, waiter: Waiter): number {
    own(this.signal.inside, inside);
    return this.signal.enlist(waiter);
  }
}

/** Waits until `condition` finds something, looking again whenever `signal` is given. */
export class Met<T> extends Operation<T> {
  constructor(readonly what: string, readonly signal: Signal, readonly condition: Condition<T>) {
    super();
  }

  override attempt(inside: Runtime): boolean {
    own(this.signal.inside, inside);
    const found = this.condition();
    inside.value = found?.value;
    return found !== undefined;
  }

  override enlist(_inside: Runtime, waiter: Waiter): number {
    waiter.value = this.condition;
    return this.signal.enlist(waiter);
  }

  override finish({ value }: Waiter): T {
    return value as T;
  }
}
