import { CancelledError, CreelError } from "./errors.js";
import { NEXT_TURN, Operation, type Program, setStart } from "./operation.js";
import { type Runtime, runtime } from "./runtime.js";
import { nobody, Waiter, Waiters } from "./waiting.js";

/** Which tasks have their turns first. */
export type Priority = "user-blocking" | "user-visible" | "background";

const PRIORITIES = { "user-blocking": 0, "user-visible": 1, background: 2 } as const;

/** How to start a task. */
export interface SpawnOptions {
  /** What reports call it. */
  readonly name?: string | undefined;
  /** `"user-visible"` unless said otherwise. */
  readonly priority?: Priority;
  /** Cancels the task when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** What a task can run: a generator function, an `async` function, or a plain one. */
export type Body<T> = (context: TaskContext) => Program<T> | PromiseLike<T> | T;

/** Something to wait for: an operation, a promise, or a body to run. */
export type Waitable<T> = Operation<T> | PromiseLike<T> | Program<T> | Body<T>;

/** The outcome of a {@link Waitable}. */
export type Outcome<W> = W extends Operation<infer T> ? T
  : W extends (...context: never[]) => infer R ? (R extends Program<infer T> ? T : Awaited<R>)
  : W extends Program<infer T> ? T
  : Awaited<W>;

/** Where a task is. */
export type TaskState = "ready" | "running" | "waiting" | "done" | "failed" | "cancelled";

/** What the body of a task is given. */
export interface TaskContext {
  /** Aborted when the task is cancelled, with a {@link CancelledError} as reason. */
  readonly signal: AbortSignal;
  /** Waits for anything in an `async` function, as a part of the task: stops it, and rejects, when the task is cancelled. */
  readonly wait: <const W extends Waitable<unknown>>(waitable: W) => Promise<Outcome<W>>;
}

/** What only a task has that somebody may cancel, or awaits outside of tasks. */
interface Seldom<T> {
  /** Why it was cancelled. */
  reason?: CancelledError;
  /** Whether its program has been told. */
  isDelivered?: boolean;
  /** Whom its `signal` belongs to, if somebody asked for that. */
  controller?: AbortController;
  /** Listens no longer to the signal that it was started with. */
  unlisten?: () => void;
  /** What is settled when it ends, and how. */
  promise?: Promise<T>;
  resolve?(value: T): void;
  reject?(error: unknown): void;
}

/** Who hears when a task ends, and sees to its failure. @internal */
export interface Owner {
  ended(task: Task<unknown>): void;
}

/** Where a task is, and what the core knows of it. @internal */
export const enum Phase {
  /** It will have its turn, or has it. */
  Ready,
  /** It waits to be woken, or for its deadline. */
  Parked,
  /** It waits for its first turn; the core knows nothing of it yet. */
  Fresh,
  /** It had its first turn, and waits to be woken; the core knows nothing of it yet. */
  Apart,
  /** It has ended, so or so. */
  Done,
  Failed,
  Cancelled,
}

/** What others call the last three. */
const ENDS = ["done", "failed", "cancelled"] as const;

/** Hears of ends that others see to. */
const somebody: Owner = { ended() {} };

/**
 * A running program. `yield* task` and `await task` wait for its outcome.
 *
 * Cancelling throws a {@link CancelledError} into its generator where it waits: `finally` blocks run, and
 * may wait, too. A `catch` sees it, and should throw it again; a task that does not goes on until it ends,
 * and counts as cancelled all the same. An `async` function sees its `signal` aborted, and is waited for.
 */
export class Task<T> extends Operation<T> implements AsyncDisposable, TaskContext {
  // No method has a `#`: each task would bear a mark for that.

  /** The operation that it waits for. @internal */
  pending: Operation<unknown> | undefined = undefined;
  /** Set before it has ended; without one a failure is reported. @internal */
  owner: Owner | undefined = undefined;
  /** Its neighbours there. @internal */
  before: Task<unknown> | undefined = undefined;
  /** @internal */
  after: Task<unknown> | undefined = undefined;
  /** Its number in the core. @internal */
  readonly id: number;
  /** @internal */
  readonly runtime: Runtime;
  /** @internal */
  phase = Phase.Ready;
  /** The wait for `pending`. */
  #waiter: Waiter | undefined = undefined;
  /** Who waits for its end. */
  #followers: Waiters | undefined = undefined;
  /** What it runs: the body until it begins, then the generator; at last the value or the error. */
  #content: unknown;
  /** Its name, or the function that has it: to ask for that costs more than a turn. */
  #name: string | Body<T> | undefined = undefined;
  #parent: Task<unknown> | undefined;
  #seldom: Seldom<T> | undefined = undefined;

  /** @internal */
  constructor(body: Body<T> | Program<T> | Operation<T>, options?: SpawnOptions, inside: Runtime = runtime(), parent = inside.current) {
    super();
    this.runtime = inside;
    this.#parent = parent;
    this.#content = body;
    if (typeof body === "function") this.#name = body;
    else this.#content = body instanceof Operation ? () => body : unused(body);
    this.id = options ? this.configure(options) : inside.spawn(this);
  }

  /** Starts with options; the answer is its number. @internal */
  configure({ name, priority, signal }: SpawnOptions): number {
    if (name !== undefined) this.#name = name;
    const id = this.runtime.spawn(this, priority && PRIORITIES[priority]);
    if (signal) this.heed(signal);
    return id;
  }

  /** Its name: the one it was given, or that of its function. */
  get name(): string {
    return typeof this.#name === "function" ? this.#name.name : (this.#name ?? "");
  }

  /** The task that started it, if that still runs. */
  get parent(): Task<unknown> | undefined {
    return this.#parent?.isDone ? undefined : this.#parent;
  }

  /** Where it is. */
  get state(): TaskState {
    if (this.isDone) return ENDS[this.phase - Phase.Done]!;
    if (this.runtime.current === this) return "running";
    return this.pending ? "waiting" : "ready";
  }

  /** Whether it has ended, one way or another. */
  get isDone(): boolean {
    return this.phase >= Phase.Done;
  }

  /** Aborted when the task is cancelled, with a {@link CancelledError} as reason. */
  get signal(): AbortSignal {
    const seldom = (this.#seldom ??= {});
    seldom.controller ??= new AbortController();
    if (seldom.reason) seldom.controller.abort(seldom.reason);
    return seldom.controller.signal;
  }

  /** Waits for anything in an `async` function, as a part of the task: stops it, and rejects, when the task is cancelled. */
  get wait(): <const W extends Waitable<unknown>>(waitable: W) => Promise<Outcome<W>> {
    // Whoever takes it out of the context has no task at hand to call it on.
    return (waitable) =>
      new Task(bodyOf(waitable), { name: nameOf(waitable), signal: this.signal }, this.runtime, this).then() as Promise<Outcome<typeof waitable>>;
  }

  /** Cancels it; the answer is an operation that waits until it has ended. Never fails. */
  cancel(reason?: unknown): Operation<void> {
    this.request(reason);
    return new Ended(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel();
  }

  /** @internal */
  heed(signal: AbortSignal): void {
    const abort = () => this.request(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    (this.#seldom ??= {}).unlisten = () => signal.removeEventListener("abort", abort);
  }

  /** @internal */
  request(reason: unknown): void {
    if (this.isDone || this.#seldom?.reason) return;
    const error = reason instanceof CancelledError
      ? reason
      : new CancelledError(undefined, reason === undefined ? undefined : { cause: reason });
    const seldom = (this.#seldom ??= {});
    seldom.reason = error;
    const { pending } = this;
    // An `async` function sees the signal, and is told by that.
    if (pending instanceof Following) seldom.isDelivered = !pending.result;
    seldom.controller?.abort(error);
    if (pending && !this.mayGoOn && !this.#waiter!.answer) this.goOn();
  }

  /** @internal */
  goOn(): void {
    if (this.phase !== Phase.Ready) this.runtime.wake(this);
  }

  /** Lets it go on with what came, if that is what it waits for, and nothing else has come. @internal */
  answer(waiter: Waiter): boolean {
    if (!this.awaits(waiter)) return false;
    waiter.of.answer = waiter;
    this.goOn();
    return true;
  }

  /** Whether that is what it waits for, and nothing has come. @internal */
  awaits({ of }: Waiter): boolean {
    return of === this.#waiter && !of.answer && this.mayGoOn;
  }

  /** Whether it need not hear first that it was cancelled. @internal */
  get mayGoOn(): boolean {
    const seldom = this.#seldom;
    return !seldom?.reason || seldom.isDelivered === true;
  }

  /** Waits for an operation; the answer is for how many milliseconds at most. @internal */
  park(operation: Operation<unknown>): number {
    this.pending = operation;
    const waiter = (this.#waiter = operation.isLone ? nobody : new Waiter(this));
    let milliseconds: number;
    try {
      milliseconds = operation.enlist(this.runtime, waiter);
    } catch (error) {
      this.unpark();
      throw error;
    }
    // What has come while it began to wait is taken in the next turn.
    if (waiter.answer || !this.mayGoOn) return NEXT_TURN;
    if (milliseconds !== NEXT_TURN) this.phase = Phase.Parked;
    return milliseconds;
  }

  /** Runs to the next operation; nothing if it has ended. @internal */
  advance(): Operation<unknown> | undefined {
    const operation = this.pending;
    if (!operation) return this.begin();
    const waiter = this.#waiter!;
    this.unpark();
    if (operation instanceof Following) return this.followed(operation as Following<T>);
    if (!waiter.answer && !this.mayGoOn) {
      operation.abandon(waiter);
      return this.unwind();
    }
    let value: unknown;
    try {
      value = operation.finish(waiter.answer ?? waiter);
    } catch (error) {
      return this.fail(error);
    }
    return this.proceed(value);
  }

  /** @internal */
  unpark(): void {
    this.pending = this.#waiter = undefined;
    this.phase = Phase.Ready;
  }

  /** Goes on with the value of an operation. @internal */
  proceed(value: unknown): Operation<unknown> | undefined {
    return this.resume(false, value);
  }

  /** Goes on with the failure of an operation. @internal */
  fail(error: unknown): Operation<unknown> | undefined {
    return this.resume(true, error);
  }

  /** The core is gone: the task will never go on. @internal */
  lose(error: unknown): void {
    this.unpark();
    this.conclude(Phase.Failed, new CreelError("the core has stopped, see the cause", { cause: error }));
  }

  /** Calls the function of the task. @internal */
  begin(): Operation<unknown> | undefined {
    const body = this.#content;
    const reason = this.#seldom?.reason;
    if (typeof body === "function") {
      if (reason) return this.conclude(Phase.Cancelled, reason);
      try {
        const result = (body as Body<T>)(this);
        if (!isObject(result)) return this.conclude(Phase.Done, result);
        if (isNative(result)) this.#content = result;
        else if (result instanceof Operation) this.#content = native(result[Symbol.iterator]() as Program<T>);
        else if (isProgram(result)) this.#content = native(result);
        else if (isThenable(result)) {
          // It has seen the signal, if it cancelled itself, and is waited for.
          if (this.#seldom?.reason) this.#seldom.isDelivered = true;
          return new Following(result as PromiseLike<T>, this);
        } else return this.conclude(Phase.Done, result);
      } catch (error) {
        return this.conclude(Phase.Failed, error);
      }
    }
    return reason ? this.unwind() : this.resume(false, undefined);
  }

  /**
   * Throws the reason into the program. `return` would not do: where a generator waits in a `finally`
   * block, the one that delegates to it goes on behind `yield*` afterwards, as if nothing had happened.
   * @internal
   */
  unwind(): Operation<unknown> | undefined {
    this.#seldom!.isDelivered = true;
    return this.resume(true, this.#seldom!.reason);
  }

  /** Its `async` function has ended. What the core knows nothing of ends at once. @internal */
  follow(following: Following<T>): void {
    if (this.pending !== following) return;
    if (this.phase !== Phase.Apart) return this.goOn();
    this.unpark();
    this.followed(following);
    this.runtime.dismiss(this);
  }

  /** @internal */
  followed(following: Following<T>): undefined {
    const { reason, isDelivered } = this.#seldom ?? {};
    if (isDelivered) return this.conclude(Phase.Cancelled, reason);
    const result = following.result!;
    if ("error" in result) return this.conclude(result.error === reason ? Phase.Cancelled : Phase.Failed, result.error);
    return this.conclude(Phase.Done, result.value);
  }

  /** @internal */
  resume(raises: boolean, value: unknown): Operation<unknown> | undefined {
    const program = this.#content as Program<T>;
    for (;;) {
      let result: IteratorResult<Operation<unknown>, T>;
      try {
        result = (raises ? raise.call(program, value) : next.call(program, value)) as typeof result;
      } catch (error) {
        return this.conclude(error === this.#seldom?.reason ? Phase.Cancelled : Phase.Failed, error);
      }
      const seldom = this.#seldom;
      if (result.done) {
        return seldom?.isDelivered ? this.conclude(Phase.Cancelled, seldom.reason) : this.conclude(Phase.Done, result.value);
      }
      raises = true;
      if (seldom?.reason && !seldom.isDelivered) {
        seldom.isDelivered = true;
        value = seldom.reason;
      } else if (result.value instanceof Operation) {
        return result.value;
      } else {
        value = new CreelError(
          "a task yielded something that is no operation: write `yield*`, and `yield* wait(promise)` for a promise",
        );
      }
    }
  }

  /** @internal */
  conclude(phase: Phase.Done | Phase.Failed | Phase.Cancelled, outcome: unknown): undefined {
    this.phase = phase;
    this.#content = outcome;
    this.#parent = undefined;
    const seldom = this.#seldom;
    seldom?.unlisten?.();
    this.#followers?.settleAll();
    if (seldom?.promise) this.settle(seldom);
    // Nobody waits. Unless somebody does before the host looks, it reports this, as for any promise.
    else if (phase === Phase.Failed && !this.owner) this.promised();
    this.owner?.ended(this);
  }

  /** Somebody is told of its failure. @internal */
  observe(): void {
    this.owner ??= somebody;
    this.#seldom?.promise?.catch(() => {});
  }

  /** What is settled when it ends. @internal */
  promised(): Promise<T> {
    const seldom = (this.#seldom ??= {});
    if (!seldom.promise) {
      seldom.promise = new Promise<T>((yes, no) => ([seldom.resolve, seldom.reject] = [yes, no]));
      if (this.isDone) this.settle(seldom);
    }
    return seldom.promise;
  }

  /** @internal */
  settle(seldom: Seldom<T>): void {
    if (this.phase === Phase.Done) seldom.resolve!(this.#content as T);
    else seldom.reject!(this.#content);
  }

  /** Its outcome, once it has ended. @internal */
  outcome(): T {
    if (this.phase === Phase.Done) return this.#content as T;
    throw this.#content;
  }

  /** Its outcome as data, once it has ended. */
  get settled(): PromiseSettledResult<T> | undefined {
    if (!this.isDone) return undefined;
    if (this.phase === Phase.Done) return { status: "fulfilled", value: this.#content as T };
    return { status: "rejected", reason: this.#content };
  }

  /** @internal */
  override get what(): string {
    return "task";
  }

  /** @internal */
  override attempt(inside: Runtime): boolean {
    this.observe();
    if (this.phase === Phase.Fresh) inside.begin(this);
    if (!this.isDone) return false;
    inside.value = this.outcome();
    return true;
  }

  /** @internal */
  override enlist(_inside: Runtime, waiter: Waiter): number {
    return this.join(waiter);
  }

  /** @internal */
  override finish(): T {
    return this.outcome();
  }

  /** @internal */
  join(waiter: Waiter): number {
    (this.#followers ??= new Waiters()).push(waiter);
    return Infinity;
  }

  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.owner ??= somebody;
    return this.promised().then(fulfilled, rejected);
  }
}

/** Waits for the end of a task or a scope, whatever its outcome. @internal */
export class Ended extends Operation<void> {
  override get what(): string {
    return "end";
  }

  constructor(readonly of: { readonly isDone: boolean; join(waiter: Waiter): number }) {
    super();
  }

  override attempt(inside: Runtime): boolean {
    inside.value = undefined;
    return this.of.isDone;
  }

  override enlist(_inside: Runtime, waiter: Waiter): number {
    return this.of.join(waiter);
  }
}

/** Waits for a promise. If the task is cancelled meanwhile, it goes on without the promise. @internal */
export class Wait<T> extends Operation<T> {
  override get what(): string {
    return "promise";
  }

  constructor(readonly promise: PromiseLike<T>) {
    super();
  }

  override enlist(_inside: Runtime, waiter: Waiter): number {
    this.promise.then((value) => waiter.settle({ value }), (error: unknown) => waiter.settle({ error }));
    return Infinity;
  }

  override finish({ value }: Waiter): T {
    return unwrapped(value as Settled<T>);
  }
}

/**
 * Waits for a promise in a generator: `const response = yield* wait(fetch(url))`. A promise cannot be
 * cancelled; give `fetch` and its like the `signal` of the task.
 */
export function wait<T>(promise: PromiseLike<T>): Operation<T> {
  if (!isThenable(promise)) throw new TypeError(`only a promise is waited for, not ${String(promise)}`);
  return new Wait(promise);
}

/**
 * Starts a task. It belongs to nobody: a failure that nobody waits for is reported as an unhandled
 * rejection. Inside a program prefer {@link scope}, which waits for its tasks.
 */
export function spawn<T>(body: Body<T> | Program<T> | Operation<T>, options?: SpawnOptions): Task<T> {
  return new Task(body, options);
}

/**
 * The task that runs now. In an `async` function ask before the first `await`: after it, others run.
 *
 * @throws {CreelError} outside of a task.
 */
export function current(): Task<unknown> {
  const task = runtime().current;
  if (!task) throw new CreelError("no task runs here: ask in its function, before the first `await`");
  return task;
}

/** Runs a program from the outside; the answer is a promise of its outcome. */
export function run<T>(body: Body<T> | Program<T> | Operation<T>, options?: SpawnOptions): Promise<T> {
  return spawn(body, options).then();
}

/**
 * What all generators inherit. Each closure of a generator function gives its generators a prototype of
 * their own, so looking up `next` in many of them costs far more than a turn: it is called from here.
 */
const generators = Object.getPrototypeOf(function* () {}).prototype as Generator<unknown, unknown, unknown>;
const { next, throw: raise } = generators;

/** For `instanceof`, which costs less than to ask for prototypes. */
const Generators = function () {} as unknown as new () => Generator;
Generators.prototype = generators;

/** Whether something is a generator that has begun. @internal */
export function isProgram(value: unknown): value is Program<unknown> {
  if (!isObject(value)) return false;
  if (isNative(value)) return true;
  return typeof (value as Program<unknown>).return === "function" && typeof (value as Program<unknown>).next === "function";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isNative(value: object): boolean {
  return value instanceof Generators;
}

/** A program as a generator, which it is unless somebody made it by hand or another realm did. */
function native<T>(program: Program<T>): Program<T> {
  return isNative(program) ? program : adopted(program);
}

function* adopted<T>(program: Program<T>): Program<T> {
  return yield* { [Symbol.iterator]: () => program };
}

/** Generators that were given to tasks as they are. */
const used = new WeakSet<object>();

/** A generator that no task was given before: a second one would find it at its end, and answer nothing. */
function unused<T>(program: Program<T>): Program<T> {
  if (!isProgram(program)) {
    throw new TypeError(`a task runs a function, a generator or an operation, not ${String(program)}; a promise can be awaited`);
  }
  if (used.has(program)) throw new CreelError("a generator runs once, and this one was begun: pass the function that makes it");
  used.add(program);
  return native(program);
}

/** The end of an `async` function. */
class Following<T> extends Operation<T> {
  result: Settled<T> | undefined = undefined;

  override get what(): string {
    return "promise";
  }

  override get isLone(): boolean {
    return true;
  }

  constructor(promise: PromiseLike<T>, readonly task: Task<T>) {
    super();
    promise.then((value) => this.#end({ value }), (error: unknown) => this.#end({ error }));
  }

  #end(result: Settled<T>): void {
    if (this.result) return;
    this.result = result;
    this.task.follow(this);
  }

  override enlist(): number {
    return this.result ? NEXT_TURN : Infinity;
  }
}

/** What a promise came to. */
type Settled<T> = { readonly value: T } | { readonly error: unknown };

function unwrapped<T>(result: Settled<T>): T {
  if ("error" in result) throw result.error;
  return result.value;
}

/** @internal */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof (value as PromiseLike<unknown>).then === "function";
}

/** Anything to wait for as what a task runs. @internal */
export function bodyOf<T>(waitable: Waitable<T>): Body<T> | Program<T> | Operation<T> {
  return isThenable(waitable) && !(waitable instanceof Operation) ? wait(waitable as PromiseLike<T>) : (waitable as Body<T>);
}

/** What reports call a task that runs it; nothing if it has a name itself. */
function nameOf(waitable: unknown): string | undefined {
  return waitable instanceof Operation ? waitable.what : undefined;
}

setStart((operation) => new Task(operation, { name: operation.what }).then());
