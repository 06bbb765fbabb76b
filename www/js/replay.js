// Philosophers in the simulator: what happens follows from the seed.
import { DeadlockError, Mutex, now, scope, simulate, sleep, yieldNow } from "creel";
import { $, element, number } from "./page.js";

const NAMES = ["Hypatia", "Diotima", "Aspasia"];
const MEALS = 3;
const COLOURS = { thinks: "var(--line)", hungry: "var(--ending)", eats: "var(--running)" };
let events = [];

/** What happens under a seed, and how it ends. */
function play(seed) {
  events = [];
  const note = (who, what) => events.push({ who, what, time: now(), step: events.length });
  function* philosopher(who, left, right) {
    for (let meal = 0; meal < MEALS; meal++) {
      note(who, "thinks");
      yield* sleep(10);
      note(who, "hungry");
      const first = yield* left.lock();
      yield* yieldNow(); // looks for the other fork
      const second = yield* right.lock();
      note(who, "eats");
      yield* sleep(5);
      second.release();
      first.release();
    }
    note(who, "is full");
  }
  try {
    const { elapsed, trace } = simulate(seed, () => scope(function* (inner) {
      const forks = NAMES.map(() => new Mutex());
      NAMES.forEach((_, who) => {
        inner.spawn(() => philosopher(who, forks[who], forks[(who + 1) % NAMES.length]));
      });
    }));
    return { end: `all have eaten after ${elapsed} ms of simulated time; the trace is ${trace.toString(16)}`, isStuck: false };
  } catch (error) {
    if (!(error instanceof DeadlockError)) throw error;
    return { end: "a deadlock: each holds a fork and waits for another", isStuck: true };
  }
}

function draw(step) {
  const shown = events.slice(0, step);
  const width = 780;
  const x = (n) => 110 + (n * width) / Math.max(1, events.length);
  const rows = NAMES.map((name, who) => {
    const own = shown.filter((event) => event.who === who);
    const bars = own.map((event, index) => {
      const until = own[index + 1]?.step ?? step;
      return element("svg:rect", {
        x: x(event.step), y: 20 + who * 50, height: 30, rx: 4,
        width: Math.max(2, x(until) - x(event.step) - 2), fill: COLOURS[event.what] ?? "var(--waiting)",
      }, element("svg:title", {}, `${event.time} ms: ${name} ${event.what}`));
    });
    return element("svg:g", {}, element("svg:text", { x: 10, y: 40 + who * 50 }, name), ...bars);
  });
  const last = shown.at(-1);
  const caption = last ? `step ${step}, ${last.time} ms: ${NAMES[last.who]} ${last.what}` : "";
  $("timeline").replaceChildren(...rows, element("svg:text", { x: 110, y: 182 }, caption));
}

function show(seed) {
  $("seed").value = seed;
  const { end, isStuck } = play(seed);
  $("step").max = events.length;
  $("step").value = events.length;
  $("step").dispatchEvent(new Event("input"));
  $("replay-text").value = `Seed ${seed}: ${end}.`;
  $("share").href = `#replay-${seed}`;
  return isStuck;
}

$("simulate").addEventListener("click", () => show(number("seed")));
$("step").addEventListener("input", () => draw(number("step")));
$("find").addEventListener("click", () => {
  const from = number("seed");
  for (let seed = from + 1; seed < from + 500; seed++) if (show(seed)) return;
});

/** A link to a run replays it. */
function follow() {
  const seed = /^#replay-(\d+)$/.exec(location.hash)?.[1];
  if (seed === undefined) return;
  show(Number(seed));
  $("replay").scrollIntoView();
}
addEventListener("hashchange", follow);
follow();
