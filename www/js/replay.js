// Philosophers in the simulator: what happens follows from the seed.
import { DeadlockError, Mutex, now, scope, simulate, sleep, yieldNow } from "creel";
import { $, element, number } from "./page.js";

const NAMES = ["Hypatia", "Diotima", "Aspasia"];
const MEALS = 3;
const COLOURS = { thinks: "var(--line)", "is hungry": "var(--ending)", eats: "var(--running)" };
let events = [];
/** The seed of what is shown, whatever the field says meanwhile. */
let shownSeed;

/** What happens under a seed, and how it ends. */
function play(seed) {
  events = [];
  const note = (who, what) => events.push({ who, what, time: now(), step: events.length });
  function* philosopher(who, left, right) {
    for (let meal = 0; meal < MEALS; meal++) {
      note(who, "thinks");
      yield* sleep(10);
      note(who, "is hungry");
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

/** Shows a run up to a step: all of it unless said otherwise. A seed that the field does not take becomes one. */
function show(wanted, step) {
  halt();
  const seed = Math.min(Math.max(0, Math.trunc(wanted)), Number($("seed").max));
  shownSeed = $("seed").value = seed;
  const { end, isStuck } = play(seed);
  $("step").max = events.length;
  $("replay-text").value = `Seed ${seed}: ${end}.`;
  go(step ?? events.length);
  return isStuck;
}

function go(step) {
  $("step").value = Math.max(0, Math.min(events.length, step));
  $("step").dispatchEvent(new Event("input"));
}

/** Steps one after another, if it plays. */
let playing;
function halt() {
  clearInterval(playing);
  playing = undefined;
  $("play").textContent = "Play";
}
$("play").addEventListener("click", () => {
  if (playing) return halt();
  if (number("step") >= events.length) go(0);
  $("play").textContent = "Pause";
  playing = setInterval(() => {
    go(number("step") + 1);
    if (number("step") >= events.length) halt();
  }, 200);
});
const stepBy = (id, next) => $(id).addEventListener("click", () => {
  halt();
  go(next(number("step")));
});
stepBy("rewind", () => 0);
stepBy("back", (step) => step - 1);
stepBy("forth", (step) => step + 1);

$("simulate").addEventListener("click", () => show(number("seed")));
$("seed").addEventListener("change", () => show(number("seed")));
$("step").addEventListener("input", () => {
  const step = number("step");
  draw(step);
  $("share").href = `#replay-${shownSeed}-${step}`;
});
$("find").addEventListener("click", () => {
  const last = Number($("seed").max);
  for (let seed = shownSeed, tries = 0; tries < 500; tries++) {
    seed = seed === last ? 0 : seed + 1;
    if (show(seed)) return;
  }
});

/** A link to a step of a run replays the run up to there. */
function follow() {
  const [, seed, step] = /^#replay-(\d+)(?:-(\d+))?$/.exec(location.hash) ?? [];
  if (seed === undefined) return;
  show(Number(seed), step === undefined ? undefined : Number(step));
  $("replay").scrollIntoView();
}
addEventListener("hashchange", follow);
show(number("seed"));
follow();
