import { Channel } from "./channel.js";
import { CancelledError, ClosedError, CreelError, WorkerError } from "./errors.js";
import { arrived, type Functions, type Order, type Report, transferred } from "./expose.js";
import { type Line, lineTo, start, type WorkerLike } from "./line.js";
import type { Args, Methods, Result } from "./methods.js";
import { Signal } from "./notice.js";
import { Action, type Operation, type Program } from "./operation.js";
import { race, Select } from "./race.js";
import { runtime } from "./runtime.js";
import { abortable } from "./scope.js";
import type { UntilAborted } from "./signal.js";
import { supervise, type SupervisorOptions } from "./supervisor.js";
import { Event } from "./sync.js";
import { Task, wait } from "./task.js";
import { sleep } from "./time.js";

/** How a pool works; what stops it from starting workers anew is as in {@link supervise}. */
export interface PoolOptions extends Pick<SupervisorOptions, "maxRestarts" | "milliseconds" | "backoff" | "onEvent"> {
  /** How many calls a worker has at a time; 1 unless said otherwise. More are for calls that wait. */
  readonly concurrency?: number;
  /**
   * How many milliseconds a cancelled call may take to end before its worker is ended, which is the only
   * way to stop a loop that does not look; 1,000 unless said otherwise.
   */
  readonly grace?: number;
  /** How many milliseconds a worker may take to call `expose`; 10,000 unless said otherwise. */
  readonly startLimit?: number;
}

/** A call on its way. */
interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly settled: Event;
  outcome?: { readonly value: unknown } | { readonly error: unknown };
  /** Told when the caller does not want it any more, once a worker has it. */
  onCancel?: () => void;
  isCancelled: boolean;
}

/**
 * Runs functions in workers, each of which is started anew when it dies.
 *
 * `start` makes a worker whose module calls {@link expose}. Write it so that your bundler sees what the
 * module of the worker is; without a bundler its URL will do.
 *
 * @example
 * import type work from "./work.js";
 *
 * await using workers = pool<typeof work>(4, () =>
 *   new Worker(new URL("./work.js", import.meta.url), { type: "module" }));
 * const sum = await workers.call("sum", [1, 2, 3]);
 */
export function pool<F extends Functions>(
  workers: number,
  start: URL | (() => WorkerLike),
  options: PoolOptions = {},
): Pool<F> {
  return new Pool(workers, start, options);
}

/** See {@link pool}. */
export class Pool<F extends Functions> implements AsyncDisposable {
  readonly #calls = new Channel<Call>(1);
  readonly #task: Task<void>;

  /** @internal */
  constructor(workers: number, start: URL | (() => WorkerLike), options: PoolOptions) {
    if (!Number.isInteger(workers) || workers < 1) throw new RangeError(`a pool has at least one worker, not ${workers}`);
    if (runtime().isSimulated) throw new CreelError("there are no workers in a simulation");
    const calls = this.#calls;
    const children = Array.from({ length: workers }, (_, n) => ({
      name: `worker ${n + 1}`,
      run: () => serve(calls, start, options),
      restart: "transient" as const,
    }));
    const limits = { maxRestarts: 3 * workers, backoff: { initial: 10, max: 1000 }, ...options };
    this.#task = new Task<void>(() => supervise(children, limits), { name: "pool" });
    const ended = (): void => {
      for (let call; (call = calls.tryReceive()); ) settle(call, { error: this.#ended() });
    };
    this.#task.owner = { ended };
  }

  /**
   * Calls a function in the next worker that has nothing to do; until there is one, the caller waits.
   * Arguments and answers are copied, or moved ({@link transfer}). When the caller is cancelled, so is the
   * call, and it has ended when the caller goes on.
   *
   * Fails with what the function fails with; with {@link WorkerError} if its worker dies, and with
   * {@link ClosedError} if the pool has ended. A call that failed so is not repeated: it may have been
   * done in part.
   */
  call<K extends keyof Methods<F> & string>(name: K, ...args: Args<F[K]>): Operation<Result<F[K]>> {
    return new Action(`call of ${name}`, () => this.#run(name, args) as Program<Result<F[K]>>);
  }

  /** {@link call} that a signal ends. */
  callUntil<K extends keyof Methods<F> & string>(
    { signal }: UntilAborted,
    name: K,
    ...args: Args<F[K]>
  ): Operation<Result<F[K]>> {
    const call = this.call(name, ...args);
    return signal ? abortable(signal, call) : call;
  }

  /** Lets the workers finish the calls that they have and those that wait, and ends them. */
  close(): Operation<void> {
    this.#calls.close();
    return this.#task;
  }

  /** Ends the workers at once; calls that they have fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#task.cancel();
  }

  *#run(name: string, args: readonly unknown[]): Program<unknown> {
    if (this.#task.isDone) throw this.#ended();
    const call: Call = { name, args, settled: new Event(), isCancelled: false };
    try {
      yield* this.#calls.send(call);
    } catch (error) {
      throw error instanceof ClosedError ? this.#ended() : error;
    }
    if (this.#task.isDone) {
      // Who waited for room when the pool ended has it now. Nobody else makes room for the next one.
      this.#calls.tryReceive();
      throw this.#ended();
    }
    try {
      yield* call.settled.wait();
    } finally {
      if (!call.outcome) {
        call.isCancelled = true;
        call.onCancel?.();
        // Who still waits for a worker has not begun.
        if (call.onCancel) yield* call.settled.wait();
      }
    }
    const outcome = call.outcome!;
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Why nothing can be called. */
  #ended(): ClosedError {
    const { settled } = this.#task;
    const isFailure = settled?.status === "rejected" && !(settled.reason instanceof CancelledError);
    return new ClosedError("the pool has ended", isFailure ? { cause: settled.reason } : undefined);
  }
}

function settle(call: Call, outcome: NonNullable<Call["outcome"]>): void {
  call.outcome = outcome;
  call.settled.set();
}

/** One place of a pool: a worker, and another one whenever a call had to be stopped by ending it. */
function* serve(calls: Channel<Call>, from: URL | (() => WorkerLike), options: PoolOptions): Program<void> {
  for (let isOver = false; !isOver; ) {
    const worker = new Life(yield* started(from), options);
    try {
      isOver = yield* worker.live(calls);
    } finally {
      worker.end();
    }
  }
}

function* started(from: URL | (() => WorkerLike)): Program<WorkerLike> {
  const starting = start(from);
  let worker: WorkerLike | undefined;
  try {
    return (worker = yield* wait(starting));
  } finally {
    // Nobody waits any more: what starts yet is ended.
    if (!worker) void starting.then((late) => late.terminate(), () => {});
  }
}

/** The life of one worker. */
class Life {
  readonly #changed = new Signal();
  readonly #line: Line;
  readonly #options: PoolOptions;
  readonly #has = new Map<number, Call>();
  #count = 0;
  #isReady = false;
  #death: { readonly why: unknown } | undefined;
  /** A cancelled call did not end in time. */
  #isStuck = false;

  constructor(worker: WorkerLike, options: PoolOptions) {
    this.#options = options;
    this.#line = lineTo(worker, {
      message: (data) => this.#heard(data as Report),
      died: (why) => {
        this.#death ??= { why };
        this.#changed.all();
      },
    });
  }

  /** Takes calls until there are no more (`true`) or the worker must be ended (`false`). */
  *live(calls: Channel<Call>): Program<boolean> {
    const { concurrency = 1, startLimit = 10_000 } = this.#options;
    const late = sleep(startLimit);
    let isClosed = false;
    for (;;) {
      if (this.#death) throw new WorkerError("a worker died", { cause: this.#death.why });
      if (this.#isStuck) return false;
      if (isClosed && this.#has.size === 0) return true;
      this.#line.hold(!this.#isReady || this.#has.size > 0);
      const changed = this.#changed.wait();
      if (!this.#isReady) {
        const { index } = yield* new Select([changed, late]);
        if (index === 1) throw new WorkerError(`a worker did not call \`expose\` within ${startLimit} ms`);
      } else if (isClosed || this.#has.size >= concurrency) {
        yield* changed;
      } else {
        const { index, value } = yield* new Select([changed, calls.receive()]);
        if (index === 0) continue;
        if (value) this.#begin(value as Call);
        else isClosed = true;
      }
    }
  }

  /** Ends the worker; what it has fails. */
  end(): void {
    this.#line.close();
    for (const call of this.#has.values()) settle(call, { error: this.#reason(call) });
    this.#has.clear();
  }

  #reason({ isCancelled }: Call): CreelError {
    if (isCancelled) return new CancelledError();
    if (this.#death) return new WorkerError("the worker died before it answered", { cause: this.#death.why });
    if (this.#isStuck) return new WorkerError("the worker was ended, for another call of its would not end");
    return new ClosedError("the pool has ended");
  }

  #begin(call: Call): void {
    if (call.isCancelled) return;
    const id = this.#count++;
    try {
      this.#line.post({ call: id, name: call.name, args: call.args } satisfies Order, transferred(call.args));
    } catch (error) {
      // What cannot be copied is the caller's mistake.
      return settle(call, { error });
    }
    this.#has.set(id, call);
    call.onCancel = () => {
      this.#line.post({ cancel: id } satisfies Order, []);
      new Task(this.#hurry(id, call), { name: "grace" });
    };
  }

  /** Ends the worker if a cancelled call does not end. */
  *#hurry(id: number, call: Call): Program<void> {
    yield* race([call.settled.wait(), sleep(this.#options.grace ?? 1_000)]);
    if (this.#has.get(id) !== call) return;
    this.#isStuck = true;
    this.#changed.all();
  }

  #heard(report: Report): void {
    if ("ready" in report) {
      this.#isReady = true;
    } else {
      const id = "failed" in report ? report.failed : report.answered;
      const call = this.#has.get(id);
      this.#has.delete(id);
      const outcome = "failed" in report ? { error: arrived(report) } : { value: report.value };
      if (call) settle(call, outcome);
      if ("failed" in report && report.isLast) this.#death ??= { why: arrived(report) };
    }
    this.#changed.all();
  }
}
