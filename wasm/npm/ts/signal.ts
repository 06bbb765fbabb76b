import { Answer, Operation } from "./operation.js";
import type { Runtime } from "./runtime.js";
import type { Task } from "./task.js";

/** Operations end early when `signal` is aborted: they fail with its reason, and lose nothing. */
export interface UntilAborted {
  readonly signal?: AbortSignal | undefined;
}

/** `operation`, ended early by a signal if one is given. */
export function until<T>(operation: Operation<T>, options: UntilAborted | undefined): Operation<T> {
  return options?.signal ? new Until(operation, options.signal) : operation;
}

class Until<T> extends Operation<T> {
  #unlisten: (() => void) | undefined;

  constructor(readonly operation: Operation<T>, readonly signal: AbortSignal) {
    super();
  }

  override get what(): string {
    return this.operation.what;
  }

  override get isPlain(): boolean {
    return false;
  }

  override ask(inside: Runtime, task: Task<unknown>): number {
    this.signal.throwIfAborted();
    const abort = () => inside.interrupt(task.id, Answer.Aborted);
    this.signal.addEventListener("abort", abort);
    this.#unlisten = () => this.signal.removeEventListener("abort", abort);
    try {
      return this.operation.ask(inside, task);
    } catch (error) {
      this.#unlisten();
      throw error;
    }
  }

  override finish(inside: Runtime, task: Task<unknown>, answer: number): T {
    this.#unlisten?.();
    if (answer === Answer.Aborted) {
      this.operation.abandon(inside, task);
      throw this.signal.reason;
    }
    return this.operation.finish(inside, task, answer);
  }

  override abandon(inside: Runtime, task: Task<unknown>): void {
    this.#unlisten?.();
    this.operation.abandon(inside, task);
  }
}
