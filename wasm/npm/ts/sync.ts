import { ClosedError } from "./errors.js";
import { type Condition, Met, Signal } from "./notice.js";
import { Action, Operation } from "./operation.js";
import { own, type Runtime, runtime } from "./runtime.js";
import { resultOf } from "./scope.js";
import { until, type UntilAborted } from "./signal.js";
import { type Body, current } from "./task.js";
import { type Waiter, Waiters } from "./waiting.js";

/** Holds permits until it is released; `using` releases at the end of a block. */
export class Permit implements Disposable {
  #semaphore: Semaphore | undefined;
  readonly #permits: number;

  /** @internal */
  constructor(semaphore: Semaphore, permits: number) {
    this.#semaphore = semaphore;
    this.#permits = permits;
  }

  /** Gives them back; once is enough. */
  release(): void {
    this.#semaphore?.add(this.#permits);
    this.#semaphore = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

class Acquire extends Operation<Permit> {
  override get what(): string {
    return "acquire";
  }

  constructor(readonly semaphore: Semaphore, readonly permits: number) {
    super();
  }

  override attempt(inside: Runtime): boolean {
    own(this.semaphore.inside, inside);
    const permit = this.semaphore.tryAcquire(this.permits);
    inside.value = permit;
    return permit !== undefined;
  }

  override enlist(_inside: Runtime, waiter: Waiter): number {
    waiter.value = this.permits;
    this.semaphore.waiters.push(waiter);
    return Infinity;
  }

  override finish(): Permit {
    return new Permit(this.semaphore, this.permits);
  }

  override abandon(waiter: Waiter): void {
    waiter.leave();
    // Whoever waited behind it may want less.
    this.semaphore.add(0);
  }
}

/** So many may go on at a time, first come, first served. */
export class Semaphore {
  /** @internal */
  readonly inside: Runtime = runtime();
  /** @internal */
  readonly waiters = new Waiters();
  #available: number;

  constructor(permits: number) {
    this.#available = counted(permits);
  }

  /** How many permits nobody has. */
  get available(): number {
    return this.#available;
  }

  /** Waits for permits. */
  acquire(permits = 1, options?: UntilAborted): Operation<Permit> {
    return until(new Acquire(this, counted(permits)), options);
  }

  /** Takes permits at once; `undefined` if there are not so many, or others wait for theirs. */
  tryAcquire(permits = 1): Permit | undefined {
    if (this.waiters.first || counted(permits) > this.#available) return undefined;
    this.#available -= permits;
    return new Permit(this, permits);
  }

  /** Adds permits that nobody has given back. */
  add(permits: number): void {
    this.#available += counted(permits);
    for (let first; (first = this.waiters.first); ) {
      const wanted = first.value as number;
      if (wanted > this.#available) return;
      first.leave();
      if (first.settle(undefined)) this.#available -= wanted;
    }
  }
}

const MAX_PERMITS = 0x1fffffff;

function counted(permits: number): number {
  if (Number.isInteger(permits) && permits >= 0 && permits <= MAX_PERMITS) return permits;
  throw new RangeError(`a semaphore has from 0 to ${MAX_PERMITS} permits, not ${permits}`);
}

/** One at a time, first come, first served. */
export class Mutex {
  readonly #semaphore = new Semaphore(1);

  /** Whether somebody has it. */
  get isLocked(): boolean {
    return this.#semaphore.available === 0;
  }

  /** Waits for it. Release what it answers, or declare it with `using`. */
  lock(options?: UntilAborted): Operation<Permit> {
    return this.#semaphore.acquire(1, options);
  }

  /** Takes it at once; `undefined` if somebody has it. */
  tryLock(): Permit | undefined {
    return this.#semaphore.tryAcquire();
  }

  /** Runs a body while holding it. An `async` one has ended, and holds it until then, though it is cancelled. */
  with<T>(body: Body<T>): Operation<T> {
    const lock = this.lock();
    return new Action("with a lock", function* () {
      const permit = yield* lock;
      try {
        return yield* resultOf(body(current()));
      } finally {
        permit.release();
      }
    });
  }
}

/** Many readers or one writer, first come, first served: a writer that waits lets no reader past. */
export class RwLock {
  readonly #semaphore = new Semaphore(MAX_PERMITS);

  /** Waits to read. */
  read(options?: UntilAborted): Operation<Permit> {
    return this.#semaphore.acquire(1, options);
  }

  /** Waits to write. */
  write(options?: UntilAborted): Operation<Permit> {
    return this.#semaphore.acquire(MAX_PERMITS, options);
  }
}

/** A flag that tasks wait for. An automatic one lets one task go each time that it is set. */
export class Event {
  readonly #signal = new Signal();
  readonly #met: Condition<void>;
  #isSet = false;

  constructor(options?: { readonly automatic?: boolean }) {
    this.#met = () => {
      if (!this.#isSet) return undefined;
      if (options?.automatic) this.#isSet = false;
      return { value: undefined };
    };
  }

  /** Whether it is set. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** Sets it: those that wait go on. */
  set(): void {
    this.#isSet = true;
    this.#signal.all();
  }

  /** Tasks wait again. */
  reset(): void {
    this.#isSet = false;
  }

  /** Waits until it is set. */
  wait(options?: UntilAborted): Operation<void> {
    return until(new Met("event", this.#signal, this.#met), options);
  }
}

class Arrive extends Operation<boolean> {
  override get what(): string {
    return "barrier";
  }

  constructor(readonly barrier: Barrier) {
    super();
  }

  override attempt(inside: Runtime): boolean {
    const { barrier } = this;
    own(barrier.inside, inside);
    inside.value = true;
    let come = 1;
    // Who goes on already does not count.
    for (let waiter = barrier.waiters.first; waiter; waiter = waiter.after) if (waiter.isAwaited) come += 1;
    if (come < barrier.tasks) return false;
    barrier.waiters.settleAll();
    return true;
  }

  override enlist(_inside: Runtime, waiter: Waiter): number {
    this.barrier.waiters.push(waiter);
    return Infinity;
  }

  override finish(): boolean {
    return false;
  }
}

/** Tasks wait for each other: when so many have come, all go on. */
export class Barrier {
  /** @internal */
  readonly inside: Runtime = runtime();
  /** @internal */
  readonly waiters = new Waiters();

  constructor(readonly tasks: number) {
    if (!Number.isInteger(tasks) || tasks < 1) {
      throw new RangeError(`a barrier is for at least one task, not ${tasks}`);
    }
  }

  /** Waits for the others; `true` for one of them. Who is cancelled meanwhile has not come. */
  wait(options?: UntilAborted): Operation<boolean> {
    return until(new Arrive(this), options);
  }
}

/** A value that changes: who waits sees the latest one, not every one. */
export class Watch<T> {
  readonly #signal = new Signal();
  #version = 0;
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value. */
  get value(): T {
    return this.#value;
  }

  /** Changes it, and tells those that wait. */
  set value(value: T) {
    this.#value = value;
    this.#version += 1;
    this.#signal.all();
  }

  /** A view that remembers which value it has seen; the present one counts as seen. */
  subscribe(): Watcher<T> {
    return new Watcher(this, this.#signal, () => this.#version);
  }

  /** Waits for a value that `wanted` accepts. */
  until(wanted: (value: T) => boolean): Operation<T> {
    const watch = this;
    return new Action("value", function* () {
      const view = watch.subscribe();
      while (!wanted(watch.value)) yield* view.changed();
      return watch.value;
    });
  }
}

/** One view of a {@link Watch}. */
export class Watcher<T> {
  readonly #watch: Watch<T>;
  readonly #signal: Signal;
  readonly #version: () => number;
  #seen: number;

  /** @internal */
  constructor(watch: Watch<T>, signal: Signal, version: () => number) {
    [this.#watch, this.#signal, this.#version] = [watch, signal, version];
    this.#seen = version();
  }

  /** Waits for a value that this view has not seen. */
  changed(options?: UntilAborted): Operation<T> {
    return until(new Changed("change", this.#signal, () => this.#look()), options);
  }

  #look(): { readonly value: T } | undefined {
    const version = this.#version();
    if (version === this.#seen) return undefined;
    this.#seen = version;
    return { value: this.#watch.value };
  }
}

class Changed<T> extends Met<T> {
  /** The latest value, which may have come since it was told. */
  override finish(waiter: Waiter): T {
    const latest = this.condition();
    return latest ? latest.value : super.finish(waiter);
  }
}

/** Every receiver gets every message; one that is too slow is told how many it missed. */
export class Broadcast<T> {
  readonly #signal = new Signal();
  readonly #messages: T[] = [];
  /** The number of the first message in the list. */
  #first = 0;
  #isClosed = false;

  constructor(readonly capacity = 16) {}

  /** Sends to all receivers; never waits. */
  send(message: T): void {
    if (this.#isClosed) throw new ClosedError("the broadcast is closed: nothing can be sent any more");
    this.#messages.push(message);
    if (this.#messages.length > this.capacity) {
      this.#messages.shift();
      this.#first += 1;
    }
    this.#signal.all();
  }

  /** Receivers end after the last message. */
  close(): void {
    this.#isClosed = true;
    this.#signal.all();
  }

  /** A receiver of what is sent from now on. */
  subscribe(): Receiver<T> {
    let next = this.#first + this.#messages.length;
    return new Receiver(this.#signal, () => {
      const missed = this.#first - next;
      if (missed > 0) {
        next = this.#first;
        return { value: { missed } };
      }
      if (next < this.#first + this.#messages.length) {
        return { value: { message: this.#messages[next++ - this.#first] as T } };
      }
      return this.#isClosed ? { value: undefined } : undefined;
    });
  }
}

/** What a receiver of a {@link Broadcast} gets: a message, or how many it was too slow for. */
export type Received<T> = { readonly message: T } | { readonly missed: number } | undefined;

/** One receiver of a {@link Broadcast}. */
export class Receiver<T> {
  readonly #signal: Signal;
  readonly #next: Condition<Received<T>>;

  /** @internal */
  constructor(signal: Signal, next: Condition<Received<T>>) {
    [this.#signal, this.#next] = [signal, next];
  }

  /** Waits for the next message; `undefined` after the last one. */
  receive(options?: UntilAborted): Operation<Received<T>> {
    return until(new Met("message", this.#signal, this.#next), options);
  }
}
