import { Operation, Yield } from "./operation.js";
import { runtime } from "./runtime.js";
import { until, type UntilAborted } from "./signal.js";

class Sleep extends Operation<void> {
  override get what(): string {
    return "sleep";
  }

  constructor(readonly milliseconds: number) {
    super();
  }
  override get isLone(): boolean {
    return true;
  }

  override enlist(): number {
    // A number, and not less than no time: the core tells other things by those.
    return this.milliseconds > 0 ? this.milliseconds : 0;
  }
}

/** Waits so many milliseconds; `Infinity` is for ever, less than zero is no time. */
export function sleep(milliseconds: number, options?: UntilAborted): Operation<void> {
  return until(new Sleep(milliseconds), options);
}

/** Waits until {@link now} answers `deadline`. */
export function sleepUntil(deadline: number, options?: UntilAborted): Operation<void> {
  return sleep(deadline - now(), options);
}

/** Milliseconds on the clock that timers follow: monotonic, and simulated in a simulation. */
export function now(): number {
  return runtime().now();
}

/** Lets the other tasks have a turn. */
export function yieldNow(): Operation<void> {
  return new Yield(undefined);
}
