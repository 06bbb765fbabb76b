// The time of each frame while many tasks compute, in slices or all at once.
import { run, scope, yieldNow } from "creel";
import { $, frame, number } from "./page.js";

const ROUNDS = 4;
const SHOWN = 180;
const frames = [];

/** Some work: a number that nobody needs, and that cannot be left out. */
function compute(seed) {
  let x = seed | 1;
  for (let n = 0; n < 400; n++) x = (x * 1664525 + 1013904223) | 0;
  return x;
}

const asTasks = (count) => run(function* () {
  yield* scope(function* (inner) {
    for (let n = 0; n < count; n++) {
      inner.spawn(function* () {
        for (let round = 0; round < ROUNDS; round++) {
          compute(n);
          yield* yieldNow();
        }
      });
      if (n % 64 === 0) yield* yieldNow();
    }
  });
});

const asPromises = (count) => Promise.all(Array.from({ length: count }, async (_, n) => {
  for (let round = 0; round < ROUNDS; round++) {
    compute(n);
    await undefined;
  }
}));

function draw() {
  const canvas = $("plot");
  const context = canvas.getContext("2d");
  const ink = getComputedStyle(document.body).color;
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const y = (ms) => height - 12 - Math.min(1, ms / 120) * (height - 24);
  frames.slice(-SHOWN).forEach(({ ms, colour }, index) => {
    context.fillStyle = resolved(canvas, colour);
    context.fillRect((index * width) / SHOWN, y(ms), width / SHOWN - 1, height - 12 - y(ms));
  });
  context.fillStyle = ink;
  context.font = "12px ui-monospace, monospace";
  context.textAlign = "right";
  for (const ms of [16.7, 50, 100]) {
    context.globalAlpha = 0.4;
    context.fillRect(0, y(ms), width, 1);
    context.globalAlpha = 1;
    context.fillText(`${ms} ms`, width - 4, y(ms) - 3);
  }
}

/** A colour of the style sheet, as a canvas understands it. */
function resolved(canvas, name) {
  canvas.style.color = `var(${name})`;
  return getComputedStyle(canvas).color;
}

async function measure(name, colour, work) {
  $("with").disabled = $("without").disabled = true;
  const count = number("load");
  let isDone = false;
  const begin = performance.now();
  const working = work(count).then(() => (isDone = true));
  let [longest, frameCount] = [0, 0];
  let last = begin;
  do {
    await frame();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    frames.push({ ms: now - last, colour });
    frameCount += 1;
    last = now;
    draw();
  } while (!isDone);
  await working;
  const total = Math.round(performance.now() - begin);
  $("frame-text").value = `${count} ${name}: ${total} ms in ${frameCount} frames, of which the longest took ${longest.toFixed(1)} ms.`;
  $("with").disabled = $("without").disabled = false;
}

$("with").addEventListener("click", () => measure("tasks", "--running", asTasks));
$("without").addEventListener("click", () => measure("promises", "--ending", asPromises));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
