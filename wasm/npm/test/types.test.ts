import { describe, test } from "node:test";
import {
  abortable,
  action,
  Actor,
  all,
  allSettled,
  Barrier,
  Broadcast,
  Channel,
  type Child,
  Mutex,
  type Operation,
  type Permit,
  type Pool,
  type Program,
  race,
  type Received,
  retry,
  run,
  scope,
  select,
  type Selected,
  Semaphore,
  simulate,
  sleep,
  spawn,
  type Task,
  timeout,
  wait,
  Watch,
} from "creel";

/** Whether two types are the same; `any` is the same as nothing but itself. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

/** What a generator gets where it waits. */
function* inferred(): Program<void> {
  const channel = new Channel<number>(1);
  const received = yield* channel.receive();
  same<typeof received, number | undefined>(true);
  const permit = yield* new Semaphore(1).acquire();
  same<typeof permit, Permit>(true);
  const promised = yield* wait(Promise.resolve("text"));
  same<typeof promised, string>(true);
  const task = spawn(function* () { yield* sleep(1); return true; });
  same<typeof task, Task<boolean>>(true);
  const joined = yield* task;
  same<typeof joined, boolean>(true);
  const ofAsync = yield* spawn(async () => 1n);
  same<typeof ofAsync, bigint>(true);
  const ofPlain = yield* spawn(() => "plain");
  same<typeof ofPlain, string>(true);

  const tuple = yield* all([sleep(1), Promise.resolve(1), async () => "a", function* () { yield* sleep(1); return true; }]);
  same<typeof tuple, [void, number, string, boolean]>(true);
  const settled = yield* allSettled([Promise.resolve(1), async () => "a"]);
  same<typeof settled, [PromiseSettledResult<number>, PromiseSettledResult<string>]>(true);
  const won = yield* race([Promise.resolve(1), async () => "a"]);
  same<typeof won, number | string>(true);
  const inTime = yield* timeout(1, channel.receive());
  same<typeof inTime, number | undefined>(true);
  const scoped = yield* scope(function* (inner) { return yield* inner.spawn(async () => 1); });
  same<typeof scoped, number>(true);
  const tried = yield* retry(async (number) => `${number}`);
  same<typeof tried, string>(true);

  const until = yield* abortable(new AbortController().signal, async () => "a");
  same<typeof until, string>(true);
  const event = yield* select({ value: channel.receive(), late: sleep(1), text: async () => "a" });
  if (event.which === "value") same<typeof event.value, number | undefined>(true);
  else if (event.which === "text") same<typeof event.value, string>(true);
  else same<typeof event.value, void>(true);
  // @ts-expect-error there is no such operation in the selection
  event.which === "other";

  const news = yield* new Broadcast<string>().subscribe().receive();
  same<typeof news, Received<string>>(true);
  const changed = yield* new Watch(1).subscribe().changed();
  same<typeof changed, number>(true);

  const actor = new Actor({ n: 0, add(by: number) { return (this.n += by); }, *slow(): Program<string> { yield* sleep(1); return ""; } });
  const sum = yield* actor.call("add", 1);
  same<typeof sum, number>(true);
  const slow = yield* actor.callWithin(1, "slow");
  same<typeof slow, string>(true);
  // @ts-expect-error a message is what the method takes
  yield* actor.call("add", "1");
  // @ts-expect-error not a method
  yield* actor.cast("n");
}

/** What an `async` function gets where it awaits. */
async function awaited(): Promise<void> {
  const channel = new Channel<number>(1);
  const received = await channel.receive();
  same<typeof received, number | undefined>(true);
  const tuple = await all([sleep(1), Promise.resolve(1), async () => "a", timeout(1, async () => 1n)]);
  same<typeof tuple, [void, number, string, bigint]>(true);
  const settled = await allSettled([Promise.resolve(1), async () => "a"]);
  same<typeof settled, [PromiseSettledResult<number>, PromiseSettledResult<string>]>(true);
  const won = await race([channel.receive(), async () => "a"]);
  same<typeof won, number | string | undefined>(true);
  const event = await select({ value: channel.receive(), text: async () => "a" });
  same<typeof event, Selected<{ readonly value: Operation<number | undefined>; readonly text: () => Promise<string> }>>(true);
  if (event.which === "text") same<typeof event.value, string>(true);
  const inTime = await timeout(1, async ({ signal }) => signal.aborted);
  same<typeof inTime, boolean>(true);
  const scoped = await scope(async (inner, { wait }) => await wait(inner.spawn(async () => 1)));
  same<typeof scoped, number>(true);
  const generated = await scope(function* (inner) { return yield* inner.spawn(async () => 1); });
  same<typeof generated, number>(true);
  const tried = await retry(async (number, { signal }) => `${number} ${signal.aborted}`);
  same<typeof tried, string>(true);
  const until = await abortable(new AbortController().signal, timeout(1, sleep(1)));
  same<typeof until, void>(true);
  const held = await new Mutex().with(async () => 1);
  same<typeof held, number>(true);
  const isLast = await new Barrier(1).wait();
  same<typeof isLast, boolean>(true);
  const watched = await new Watch(1).until((n) => n > 0);
  same<typeof watched, number>(true);
  const made = await action(function* () { return yield* channel.receive(); });
  same<typeof made, number | undefined>(true);
  const actor = new Actor({ async add(by: number) { return by; } });
  const sum = await actor.call("add", 1);
  same<typeof sum, number>(true);
  const caught = await timeout(1, async () => 1).catch(() => "late");
  same<typeof caught, number | string>(true);
  const ran = run(timeout(1, async () => 1));
  same<typeof ran, Promise<number>>(true);
  const answered = run(() => race([async () => 1]));
  same<typeof answered, Promise<number>>(true);
  const inside = run(async ({ wait }) => [await wait(async () => 1), await wait(Promise.resolve("a")), await wait(sleep(1))] as const);
  same<typeof inside, Promise<readonly [number, string, void]>>(true);
  // @ts-expect-error what is awaited is a number
  (await timeout(1, async () => 1)) satisfies string;
  // @ts-expect-error nobody waits: it is an operation and no number
  timeout(1, async () => 1) satisfies number;
}

/** What else the compiler says. */
async function refused(workers: Pool<{ square: (n: number) => number; later: () => Promise<Uint8Array> }>): Promise<void> {
  const square = await workers.call("square", 2);
  same<typeof square, number>(true);
  const later = await workers.call("later");
  same<typeof later, Uint8Array>(true);
  // @ts-expect-error an argument is missing
  await workers.call("square");
  // @ts-expect-error the worker exposes nothing of that name
  await workers.call("cube", 2);

  const answered = run(function* () { yield* sleep(1); return 1; });
  same<typeof answered, Promise<number>>(true);
  const { value } = simulate(1, function* () { yield* sleep(1); return "done"; });
  same<typeof value, string>(true);
  const disposed: AsyncDisposable = spawn(() => {});
  const cancelled: Operation<void> = spawn(() => {}).cancel("why");
  void [disposed, cancelled];
  // @ts-expect-error a channel of numbers
  new Channel<number>(1).trySend("text");
  // @ts-expect-error no such priority
  spawn(() => {}, { priority: "high" });
  // @ts-expect-error no such end
  const child: Child = { name: "child", run: () => {}, restart: "sometimes" };
  void child;
  // @ts-expect-error what nobody waits for
  run(function* () { yield Promise.resolve(1); }) satisfies Promise<string>;
}

describe("types", () => {
  test("are checked by the compiler: this file would not be here otherwise", () => {
    void [inferred, awaited, refused];
  });
});
