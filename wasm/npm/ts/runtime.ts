import { CreelError } from "./errors.js";
import { Code, IMMEDIATE, Operation, word } from "./operation.js";
import { bytes } from "./wasm.js";
import type { Task } from "./task.js";

/** What the core exports: numbers in, numbers out. */
export interface Core {
  spawn(priority: number): number;
  interrupt(task: number, answer: number): void;
  resume(task: number, answer: number): void;
  selected(): number;
  tick(turns: number): number;
  simulate(seed: number): void;
  end_simulation(): void;
  simulate_until(task: number): number;
  time(): number;
  queue(capacity: number): number;
  try_send(queue: number, place: number): number;
  try_receive(queue: number): number;
  queue_length(queue: number): number;
  close_queue(queue: number): void;
  drop_queue(queue: number): void;
  semaphore(permits: number): number;
  try_acquire(semaphore: number, permits: number): number;
  release(semaphore: number, permits: number): void;
  permits(semaphore: number): number;
  drop_semaphore(semaphore: number): void;
  signal(): number;
  signal_all(signal: number): void;
  signal_one(signal: number): void;
  drop_signal(signal: number): void;
  barrier(tasks: number): number;
  drop_barrier(barrier: number): void;
}

/** How long ready tasks run before the event loop gets a turn, in milliseconds. */
const SLICE = 5;
/** Turns a crossing into the core. */
const TURNS = 128;
/** Operations a task may complete without waiting before it must let others run. */
const BUDGET = 128;

let compiled: WebAssembly.Module | undefined;

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

/** An instance of the core. */
export interface Instance {
  readonly core: Core;
  /** Who has it: what the core calls. */
  owner: Runtime | undefined;
}

/** Makes an instance: dear in a browser, where each reserves room for the largest memory. */
export function instantiate(): Instance {
  compiled ??= new WebAssembly.Module(bytes());
  const js = {
    step: (task: number, answer: number) => instance.owner!.step(task, answer),
    arm: (index: number) => instance.owner!.selecting!.ask(index),
    argument: () => instance.owner!.argument,
    wake: () => instance.owner!.wake(),
    now: () => performance.now(),
  };
  const { exports } = new WebAssembly.Instance(compiled, { js });
  const instance: Instance = { core: exports as unknown as Core, owner: undefined };
  return instance;
}

/**
 * One core with what JavaScript keeps for it: tasks and values by number. There is one for the
 * program, and one for each simulation.
 */
export class Runtime {
  readonly core: Core;
  /** Tasks that have not ended, by their number in the core. */
  readonly tasks: (Task<unknown> | undefined)[] = [];
  /** The task whose generator runs now. */
  current: Task<unknown> | undefined;
  /** The selection whose operations the core asks for. */
  selecting: { ask(index: number): number } | undefined;
  /** What belongs to the operation that was begun last. */
  argument = 0;
  /** The value of an operation that was done at once. */
  value: unknown;

  readonly #values: unknown[] = [];
  readonly #free: number[] = [];
  readonly #isSimulated: boolean;
  /** The simulation is over: the numbers of its objects are others' now. */
  hasEnded = false;
  #scheduled = false;
  #woken = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #broken: unknown;

  constructor(instance: Instance, seed?: number) {
    instance.owner = this;
    this.core = instance.core;
    this.#isSimulated = seed !== undefined;
    if (seed !== undefined) this.core.simulate(seed);
  }

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

  /** Throws if the core has trapped: nothing of it can be trusted any more. */
  check(): void {
    if (this.#broken !== undefined) {
      throw new CreelError("the core has stopped, see the cause", { cause: this.#broken });
    }
  }

  /** Starts what the core does for a new task; the answer is its number. */
  spawn(task: Task<unknown>, priority: number): number {
    this.check();
    const id = this.core.spawn(priority);
    this.tasks[id] = task;
    return id;
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

  /** The core has something to do. */
  wake(): void {
    this.#woken = true;
    if (this.#scheduled || this.#isSimulated) return;
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
      } while ((next === 0 || this.#woken) && performance.now() - begin < SLICE);
    } catch (error) {
      this.#broken = error;
      for (const task of this.tasks) task?.lose(error);
      return;
    }
    if (next === 0 || this.#woken) return hop(this.#run);
    this.#scheduled = false;
    if (next > 0) this.#alarm(begin + next);
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
  return simulated ?? (ambient ??= new Runtime(instantiate()));
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

/** Forgets an object of the core when JavaScript has lost the one that stands for it. @internal */
export function whenLost(object: object, inside: Runtime, forget: () => void): void {
  registry.register(object, () => {
    if (!inside.hasEnded) forget();
  });
}
