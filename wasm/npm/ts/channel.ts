import { ClosedError } from "./errors.js";
import { Answer, Code, IMMEDIATE, Operation, word } from "./operation.js";
import { object, own, type Runtime, runtime } from "./runtime.js";
import { until, type UntilAborted } from "./signal.js";
import type { Task } from "./task.js";

/** Sends into a channel; waits while it is full. */
class Send<T> extends Operation<void> {
  override get what(): string {
    return "send";
  }

  #place = -1;

  constructor(readonly channel: Channel<T>, readonly value: T) {
    super();
  }

  override ask(inside: Runtime): number {
    own(this.channel.inside, inside);
    if (this.#place < 0) this.#place = inside.keep(this.value);
    inside.argument = this.#place;
    return word(Code.Send, this.channel.id);
  }

  override begin(inside: Runtime): number {
    own(this.channel.inside, inside);
    this.#place = inside.keep(this.value);
    const answer = inside.core.try_send(this.channel.id, this.#place);
    if (answer === Answer.WouldWait) return this.ask(inside);
    if (answer === Answer.Closed) return this.#fail(inside);
    this.#place = -1;
    inside.value = undefined;
    return IMMEDIATE;
  }

  override finish(inside: Runtime, _task: Task<unknown>, answer: number): void {
    if (answer === Answer.Closed) this.#fail(inside);
    this.#place = -1;
  }

  override abandon(inside: Runtime): void {
    if (this.#place >= 0) inside.take(this.#place);
    this.#place = -1;
  }

  #fail(inside: Runtime): never {
    this.abandon(inside);
    throw new ClosedError("the channel is closed: nothing can be sent any more");
  }
}

/** Takes out of a channel. */
class Receive<T> extends Operation<T | undefined> {
  override get what(): string {
    return "receive";
  }

  constructor(readonly channel: Channel<T>) {
    super();
  }

  override ask(inside: Runtime): number {
    own(this.channel.inside, inside);
    return word(Code.Receive, this.channel.id);
  }

  override begin(inside: Runtime): number {
    own(this.channel.inside, inside);
    const place = inside.core.try_receive(this.channel.id);
    if (place === Answer.WouldWait) return this.ask(inside);
    inside.value = place === Answer.Closed ? undefined : inside.take(place);
    return IMMEDIATE;
  }

  override finish(inside: Runtime, _task: Task<unknown>, place: number): T | undefined {
    return place === Answer.Closed ? undefined : (inside.take(place) as T);
  }
}

/**
 * A queue between tasks: any number of senders and receivers, each value to one of them, in order.
 * A sender waits while `capacity` values are in it. Values must not be `undefined`, which says that
 * the channel has ended.
 */
export class Channel<T> implements AsyncIterable<T> {
  /** @internal */
  readonly id: number;
  /** @internal */
  readonly inside: Runtime;

  constructor(readonly capacity = 1) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`a channel holds at least one value, not ${capacity}`);
    }
    const inside = (this.inside = runtime());
    const id = (this.id = object(this, inside, "channel", inside.core.queue(capacity), () => {
      for (let place; (place = inside.core.try_receive(id)) >= 0; ) inside.take(place);
    }));
  }

  /** How many values are in it. */
  get length(): number {
    return this.inside.core.queue_length(this.id);
  }

  /** Puts a value in, when there is room. Fails with {@link ClosedError} if the channel is closed. */
  send(value: T, options?: UntilAborted): Operation<void> {
    return until(new Send(this, value), options);
  }

  /** Takes the next value, when there is one; `undefined` after the last one of a closed channel. */
  receive(options?: UntilAborted): Operation<T | undefined> {
    return until(new Receive(this), options);
  }

  /** Puts a value in at once; `false` if it is full or closed. */
  trySend(value: T): boolean {
    const place = this.inside.keep(value);
    if (this.inside.core.try_send(this.id, place) === Answer.Ok) return true;
    this.inside.take(place);
    return false;
  }

  /** Takes a value at once; `undefined` if there is none. */
  tryReceive(): T | undefined {
    const place = this.inside.core.try_receive(this.id);
    return place < 0 ? undefined : (this.inside.take(place) as T);
  }

  /** Nothing can be sent any more; what is inside can still be received. */
  close(): void {
    this.inside.core.close_queue(this.id);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let value; (value = await this.receive()) !== undefined; ) yield value;
  }
}
