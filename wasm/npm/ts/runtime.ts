import { type Core, instantiate, type Objects } from "./core.js";
import { CreelError } from "./errors.js";
import { Code, IMMEDIATE, Operation, word } from "./operation.js";
import { text } from "./wasm.js";
import type { Task } from "./task.js";

/** How long ready tasks run before the event loop gets a turn, in milliseconds. */
let slice = 5;
/** Turns a crossing into the core. */
const TURNS = 128;
/** Operations a task may complete without waiting before it must let others run. */
const BUDGET = 128;

/** The event loop gets a turn, then `f` runs. */
const hop: (f: () => void) => void = (() => {
  const { setImmediate } = globalThis as { setImmediate?: (f: () => void) => unknown };
  if (setImmediate) return (f) => void setImmediate(f);
  const { port1, port2 } = new MessageChannel();
  let next: (() => void) | undefined;
  port1.onmessage = () => next?.();
  return (f) => {
    next = f;
    port2.postMessage(0);
  };
})();

/** An operation of a selection, as the core wants to know it. */
export interface Arm {
  readonly word: number;
  readonly argument: number;
}

/**
 * A core with what JavaScript keeps for it: tasks and values by number. There is one for the program,
 * and one for each simulation.
 */
export abstract class Runtime {
  abstract readonly core: Objects;
  /** Tasks that have not ended, by their number in the core. */
  readonly tasks: (Task<unknown> | undefined)[] = [];
  /** The task whose generator runs now. */
  current: Task<unknown> | undefined;
  /** The operations of the selection that was begun last. */
  arms: readonly Arm[] = [];
  /** What belongs to the operation that was begun last. */
  argument = 0;
  /** The value of an operation that was done at once. */
  value: unknown;

  readonly #values: unknown[] = [];
  readonly #free: number[] = [];
  #broken: unknown;

  /** Milliseconds on its clock. */
  abstract now(): number;

  /** Whether its clock jumps, and no promise is ever resolved in it. */
  abstract readonly isSimulated: boolean;

  /** Whether the numbers of its objects are others' now. */
  abstract readonly hasEnded: boolean;

  /** Gives a value a place in the table, whose number the core carries. */
  keep(value: unknown): number {
    const place = this.#free.pop() ?? this.#values.length;
    this.#values[place] = value;
    return place;
  }

  /** Takes a value out of its place. */
  take(place: number): unknown {
    const value = this.#values[place];
    this.#values[place] = undefined;
    this.#free.push(place);
    return value;
  }

  /** Whether the core has trapped: nothing of it can be trusted any more. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Throws if the core has trapped. */
  check(): void {
    if (this.isBroken) {
      throw new CreelError("the core has stopped, see the cause", { cause: this.#broken });
    }
  }

  /** The core has trapped: no task will ever go on. */
  lose(error: unknown): void {
    this.#broken = error;
    for (const task of this.tasks) task?.lose(error);
  }

  /** Starts what the core does for a new task; the answer is its number. */
  spawn(task: Task<unknown>, priority: number): number {
    this.check();
    const id = made(this.#guarded(() => this.core.spawn(priority)), "task");
    this.tasks[id] = task;
    return id;
  }

  /** Lets a task that is parked go on. */
  resume(id: number, answer: number): void {
    if (!this.isBroken) this.#guarded(() => this.core.resume(id, answer));
  }

  /** Ends the operation that a task waits for. */
  interrupt(id: number, answer: number): void {
    if (!this.isBroken) this.#guarded(() => this.core.interrupt(id, answer));
  }

  /** Calls the core from outside of a turn, where nobody else would hear of a trap. */
  #guarded<R>(call: () => R): R {
    try {
      return call();
    } catch (error) {
      this.lose(error);
      throw error;
    }
  }

  /** One operation of a selection; the answer is the word for it. */
  arm(index: number): number {
    const { word, argument } = this.arms[index]!;
    this.argument = argument;
    return word;
  }

  /** Runs a task to its next operation; the answer is the word for that. */
  step(id: number, answer: number): number {
    const task = this.tasks[id];
    if (!task) return Code.Done;
    const outer = this.current;
    this.current = task;
    try {
      let operation = task.advance(answer);
      for (let spent = 0; operation; spent++) {
        let next: number;
        try {
          next = operation.begin(this, task);
        } catch (error) {
          operation = task.fail(error);
          continue;
        }
        if (next !== IMMEDIATE) {
          task.pending = operation;
          return next;
        }
        if (spent >= BUDGET) {
          task.pending = new Done(this.value);
          return word(Code.Yield);
        }
        operation = task.proceed(this.value);
      }
      this.tasks[id] = undefined;
      return Code.Done;
    } finally {
      this.current = outer;
    }
  }
}

/**
 * How long ready tasks run before the page has its turn, in milliseconds; 5 unless said otherwise. Less makes
 * frames more even, more takes less time in all. A turn that computes for longer is not cut short: let
 * it wait for `yieldNow()` now and then.
 */
export function frameBudget(milliseconds: number): void {
  if (!(milliseconds > 0)) throw new RangeError(`a budget is more than no time, not ${milliseconds}`);
  slice = milliseconds;
}

/** The number of a new object; an error that says so if the core had no memory for it. @internal */
export function made(id: number, what: string): number {
  if (id === 0) throw new CreelError(`there is no memory left for another ${what}: let some tasks end first`);
  return id;
}

/** The runtime of the program: it has its turns on the event loop. */
class EventLoop extends Runtime {
  override readonly core: Core;
  override readonly isSimulated = false;
  override readonly hasEnded = false;
  #scheduled = false;
  #woken = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;

  constructor() {
    super();
    this.core = instantiate<Core>(text, {
      step: (task, answer) => this.step(task!, answer!),
      arm: (index) => this.arm(index!),
      argument: () => this.argument,
      wake: () => this.#wake(),
      now: () => performance.now(),
    });
  }

  override now(): number {
    return performance.now();
  }

  /** The core has something to do. */
  #wake(): void {
    this.#woken = true;
    if (this.#scheduled) return;
    this.#scheduled = true;
    resolved.then(this.#run);
  }

  readonly #run = (): void => {
    const begin = performance.now();
    let next: number;
    try {
      do {
        this.#woken = false;
        next = this.core.tick(TURNS);
      } while ((next === 0 || this.#woken) && performance.now() - begin < slice);
    } catch (error) {
      return this.lose(error);
    }
    if (next === 0 || this.#woken) return hop(this.#run);
    this.#scheduled = false;
    if (next > 0) this.#alarm(performance.now() + next);
  };

  /** One timer stands for all of the core's. */
  #alarm(at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    const delay = Math.min(Math.ceil(at - performance.now()), 0x7fffffff);
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      if (!this.#scheduled) this.#run();
    }, delay);
  }
}

const resolved = Promise.resolve();

/** An operation that was done before the task gave way. */
class Done extends Operation<unknown> {
  override get what(): string {
    return "yield";
  }

  constructor(readonly value: unknown) {
    super();
  }
  override ask(): number {
    return word(Code.Yield);
  }
  override finish(): unknown {
    return this.value;
  }
}

let ambient: Runtime | undefined;
let simulated: Runtime | undefined;

/** The runtime that code here runs in. @internal */
export function runtime(): Runtime {
  return simulated ?? (ambient ??= new EventLoop());
}

/** Runs `f` while `inside` is the runtime. @internal */
export function within<R>(inside: Runtime, f: () => R): R {
  const outer = simulated;
  simulated = inside;
  try {
    return f();
  } finally {
    simulated = outer;
  }
}

/** Refuses what belongs to another runtime: its number means something else here. @internal */
export function own(made: Runtime, used: Runtime): void {
  if (made !== used) {
    throw new CreelError("this was made outside of the simulation that uses it, or inside of another one");
  }
}

const registry = new FinalizationRegistry<() => void>((forget) => forget());

/**
 * Makes an object of the core, which the core forgets when JavaScript has lost the one that stands for
 * it; `before` sees to what it holds. The answer is its number. @internal
 */
export function object(stand: object, inside: Runtime, what: string, id: number, before?: () => void): number {
  made(id, what);
  registry.register(stand, () => {
    if (inside.hasEnded) return;
    before?.();
    inside.core.forget(id);
  });
  return id;
}
