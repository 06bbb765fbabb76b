/** What a {@link Pool} needs of a worker: those of browsers and of Node have it. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: object[]): void;
  terminate(): unknown;
  addEventListener?(type: string, listener: (event: MessageEvent & ErrorEvent) => void): void;
  on?(type: string, listener: (value: unknown) => void): unknown;
  ref?(): void;
  unref?(): void;
}

/** One end of what connects a pool and a worker. */
export interface Line {
  post(message: unknown, transfer: object[]): void;
  /** Whether it keeps the process alive. */
  hold(isHeld: boolean): void;
  close(): void;
}

/** Who hears what comes. */
export interface Ears {
  message(data: unknown): void;
  /** The other side is gone. */
  died(why: unknown): void;
}

/** Where Node keeps its workers; behind a name, so that bundlers for browsers let it be. */
const NODE = "node:worker_threads";

/** As much of Node's module as is used. */
interface Threads {
  readonly Worker: new (url: URL) => WorkerLike;
  readonly parentPort: {
    postMessage(message: unknown, transfer?: object[]): void;
    on(type: "message", listener: (data: unknown) => void): void;
  } | null;
}

const threads = (): Promise<Threads> => import(/* @vite-ignore */ /* webpackIgnore: true */ NODE) as Promise<Threads>;

/** Starts a worker on a module. */
export async function start(from: URL | (() => WorkerLike)): Promise<WorkerLike> {
  if (typeof from === "function") return from();
  if (typeof Worker === "function") return new Worker(from, { type: "module" }) as WorkerLike;
  return new (await threads()).Worker(from);
}

/** The line to a worker that was started. */
export function lineTo(worker: WorkerLike, ears: Ears): Line {
  if (worker.on) {
    worker.on("message", (data) => ears.message(data));
    worker.on("messageerror", (error) => ears.died(error));
    worker.on("error", (error) => ears.died(error));
    worker.on("exit", (code) => ears.died(new Error(`it ended with code ${String(code)}`)));
  } else {
    worker.addEventListener?.("message", ({ data }) => ears.message(data));
    worker.addEventListener?.("messageerror", () => ears.died(new Error("a message cannot be read")));
    worker.addEventListener?.("error", (event) => {
      // It is told of here; otherwise the page reports it, too.
      event.preventDefault();
      ears.died(event.error ?? new Error(event.message || "its module cannot be loaded"));
    });
  }
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: (isHeld) => (isHeld ? worker.ref?.() : worker.unref?.()),
    close: () => void worker.terminate(),
  };
}

/** As much of a worker's own scope as is used. */
interface WorkerScope {
  postMessage(message: unknown, transfer: object[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/** The line from a worker to who started it; nothing outside of workers. */
export async function lineHome(heard: (data: unknown) => void): Promise<Pick<Line, "post"> | undefined> {
  if ("DedicatedWorkerGlobalScope" in globalThis) {
    const scope = globalThis as unknown as WorkerScope;
    scope.addEventListener("message", ({ data }) => heard(data));
    return { post: (message, transfer) => scope.postMessage(message, transfer) };
  }
  if ("window" in globalThis || !("process" in globalThis)) return undefined;
  const { parentPort } = await threads();
  if (!parentPort) return undefined;
  parentPort.on("message", heard);
  return { post: (message, transfer) => parentPort.postMessage(message, transfer) };
}
