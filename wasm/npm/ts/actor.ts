import { Channel } from "./channel.js";
import { CancelledError, ClosedError } from "./errors.js";
import type { Args, Methods, Result } from "./methods.js";
import { Action, type Operation, type Program } from "./operation.js";
import { timeout } from "./race.js";
import { resultOf } from "./scope.js";
import { Event } from "./sync.js";
import { type SpawnOptions, Task } from "./task.js";

/** The behaviour of an actor: methods that messages call, one at a time. */
export type Behaviour = object;

/** How to start an actor. */
export interface ActorOptions extends SpawnOptions {
  /** How many messages may wait before senders do; 64 unless said otherwise. */
  readonly mailbox?: number;
}

interface Message {
  readonly method: PropertyKey;
  readonly args: readonly unknown[];
  answer?: { readonly value: unknown } | { readonly error: unknown };
  readonly answered?: Event;
}

/**
 * An object whose methods are called by messages, one after another, each finished before the next
 * begins. Its state needs no lock. A method that throws fails its caller and ends the actor; put it
 * under {@link supervise} to have it started anew.
 *
 * @example
 * const counter = new Actor({ n: 0, add(by: number) { return (this.n += by); } });
 * yield* counter.call("add", 2); // 2
 */
export class Actor<B extends Behaviour> {
  /** The task that runs it. */
  readonly task: Task<void>;
  readonly #mailbox: Channel<Message>;

  constructor(behaviour: B, options: ActorOptions = {}) {
    const mailbox = (this.#mailbox = new Channel<Message>(options.mailbox ?? 64));
    this.task = new Task<void>(serve(behaviour, mailbox, () => this.task.observe()), { name: "actor", ...options });
  }

  /** Sends a message and waits for the answer; fails with {@link ClosedError} if the actor ends first. */
  call<K extends keyof Methods<B>>(method: K, ...args: Args<B[K]>): Operation<Result<B[K]>> {
    const mailbox = this.#mailbox;
    return new Action(`call of ${String(method)}`, function* () {
      const answered = new Event();
      const message: Message = { method, args, answered };
      yield* mailbox.send(message);
      yield* answered.wait();
      const answer = message.answer!;
      if ("error" in answer) throw answer.error;
      return answer.value as Result<B[K]>;
    });
  }

  /** {@link call} that fails with a `TimeoutError` when the answer takes longer. */
  callWithin<K extends keyof Methods<B>>(
    milliseconds: number,
    method: K,
    ...args: Args<B[K]>
  ): Operation<Result<B[K]>> {
    return timeout(milliseconds, this.call(method, ...args));
  }

  /** Sends a message, when there is room, and does not wait for an answer. */
  cast<K extends keyof Methods<B>>(method: K, ...args: Args<B[K]>): Operation<void> {
    return this.#mailbox.send({ method, args });
  }

  /** Ends it after the messages that it has; the answer waits for that. */
  stop(): Operation<void> {
    this.#mailbox.close();
    return this.task;
  }
}

function* serve(behaviour: Behaviour, mailbox: Channel<Message>, observe: () => void): Program<void> {
  let message: Message | undefined;
  try {
    while ((message = yield* mailbox.receive())) {
      const method = (behaviour as Record<PropertyKey, (...args: readonly unknown[]) => unknown>)[message.method]!;
      try {
        message.answer = { value: yield* resultOf(method.apply(behaviour, message.args as unknown[])) };
        message.answered?.set();
      } catch (error) {
        // The actor itself is to end: its callers are told so below.
        if (error instanceof CancelledError) throw error;
        message.answer = { error };
        if (message.answered) {
          message.answered.set();
          observe();
        }
        throw error;
      }
    }
  } finally {
    mailbox.close();
    const gone = { error: new ClosedError("the actor ended before it answered") };
    for (let left = message; left; left = mailbox.tryReceive()) {
      left.answer ??= gone;
      left.answered?.set();
    }
  }
}

