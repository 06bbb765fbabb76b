import { instantiate, type SimulationCore } from "./core.js";
import { DeadlockError } from "./errors.js";
import { Runtime, within } from "./runtime.js";
import { text } from "./simulation.js";
import { type Body, Task } from "./task.js";

/** What a simulation came to. */
export interface Simulation<T> {
  /** What the program returned. */
  readonly value: T;
  /** Milliseconds that have passed on the simulated clock. */
  readonly elapsed: number;
  /** A hash of all that happened: the same seed gives the same one. */
  readonly trace: number;
}

/**
 * Runs a program to its end at once, on a clock that jumps, in an order that follows from `seed`: the
 * same seed, the same run. For tests: an hour of sleeping takes no time, and a seed that fails can be
 * run again. The program must be made of generators: JavaScript goes on with promises and `async` functions only
 * when the code that runs has returned, which `simulate` does when all is over. So a promise never resolves in
 * here, and an `async` function goes no further than its first `await`.
 *
 * @throws {DeadlockError} if every task waits and no timer is left; it names a task that waits for a promise.
 */
export function simulate<T>(seed: number, body: Body<T>): Simulation<T> {
  const instance = spare ?? new Instance();
  spare = undefined;
  const inside = new Simulated(instance, seed);
  return within(inside, () => {
    const task = new Task(body, { name: "simulation" });
    // Whatever its outcome, it is told below. Number 0 is who waits for that.
    task.owner = { ended: () => inside.core.wake(0) };
    try {
      const trace = inside.core.run_simulation();
      const elapsed = inside.now();
      inside.core.end_simulation();
      // One that has trapped is not used again.
      spare = instance;
      return { value: task.outcome(), elapsed, trace };
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError && !task.isDone) {
        const hopeless = inside.tasks.find((task) => task?.pending?.what === "promise");
        throw new DeadlockError(seed, { cause: error }, hopeless && `; ${hopeless.name || "a task"} ${HOPELESS}`);
      }
      throw error;
    } finally {
      inside.hasEnded = true;
    }
  });
}

const HOPELESS = "waits for a promise or an `async` function, and none goes on before `simulate` has returned: write generators";

/** A core, which one simulation after another has. */
class Instance {
  owner: Simulated | undefined;
  readonly core = instantiate<SimulationCore>(text, {
    step: (task) => this.owner!.step(task!),
  });
}

/** An instance for the next simulation. */
let spare: Instance | undefined;

/** The runtime of one simulation. */
class Simulated extends Runtime {
  override readonly core: SimulationCore;
  override readonly isSimulated = true;
  override hasEnded = false;

  constructor(instance: Instance, seed: number) {
    super();
    instance.owner = this;
    this.core = instance.core;
    this.core.simulate(seed);
  }

  override now(): number {
    return this.core.time();
  }
}
