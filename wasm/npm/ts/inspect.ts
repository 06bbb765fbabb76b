import { runtime } from "./runtime.js";
import type { Task, TaskState } from "./task.js";

/** A task and the tasks that it started. */
export interface TaskTree {
  readonly id: number;
  readonly name: string;
  readonly state: TaskState;
  /** What it waits for, if it waits. */
  readonly waitsFor: string | undefined;
  readonly children: readonly TaskTree[];
}

/** The tasks that have not ended, as a tree. */
export function inspect(): readonly TaskTree[] {
  const live = runtime().tasks.filter((task) => task !== undefined);
  const children = new Map<Task<unknown> | undefined, Task<unknown>[]>();
  for (const task of live) {
    const { parent } = task;
    const siblings = children.get(parent);
    if (siblings) siblings.push(task);
    else children.set(parent, [task]);
  }
  const tree = (task: Task<unknown>): TaskTree => ({
    id: task.id,
    name: task.name,
    state: task.state,
    waitsFor: task.pending?.what,
    children: (children.get(task) ?? []).map(tree),
  });
  return (children.get(undefined) ?? []).map(tree);
}
