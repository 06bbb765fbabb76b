import { CreelError, revived } from "./errors.js";
import { type Line, lineHome } from "./line.js";
import { type Program } from "./operation.js";
import { runtime } from "./runtime.js";
import { Task } from "./task.js";

/** What a pool tells a worker. @internal */
export type Order =
  | { readonly call: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly cancel: number };

/** What a worker tells its pool. @internal */
export type Report =
  | { readonly ready: true }
  | { readonly answered: number; readonly value: unknown }
  | { readonly failed: number; readonly error: unknown; readonly name: string; readonly isLast: boolean };

/** The functions of a worker, by name: plain, `async`, or generators. */
export type Functions = Record<string, (...args: never[]) => unknown>;

const transfers = new WeakMap<object, object[]>();

/**
 * Says that `list` (buffers, ports, streams) moves with `value` and is not copied, when `value` is an
 * argument or the answer of a call to a worker. What has moved is empty here. Answers `value`.
 *
 * @example
 * yield* workers.call("blur", transfer(pixels, [pixels.buffer]));
 */
export function transfer<T extends object>(value: T, list: readonly object[]): T {
  transfers.set(value, [...list]);
  return value;
}

/** What moves with these values. @internal */
export function transferred(values: readonly unknown[]): object[] {
  return values.flatMap((value) => (typeof value === "object" && value !== null && transfers.get(value)) || []);
}

/**
 * Makes functions callable by the `pool` that started this worker. Each call runs as a task: it is
 * cancelled when its caller is, and an `async` function finds its `AbortSignal` in `current().signal`
 * before its first `await`. Outside of a worker it only answers the functions.
 *
 * @example
 * // work.ts
 * export default expose({ sum: (numbers: number[]) => numbers.reduce((a, b) => a + b, 0) });
 */
export function expose<F extends Functions>(functions: F): F {
  const running = new Map<number, Task<unknown>>();
  let line: Pick<Line, "post"> | undefined;

  const fail = (call: number, error: unknown) => {
    const name = error instanceof Error ? error.name : "";
    // Without its core a worker is of no use.
    const isLast = runtime().isBroken;
    // Node copies nothing of one of these.
    const sent = error instanceof DOMException ? new Error(error.message) : error;
    try {
      line!.post({ failed: call, error: sent, name, isLast } satisfies Report, []);
    } catch {
      // It holds what cannot be copied.
      line!.post({ failed: call, error: new Error(String(error)), name, isLast } satisfies Report, []);
    }
  };
  const begin = async (call: number, name: string, args: readonly unknown[]) => {
    const f = functions[name] as ((...args: readonly unknown[]) => Program<unknown>) | undefined;
    try {
      if (!f) throw new CreelError(`the worker exposes no function ${name}`);
      const task = new Task<unknown>(() => f(...args), { name });
      running.set(call, task);
      const value = await task;
      line!.post({ answered: call, value } satisfies Report, transferred([value]));
    } catch (error) {
      fail(call, error);
    } finally {
      running.delete(call);
    }
  };
  const heard = (data: unknown) => {
    const order = data as Order;
    if ("cancel" in order) running.get(order.cancel)?.cancel();
    else void begin(order.call, order.name, order.args);
  };
  void lineHome(heard).then((home) => {
    line = home;
    home?.post({ ready: true } satisfies Report, []);
  });
  return functions;
}

/** An error that came from a worker, with the name and the class that it had there. @internal */
export function arrived(report: Extract<Report, { readonly failed: number }>): unknown {
  const { error, name } = report;
  return error instanceof Error ? revived(error, name) : error;
}
