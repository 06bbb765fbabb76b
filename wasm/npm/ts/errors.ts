/** What can go wrong. Every error of this package is one of these. */
export class CreelError extends Error {
  override name = "CreelError";
}

/** The task was cancelled: by `Task.cancel`, by its scope, or by an `AbortSignal`. */
export class CancelledError extends CreelError {
  override name = "CancelledError";
  constructor(message = "the task was cancelled", options?: ErrorOptions) {
    super(message, options);
  }
}

/** The time for an operation was over before it was done. */
export class TimeoutError extends CreelError {
  override name = "TimeoutError";
  constructor(readonly milliseconds: number) {
    super(`not done within ${milliseconds} ms`);
  }
}

/** The other side is gone: the channel was closed, the actor has ended. */
export class ClosedError extends CreelError {
  override name = "ClosedError";
}

/** A simulated program can never go on: every task waits, and no timer is left. */
export class DeadlockError extends CreelError {
  override name = "DeadlockError";
  constructor(readonly seed: number, options?: ErrorOptions, hint = "") {
    super(`the program is stuck under seed ${seed}: every task waits, and no timer is left${hint}`, options);
  }
}

/** A supervisor gave up: a child failed more often than it may. */
export class RestartError extends CreelError {
  override name = "RestartError";
}

/** A worker of a pool died, or was ended because a cancelled call did not end, before it answered. */
export class WorkerError extends CreelError {
  override name = "WorkerError";
}

/** By name, which minifiers change in the classes themselves. */
const classes: Record<string, { readonly prototype: CreelError }> = {
  CreelError, CancelledError, TimeoutError, ClosedError, DeadlockError, RestartError, WorkerError,
};

/** Gives a copied error its name back, and its class if that is of this package. @internal */
export function revived(error: Error, name: string): Error {
  const found = Object.hasOwn(classes, name) ? classes[name] : undefined;
  if (found) Object.setPrototypeOf(error, found.prototype);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  return error;
}
