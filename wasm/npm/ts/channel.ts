import { ClosedError } from "./errors.js";
import { Operation } from "./operation.js";
import { own, type Runtime, runtime } from "./runtime.js";
import { until, type UntilAborted } from "./signal.js";
import { type Waiter, Waiters } from "./waiting.js";

/** Sends into a channel; waits while it is full. */
class Send<T> extends Operation<void> {
  override get what(): string {
    return "send";
  }

  constructor(readonly channel: Channel<T>, readonly value: T) {
    super();
  }

  override attempt(inside: Runtime): boolean {
    own(this.channel.inside, inside);
    if (this.channel.isClosed) throw new ClosedError("the channel is closed: nothing can be sent any more");
    inside.value = undefined;
    return this.channel.trySend(this.value);
  }

  override enlist(_inside: Runtime, waiter: Waiter): number {
    waiter.value = this.value;
    this.channel.senders.push(waiter);
    return Infinity;
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

  override attempt(inside: Runtime): boolean {
    own(this.channel.inside, inside);
    inside.value = this.channel.tryReceive();
    return inside.value !== undefined || this.channel.isClosed;
  }

  override enlist(_inside: Runtime, waiter: Waiter): number {
    this.channel.receivers.push(waiter);
    return Infinity;
  }

  override finish({ value }: Waiter): T | undefined {
    return value as T | undefined;
  }
}

/**
 * A queue between tasks: any number of senders and receivers, each value to one of them, in order.
 * A sender waits while `capacity` values are in it. Values must not be `undefined`, which says that
 * the channel has ended.
 */
export class Channel<T> implements AsyncIterable<T> {
  /** @internal */
  readonly inside: Runtime = runtime();
  /** Who waits for room, each with what it sends: there are none unless the channel is full. @internal */
  readonly senders = new Waiters();
  /** Who waits for a value: there are none unless the channel is empty. @internal */
  readonly receivers = new Waiters();
  /** @internal */
  isClosed = false;
  /** A ring that grows until it has room for `capacity` values. */
  #values: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  constructor(readonly capacity = 1) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(`a channel holds at least one value, not ${capacity}`);
    }
  }

  /** How many values are in it. */
  get length(): number {
    return this.#length;
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
    if (value === undefined) throw new TypeError("`undefined` cannot be sent: to receivers it says that the channel has ended");
    if (this.isClosed) return false;
    for (let receiver; (receiver = this.receivers.first); ) {
      receiver.leave();
      if (receiver.settle(value)) return true;
    }
    if (this.#length === this.capacity) return false;
    this.#push(value);
    return true;
  }

  /** Takes a value at once; `undefined` if there is none. */
  tryReceive(): T | undefined {
    if (this.#length === 0) return undefined;
    const value = this.#values[this.#head];
    this.#values[this.#head] = undefined;
    this.#head = this.#head + 1 === this.#values.length ? 0 : this.#head + 1;
    this.#length -= 1;
    // There is room for what the first of those who wait brings along.
    for (let sender; (sender = this.senders.first); ) {
      const next = sender.value as T;
      sender.leave();
      if (!sender.settle(undefined)) continue;
      this.#push(next);
      break;
    }
    return value;
  }

  /** Nothing can be sent any more; what is inside, or waits for room, can still be received. */
  close(): void {
    this.isClosed = true;
    this.receivers.settleAll();
  }

  #push(value: T): void {
    if (this.#length === this.#values.length) {
      this.#values = [...this.#values.slice(this.#head), ...this.#values.slice(0, this.#head)];
      this.#values.length = Math.min(this.capacity, 2 * this.#length + 4);
      this.#head = 0;
    }
    const place = this.#head + this.#length;
    this.#values[place < this.#values.length ? place : place - this.#values.length] = value;
    this.#length += 1;
  }

  /** What is received, for `for await`, which a signal ends with its reason. */
  async *values(options?: UntilAborted): AsyncGenerator<T, void, undefined> {
    for (let value; (value = await this.receive(options)) !== undefined; ) yield value;
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.values();
  }
}
