// A pool of real workers that count primes; one can be killed, and comes back.
import { pool, retry, scope, spawn, WorkerError } from "creel";
import { $, element } from "./page.js";

const WORKERS = 3;
const BLOCK = 20_000;
let workers;
let counting;
let states = [];

function tell({ kind, child }) {
  const index = Number(child.split(" ")[1]) - 1;
  if (kind === "started") states[index] = { lives: (states[index]?.lives ?? 0) + 1, state: "running" };
  if (kind === "failed") states[index] = { ...states[index], state: "failed" };
  draw();
}

function draw() {
  $("crew").replaceChildren(...states.map(({ lives, state }, index) =>
    element("li", {}, element("span", { class: `state ${state}` }), `worker ${index + 1}`,
      element("span", { class: "what" }, state === "failed" ? ": died, is started anew" : `: life ${lives}`))));
}

/** Counts without an end: each worker has one block of numbers at a time. */
function* count() {
  let next = 0;
  let primes = 0;
  function* blocks() {
    for (;;) {
      const from = next;
      next += BLOCK;
      // A block whose worker died is done again by another.
      primes += yield* retry(() => workers.call("primes", from, from + BLOCK), { when: (error) => error instanceof WorkerError });
      $("primes").value = primes.toLocaleString("en");
      $("blocks").value = Number($("blocks").value) + 1;
    }
  }
  yield* scope(function* (inner) {
    for (let n = 0; n < WORKERS; n++) inner.spawn(blocks);
  });
}

$("hire").addEventListener("click", () => {
  states = [];
  $("primes").value = $("blocks").value = $("deaths").value = 0;
  workers = pool(WORKERS, () => new Worker(new URL("./work.js", import.meta.url), { type: "module" }), { onEvent: tell });
  counting = spawn(count, { name: "counting primes" });
  $("hire").disabled = true;
  $("strike").disabled = $("dismiss").disabled = false;
});

$("strike").addEventListener("click", async () => {
  try {
    await workers.call("die");
  } catch (error) {
    if (!(error instanceof WorkerError)) throw error;
    $("deaths").value = Number($("deaths").value) + 1;
  }
});

$("dismiss").addEventListener("click", async () => {
  $("strike").disabled = $("dismiss").disabled = true;
  await counting.cancel();
  await workers.close();
  states = [];
  draw();
  $("hire").disabled = false;
});
