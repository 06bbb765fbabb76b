// A scope with a producer, a channel and supervised workers, drawn as it changes.
import { Channel, inspect, scope, sleep, spawn, supervise } from "creel";
import { $, element, number } from "./page.js";

const CAPACITY = 8;
let root;
let jobs;
let alive = [];

function* produce(jobs) {
  for (let job = 1; ; job++) {
    yield* jobs.send(job);
    yield* sleep(60);
  }
}

/** A worker that can be killed: `alive` holds its life, to be broken. */
const worker = (name) => ({
  name,
  *run() {
    const life = { isBroken: false };
    alive.push(life);
    try {
      for (let job; (job = yield* jobs.receive()) !== undefined; ) {
        yield* sleep(number("work") * (0.5 + Math.random()));
        if (life.isBroken) throw new Error(`${name} was killed`);
        $("done").value = Number($("done").value) + 1;
      }
    } finally {
      alive = alive.filter((other) => other !== life);
    }
  },
});

function* plant() {
  jobs = new Channel(CAPACITY);
  yield* scope(function* (inner) {
    inner.spawn(function* producer() { yield* produce(jobs); });
    const workers = Array.from({ length: number("workers") }, (_, n) => worker(`worker ${n + 1}`));
    const onEvent = ({ kind }) => {
      if (kind === "failed") $("restarts").value = Number($("restarts").value) + 1;
    };
    inner.spawn(function* supervisor() {
      yield* supervise(workers, { maxRestarts: 100, backoff: { initial: 400, factor: 1 }, onEvent });
    });
    yield* sleep(Infinity);
  });
}

function draw() {
  const list = (trees) => trees.map(({ name, state, waitsFor, children }) => {
    const item = element("li", {},
      element("span", { class: `state ${state}` }), name || "task",
      element("span", { class: "what" }, waitsFor ? `: waits for ${waitsFor}` : `: ${state}`));
    if (children.length > 0) item.append(element("ul", {}, ...list(children)));
    return item;
  });
  const trees = inspect();
  $("tree").replaceChildren(...list(trees));
  const all = (trees) => trees.flatMap((tree) => [tree, ...all(tree.children)]);
  const tasks = all(trees);
  $("alive").value = tasks.length;
  $("timers").value = tasks.filter(({ waitsFor }) => waitsFor === "sleep").length;
  $("queued").value = tasks.filter(({ waitsFor }) => waitsFor === "send" || waitsFor === "receive").length;
  const depth = jobs?.length ?? 0;
  $("depth").value = depth;
  $("depth-text").value = `${depth} of ${CAPACITY}`;
}

function show(state) {
  $("scope-state").value = state;
  $("start").disabled = state === "running";
  $("cancel").disabled = $("kill").disabled = state !== "running";
  draw();
}

$("start").addEventListener("click", () => {
  $("done").value = $("restarts").value = 0;
  root = spawn(plant, { name: "plant" });
  show("running");
});

$("cancel").addEventListener("click", async () => {
  $("cancel").disabled = true;
  await root.cancel();
  show(`cancelled: ${alive.length} workers left`);
});

$("kill").addEventListener("click", () => {
  const life = alive.find(({ isBroken }) => !isBroken);
  if (life) life.isBroken = true;
});

setInterval(draw, 100);
