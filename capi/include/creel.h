/* creel for C: a runtime inside a loop of one's own. Made of src/lib.rs by cbindgen.
 *
 * A runtime never waits. The program's loop ticks it, and waits in between until the descriptor is
 * readable or the hook is called, for creel_runtime_next_deadline_ns() at the longest.
 *
 * Threads: a runtime may be used by one thread at a time. Wakers may be used by any thread at any
 * time, also while the runtime ticks. Callbacks of tasks are called by the thread that ticks or
 * frees the runtime. Nothing may be NULL unless it says so.
 */

#ifndef CREEL_H
#define CREEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * After a tick: another at once, for tasks are ready.
 */
#define CREEL_NOW 0

/**
 * After a tick: another after `delay_ns` at the latest, or when the runtime is woken.
 */
#define CREEL_AT 1

/**
 * After a tick: nothing until the runtime is woken.
 */
#define CREEL_IDLE 2

/**
 * Nothing was done: a tick is under way further up the stack.
 */
#define CREEL_BUSY 3

/**
 * A task answers: call again when it is woken.
 */
#define CREEL_PENDING 0

/**
 * A task answers: it is done.
 */
#define CREEL_READY 1

/**
 * What a task sees while it is called.
 */
typedef struct creel_context creel_context;

/**
 * A runtime.
 */
typedef struct creel_runtime creel_runtime;

/**
 * The handle of a task.
 */
typedef struct creel_task creel_task;

/**
 * What wakes a task.
 */
typedef struct creel_waker creel_waker;

/**
 * What a runtime needs after a tick.
 */
typedef struct {
    int kind;
    uint64_t delay_ns;
} creel_next;

/**
 * A task: called when it is woken, and once to begin with. The context is valid during the call.
 */
typedef int (*creel_poll_fn)(void *data, creel_context *context);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a runtime; NULL if the system has no descriptors to give.
 */
creel_runtime *creel_runtime_new(void);

/**
 * Cancels all tasks, releases their data and ends the runtime. NULL is allowed.
 */
void creel_runtime_free(creel_runtime *runtime);

/**
 * A descriptor that is readable when a tick has something to do, for poll, epoll or kqueue; it
 * belongs to the runtime. -1 on systems that have none: use the hook there.
 */
int creel_runtime_fd(const creel_runtime *runtime);

/**
 * Has `hook(data)` called when there is work, at most once until the next tick, from any thread. It
 * must not block and must not tick.
 */
void creel_runtime_set_wake_hook(const creel_runtime *runtime, void (*hook)(void *data), void *data);

/**
 * Fires the timers that are due, gives up to `turns` ready tasks a call each, and says what is
 * needed next. Never waits.
 */
creel_next creel_runtime_tick(const creel_runtime *runtime, size_t turns);

/**
 * Nanoseconds until the next timer is due, zero if it is; -1 if none is armed.
 */
int64_t creel_runtime_next_deadline_ns(const creel_runtime *runtime);

/**
 * Starts a task. `release(data)` is called exactly once, when the task is done, cancelled, or ended
 * with its runtime; it may be NULL. The handle is given back by creel_task_free().
 */
creel_task *creel_spawn(const creel_runtime *runtime,
                        creel_poll_fn poll,
                        void (*release)(void *data),
                        void *data);

/**
 * In a task's call: have it called again after `delay_ns` at the latest. The last request counts.
 */
void creel_wake_after_ns(creel_context *context, uint64_t delay_ns);

/**
 * In a task's call: what wakes this task. It may outlive task and runtime.
 */
creel_waker *creel_waker_new(const creel_context *context);

/**
 * Has the task called again; nothing if it is done. From any thread, never blocks.
 */
void creel_waker_wake(const creel_waker *waker);

/**
 * Gives a waker back. NULL is allowed.
 */
void creel_waker_free(creel_waker *waker);

/**
 * Cancels a task: it is not called any more, and its data is released at the next tick at the latest.
 */
void creel_task_cancel(const creel_task *task);

/**
 * Whether a task is done or cancelled.
 */
bool creel_task_is_finished(const creel_task *task);

/**
 * Gives the handle back; the task goes on. NULL is allowed.
 */
void creel_task_free(creel_task *task);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CREEL_H */
