import { type Core, instantiate, type Tasks } from "./core.js";
import { CreelError } from "./errors.js";
import { NEXT_TURN, type Operation, Yield } from "./operation.js";
import { text } from "./wasm.js";
import { Phase, type Task } from "./task.js";

/** How long ready tasks run before the event loop gets a turn, in milliseconds. */
let slice = 5;
/** Turns a crossing into the core: at first, for they may be long ones, and at most. */
const [FEW, MANY] = [8, 128];
/** How many at most while new tasks have their first turn. */
const BESIDE_FIRST = 16;
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

/** What `step` answers for a task that has ended. */
const ENDED = -2;
/** What the core is told of a task that has not begun. */
const START = -3;
/** How many new tasks may have their first turn for each of those turns: they are cheaper. */
const FIRST_TURNS = 2;
/** The priority of tasks that nobody gave one: between two others. */
const NORMAL = 1;

/** A core, and the tasks that it schedules. There is one for the program, and one for each simulation. */
export abstract class Runtime {
  abstract readonly core: Tasks;
  /** Tasks that have not ended, by their number in the core. Number 0 is none's. */
  readonly tasks: (Task<unknown> | undefined)[] = [undefined];
  /** The task whose generator runs now. */
  current: Task<unknown> | undefined;
  /** The value of an operation that was done at once. */
  value: unknown;

  readonly #free: number[] = [];
  /** New tasks before their first turn, after which the core knows those that have to wait. */
  readonly #fresh: Task<unknown>[] = [];
  /** Which of them is the next one, and how many there are: some had their turn out of turn. */
  #next = 0;
  #count = 0;
  /** The number of the core's task that gives them their turns, and whether it is about to. */
  #starter = 0;
  #isStarting = false;
  /** How many operations the task whose turn it is may still complete without waiting. */
  #budget = 0;
  /** How many new tasks may have their first turn before the core answers. */
  #allowance = 0;
  #broken: unknown;

  /** Milliseconds on its clock. */
  abstract now(): number;

  /** Whether its clock jumps, and no promise is ever resolved in it. */
  abstract readonly isSimulated: boolean;

  /** Whether the numbers of its objects are others' now. */
  abstract readonly hasEnded: boolean;

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

  /** Starts a task; the answer is its number. */
  spawn(task: Task<unknown>, priority = NORMAL): number {
    this.check();
    const known = this.#free.pop();
    // A number that was used before: the core has memory for it.
    if (known === undefined || priority !== NORMAL || this.isSimulated) return this.#introduce(task, known, priority);
    this.tasks[known] = task;
    this.#fresh.push(task);
    this.#count += 1;
    task.phase = Phase.Fresh;
    if (!this.current) this.#startLater();
    return known;
  }

  /** Starts a task that the core knows from the start. */
  #introduce(task: Task<unknown>, known: number | undefined, priority: number): number {
    if (this.#starter === 0 && !this.isSimulated) {
      this.#starter = this.tasks.push(undefined) - 1;
      this.#adopt(this.#starter, START);
    }
    const id = known ?? this.tasks.length;
    this.#adopt(id, START, priority);
    this.tasks[id] = task;
    return id;
  }

  /** Makes the core know a task. */
  #adopt(id: number, wait: number, priority = NORMAL): void {
    let isAdopted: number;
    try {
      isAdopted = this.core.spawn(id, priority, wait);
    } catch (error) {
      this.lose(error);
      throw error;
    }
    if (!isAdopted) throw new CreelError("there is no memory left for another task: let some tasks end first");
  }

  #startLater(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    this.#wake(this.#starter);
  }

  /** Gives new tasks their first turn, those that are left when the core has answered; the answer is the starter's. */
  #start(): number {
    while (this.#count > 0) {
      // Others are served as if these were tasks of the core.
      if (this.#allowance <= 0) return NEXT_TURN;
      this.begin(this.#fresh[this.#next++]!);
    }
    this.#fresh.length = this.#next = 0;
    this.#isStarting = false;
    return Infinity;
  }

  /** So many turns of the core, and first turns; the answer is the core's. */
  protected turns(core: Core, turns: number): number {
    this.#allowance = FIRST_TURNS * turns;
    // Who starts the new ones keeps asking for its turn until the core answers.
    return core.tick(this.#count > 0 ? Math.min(turns, BESIDE_FIRST) : turns);
  }

  /** Gives a new task its first turn, unless it had that. Who waits for one need not wait for its turn. */
  begin(task: Task<unknown>): void {
    if (task.phase !== Phase.Fresh || this.#allowance <= 0) return;
    task.phase = Phase.Ready;
    this.#allowance -= 1;
    this.#count -= 1;
    if (this.#fresh.at(-1) === task && this.#next < this.#fresh.length) this.#fresh.pop();
    // One inside of another, as far as the allowance goes: a new one may wait for the next new one.
    const wait = this.#turn(task);
    if (wait === Infinity) task.phase = Phase.Apart;
    else if (wait !== ENDED) this.#adopt(task.id, wait === NEXT_TURN ? START : wait);
  }

  /** Lets a task that is parked go on. */
  wake(task: Task<unknown>): void {
    if (this.isBroken || this.hasEnded) return;
    if (task.phase !== Phase.Apart) return this.#wake(task.id);
    task.phase = Phase.Parked;
    this.#adopt(task.id, START);
  }

  #wake(id: number): void {
    try {
      this.core.wake(id);
    } catch (error) {
      // Outside of a turn nobody else would hear of a trap.
      this.lose(error);
      throw error;
    }
  }

  /** Runs a task until it has to wait; the answer is for how many milliseconds at most, or why not at all. */
  step(id: number): number {
    if (id === this.#starter) return this.#start();
    const task = this.tasks[id];
    if (!task) return ENDED;
    const wait = this.#turn(task);
    if (this.#count > 0) this.#startLater();
    return wait;
  }

  /** Completes an operation of the task whose turn it is, if that can be done at once; else the task has to yield it. */
  completes(operation: Operation<unknown>): boolean {
    if (!this.current?.mayGoOn || this.#budget <= 0) return false;
    this.#budget -= 1;
    return operation.attempt(this);
  }

  /** A task has ended: its number can be another's. */
  dismiss(task: Task<unknown>): void {
    this.tasks[task.id] = undefined;
    this.#free.push(task.id);
  }

  #turn(task: Task<unknown>): number {
    const [outer, budget] = [this.current, this.#budget];
    this.current = task;
    this.#budget = BUDGET;
    try {
      let operation = task.advance();
      while (operation) {
        try {
          if (!operation.attempt(this)) return task.park(operation);
        } catch (error) {
          operation = task.fail(error);
          continue;
        }
        if (this.#budget-- <= 0) return task.park(new Yield(this.value));
        operation = task.proceed(this.value);
      }
      this.dismiss(task);
      return ENDED;
    } finally {
      this.current = outer;
      this.#budget = budget;
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
      step: (task) => this.step(task!),
      ready: () => this.#wake(),
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
    let next: number;
    // Mostly there is little to do, and the clock need not be asked.
    let [turns, begin, before] = [FEW, 0, 0];
    for (;;) {
      this.#woken = false;
      try {
        next = this.turns(this.core, turns);
      } catch (error) {
        return this.lose(error);
      }
      if (next !== 0 && !this.#woken) break;
      const now = performance.now();
      begin ||= now;
      if (now - begin >= slice) return hop(this.#run);
      if (now - before < slice / 8) turns = Math.min(2 * turns, MANY);
      before = now;
    }
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
