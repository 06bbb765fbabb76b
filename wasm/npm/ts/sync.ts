import { ClosedError } from "./errors.js";
import { Answer, Code, IMMEDIATE, Operation, type Program, word } from "./operation.js";
import { object, own, type Runtime, runtime } from "./runtime.js";
import { until, type UntilAborted } from "./signal.js";
import type { Task } from "./task.js";

/** Holds permits until it is released; `using` releases at the end of a block. */
export class Permit implements Disposable {
  #release: (() => void) | undefined;

  /** @internal */
  constructor(release: () => void) {
    this.#release = release;
  }

  /** Gives them back; once is enough. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
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

  override ask(inside: Runtime): number {
    own(this.semaphore.inside, inside);
    inside.argument = this.permits;
    return word(Code.Acquire, this.semaphore.id);
  }

  override begin(inside: Runtime): number {
    own(this.semaphore.inside, inside);
    if (inside.core.try_acquire(this.semaphore.id, this.permits) !== Answer.Ok) return this.ask(inside);
    inside.value = this.#permit(inside);
    return IMMEDIATE;
  }

  override finish(inside: Runtime, _task: Task<unknown>, answer: number): Permit {
    if (answer === Answer.Closed) throw new ClosedError("the semaphore is gone");
    return this.#permit(inside);
  }

  #permit(inside: Runtime): Permit {
    const { semaphore, permits } = this;
    return new Permit(() => inside.core.release(semaphore.id, permits));
  }
}

/** So many may go on at a time, first come, first served. */
export class Semaphore {
  /** @internal */
  readonly id: number;
  /** @internal */
  readonly inside: Runtime;

  constructor(permits: number) {
    if (!Number.isInteger(permits) || permits < 0 || permits > MAX_PERMITS) {
      throw new RangeError(`a semaphore has from 0 to ${MAX_PERMITS} permits, not ${permits}`);
    }
    const inside = (this.inside = runtime());
    this.id = object(this, inside, "semaphore", inside.core.semaphore(permits));
  }

  /** How many permits nobody has. */
  get available(): number {
    return this.inside.core.permits(this.id);
  }

  /** Waits for permits. */
  acquire(permits = 1, options?: UntilAborted): Operation<Permit> {
    return until(new Acquire(this, permits), options);
  }

  /** Takes permits at once; `undefined` if there are not so many. */
  tryAcquire(permits = 1): Permit | undefined {
    if (this.inside.core.try_acquire(this.id, permits) !== Answer.Ok) return undefined;
    return new Permit(() => this.inside.core.release(this.id, permits));
  }

  /** Adds permits that nobody has given back. */
  add(permits: number): void {
    this.inside.core.release(this.id, permits);
  }
}

const MAX_PERMITS = 0x1fffffff;

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

  /** Runs a program while holding it. */
  *with<T>(program: () => Program<T>): Program<T> {
    const permit = yield* this.lock();
    try {
      return yield* program();
    } finally {
      permit.release();
    }
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

/** Something that tasks wait for and that others tell them of. */
export class Signal {
  /** @internal */
  readonly id: number;
  /** @internal */
  readonly inside: Runtime;

  constructor() {
    const inside = (this.inside = runtime());
    this.id = object(this, inside, "signal", inside.core.signal());
  }

  /** Waits for the next time that it is given. */
  wait(): Operation<void> {
    return new WaitFor(this);
  }

  /** Wakes all that wait now. */
  all(): void {
    this.inside.core.signal_all(this.id);
  }
}

class WaitFor extends Operation<void> {
  override get what(): string {
    return "signal";
  }

  constructor(readonly signal: Signal) {
    super();
  }
  override ask(inside: Runtime): number {
    own(this.signal.inside, inside);
    return word(Code.Wait, this.signal.id);
  }
}

/** Waits until `condition` answers something, looking again whenever `signal` is given. */
function* met<T>(signal: Signal, condition: () => { readonly value: T } | undefined): Program<T> {
  for (;;) {
    const found = condition();
    if (found) return found.value;
    yield* signal.wait();
  }
}

/** A flag that tasks wait for. An automatic one lets one task go each time that it is set. */
export class Event {
  readonly #signal = new Signal();
  readonly #isAutomatic: boolean;
  #isSet = false;

  constructor(options?: { readonly automatic?: boolean }) {
    this.#isAutomatic = options?.automatic ?? false;
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
  *wait(): Program<void> {
    yield* met(this.#signal, () => {
      if (!this.#isSet) return undefined;
      if (this.#isAutomatic) this.#isSet = false;
      return { value: undefined };
    });
  }
}

/** Tasks wait for each other: when so many have come, all go on. */
export class Barrier {
  readonly #signal = new Signal();
  #waiting = 0;
  #generation = 0;

  constructor(readonly tasks: number) {
    if (!Number.isInteger(tasks) || tasks < 1) {
      throw new RangeError(`a barrier is for at least one task, not ${tasks}`);
    }
  }

  /** Waits for the others; `true` for one of them. Who is cancelled meanwhile has not come. */
  *wait(): Program<boolean> {
    if (++this.#waiting === this.tasks) {
      this.#waiting = 0;
      this.#generation += 1;
      this.#signal.all();
      return true;
    }
    const mine = this.#generation;
    try {
      return yield* met(this.#signal, () => (mine === this.#generation ? undefined : { value: false }));
    } finally {
      if (mine === this.#generation) this.#waiting -= 1;
    }
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
  *until(wanted: (value: T) => boolean): Program<T> {
    return yield* met(this.#signal, () => (wanted(this.#value) ? { value: this.#value } : undefined));
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
  *changed(): Program<T> {
    return yield* met(this.#signal, () => {
      const version = this.#version();
      if (version === this.#seen) return undefined;
      this.#seen = version;
      return { value: this.#watch.value };
    });
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
  readonly #next: () => { value: Received<T> } | undefined;

  /** @internal */
  constructor(signal: Signal, next: () => { value: Received<T> } | undefined) {
    [this.#signal, this.#next] = [signal, next];
  }

  /** Waits for the next message; `undefined` after the last one. */
  *receive(): Program<Received<T>> {
    return yield* met(this.#signal, this.#next);
  }
}
