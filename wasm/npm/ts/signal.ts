import { Operation } from "./operation.js";
import type { Runtime } from "./runtime.js";
import type { Waiter } from "./waiting.js";

/** Operations end early when `signal` is aborted: they fail with its reason, and lose nothing. */
export interface UntilAborted {
  readonly signal?: AbortSignal | undefined;
}

/** `operation`, ended early by a signal if one is given. */
export function until<T>(operation: Operation<T>, options: UntilAborted | undefined): Operation<T> {
  return options?.signal ? new Until(operation, options.signal) : operation;
}

/** What an operation is settled with whose signal is aborted. */
const ABORTED = {};

class Until<T> extends Operation<T> {
  constructor(readonly operation: Operation<T>, readonly signal: AbortSignal) {
    super();
  }

  override get what(): string {
    return this.operation.what;
  }

  override attempt(inside: Runtime): boolean {
    this.signal.throwIfAborted();
    return this.operation.attempt(inside);
  }

  override enlist(inside: Runtime, waiter: Waiter): number {
    const { signal } = this;
    const abort = () => void waiter.settle(ABORTED);
    const milliseconds = this.operation.enlist(inside, waiter);
    signal.addEventListener("abort", abort);
    waiter.release = () => signal.removeEventListener("abort", abort);
    return milliseconds;
  }

  override finish(waiter: Waiter): T {
    if (waiter.value !== ABORTED) {
      waiter.release!();
      return this.operation.finish(waiter);
    }
    this.abandon(waiter);
    throw this.signal.reason;
  }

  override abandon(waiter: Waiter): void {
    waiter.release!();
    this.operation.abandon(waiter);
  }
}
