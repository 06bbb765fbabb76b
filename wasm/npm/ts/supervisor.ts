import { CancelledError, RestartError } from "./errors.js";
import { Signal } from "./notice.js";
import { Action, type Operation, type Program } from "./operation.js";
import { type Backoff, delay } from "./policy.js";
import { type Body, type SpawnOptions, Task } from "./task.js";
import { now, sleep } from "./time.js";

/** Which siblings start anew with a child that failed. */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one";

/** When a child starts anew: always, after a failure, never. */
export type Restart = "permanent" | "transient" | "temporary";

/** A child of a supervisor. */
export interface Child {
  readonly name: string;
  /** Runs it; called again for each restart. */
  readonly run: Body<unknown>;
  /** `"permanent"` unless said otherwise. */
  readonly restart?: Restart;
  readonly options?: SpawnOptions;
}

/** What a supervisor tells of. */
export interface SupervisorEvent {
  readonly kind: "started" | "ended" | "failed" | "gave-up";
  readonly child: string;
  readonly error?: unknown;
}

/** How a supervisor works. */
export interface SupervisorOptions {
  /** `"one-for-one"` unless said otherwise. */
  readonly strategy?: Strategy;
  /** How many restarts within `milliseconds` are too many; 3 unless said otherwise. */
  readonly maxRestarts?: number;
  /** 5,000 unless said otherwise. */
  readonly milliseconds?: number;
  /** The delay before a restart; none unless said otherwise. */
  readonly backoff?: Backoff;
  /** Told of every start, end and failure. */
  readonly onEvent?: (event: SupervisorEvent) => void;
}

interface Running {
  readonly child: Child;
  task: Task<unknown> | undefined;
}

/**
 * Runs children and starts them anew when they fail, as Erlang's supervisors do. If that happens too
 * often, it ends all and fails with {@link RestartError}. Cancelled, it cancels its children in the
 * reverse order, and waits for each.
 *
 * @example
 * yield* supervise([{ name: "feed", run: readFeed }], { backoff: { initial: 100 } });
 */
export function supervise(children: readonly Child[], options: SupervisorOptions = {}): Operation<void> {
  return new Action("supervise", () => supervision(children, options));
}

function* supervision(children: readonly Child[], options: SupervisorOptions): Program<void> {
  const { strategy = "one-for-one", maxRestarts = 3, milliseconds = 5_000, backoff, onEvent } = options;
  const changed = new Signal();
  const all: Running[] = children.map((child) => ({ child, task: undefined }));
  const restarts: number[] = [];

  const start = (running: Running) => {
    const { child } = running;
    running.task = new Task(child.run, { name: child.name, ...child.options });
    running.task.owner = { ended: () => changed.all() };
    onEvent?.({ kind: "started", child: child.name });
  };
  function* stop(group: readonly Running[]): Program<void> {
    for (const running of [...group].reverse()) {
      const { task } = running;
      running.task = undefined;
      if (task) yield* task.cancel();
    }
  }

  try {
    all.forEach(start);
    for (;;) {
      const index = all.findIndex(({ task }) => task?.isDone);
      if (index < 0) {
        if (all.every(({ task }) => !task)) return;
        yield* changed.wait();
        continue;
      }
      const running = all[index]!;
      const { child } = running;
      const settled = running.task!.settled!;
      running.task = undefined;
      const failed = settled.status === "rejected" && !(settled.reason instanceof CancelledError);
      onEvent?.({ kind: failed ? "failed" : "ended", child: child.name, ...(failed && { error: settled.reason }) });
      const restart = child.restart ?? "permanent";
      if (restart === "temporary" || (restart === "transient" && !failed)) continue;

      const time = now();
      restarts.push(time);
      while (restarts[0]! < time - milliseconds) restarts.shift();
      if (restarts.length > maxRestarts) {
        onEvent?.({ kind: "gave-up", child: child.name });
        throw new RestartError(
          `${child.name} was to be started anew more than ${maxRestarts} times in ${milliseconds} ms`,
          failed ? { cause: settled.reason } : undefined,
        );
      }
      const group = strategy === "one-for-one" ? [running] : strategy === "one-for-all" ? all : all.slice(index);
      const again = group.filter((member) => member === running || member.task);
      yield* stop(group);
      if (backoff) yield* sleep(delay(restarts.length, backoff));
      again.forEach(start);
    }
  } finally {
    yield* stop(all);
  }
}
