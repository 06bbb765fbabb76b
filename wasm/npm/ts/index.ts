/**
 * Structured concurrency for JavaScript: tasks that can be cancelled, scopes that leave nothing
 * behind, channels, locks, actors, supervision, and a simulator to test all that.
 *
 * @packageDocumentation
 */
export { Actor, type ActorOptions, type Behaviour } from "./actor.js";
export { Channel } from "./channel.js";
export {
  CancelledError,
  ClosedError,
  CreelError,
  DeadlockError,
  RestartError,
  TimeoutError,
  WorkerError,
} from "./errors.js";
export { expose, type Functions, transfer } from "./expose.js";
export { inspect, type TaskTree } from "./inspect.js";
export type { WorkerLike } from "./line.js";
export type { Args, Methods, Result } from "./methods.js";
export { action, Operation, type Program } from "./operation.js";
export { type Backoff, delay, rateLimit, retry, type RetryOptions } from "./policy.js";
export { Pool, pool, type PoolOptions } from "./pool.js";
export { race, select, type Selected, timeout } from "./race.js";
export { frameBudget } from "./runtime.js";
export { abortable, all, allSettled, Scope, scope, type ScopeOptions } from "./scope.js";
export type { UntilAborted } from "./signal.js";
export { simulate, type Simulation } from "./simulate.js";
export {
  type Child,
  type Restart,
  type Strategy,
  supervise,
  type SupervisorEvent,
  type SupervisorOptions,
} from "./supervisor.js";
export {
  Barrier,
  Broadcast,
  Event,
  Mutex,
  Permit,
  type Received,
  Receiver,
  RwLock,
  Semaphore,
  Watch,
  Watcher,
} from "./sync.js";
export {
  type Body,
  current,
  type Outcome,
  type Priority,
  run,
  spawn,
  type SpawnOptions,
  Task,
  type TaskContext,
  type TaskState,
  wait,
  type Waitable,
} from "./task.js";
export { now, sleep, sleepUntil, yieldNow } from "./time.js";
