// The same work by creel and by others, in this browser.
import { Channel, run, spawn, yieldNow } from "creel";
import { $, element, frame } from "./page.js";

const COUNT = 20_000;
const ROUNDS = 5;

function* nothing() {}
async function nothingAsync() {}

const operations = [
  {
    name: "start a task and wait for it",
    word: "spawn",
    creel: () => run(function* () {
      for (let n = 0; n < COUNT; n++) yield spawn(nothing);
    }),
    async promises() {
      for (let n = 0; n < COUNT; n++) await nothingAsync();
    },
  },
  {
    name: "let others run, 100 at a time",
    word: "yield",
    creel: () => run(function* () {
      const tasks = Array.from({ length: 100 }, () => spawn(function* () {
        for (let n = 0; n < COUNT / 100; n++) yield* yieldNow();
      }));
      for (const task of tasks) yield* task;
    }),
    promises: () => Promise.all(Array.from({ length: 100 }, async () => {
      for (let n = 0; n < COUNT / 100; n++) await undefined;
    })),
  },
  {
    name: "send through a channel of 64",
    word: "send",
    creel: () => run(function* () {
      const channel = new Channel(64);
      spawn(function* () {
        for (let n = 1; n <= COUNT; n++) yield channel.send(n);
        channel.close();
      });
      while ((yield channel.receive()) !== undefined);
    }),
    async promises() {
      // The least that does the same: a queue, and a promise for each side that waits.
      const queue = [];
      let wake = { sender: () => {}, receiver: () => {} };
      const wait = (side) => new Promise((resolve) => (wake[side] = resolve));
      const sender = (async () => {
        for (let n = 1; n <= COUNT; n++) {
          while (queue.length >= 64) await wait("sender");
          queue.push(n);
          wake.receiver();
        }
      })();
      for (let n = 1; n <= COUNT; n++) {
        while (queue.length === 0) await wait("receiver");
        queue.shift();
        wake.sender();
      }
      await sender;
    },
  },
];

/** How one of the functions of `rust/` is done with. */
const byRust = (work) => work && (() => new Promise((done) => work(COUNT, done)));

async function least(work) {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    await work();
    best = Math.min(best, performance.now() - begin);
    await frame();
  }
  return Math.round((best / COUNT) * 1e6);
}

/** The programs of `rust/`, once somebody wants to measure them. */
let rust;

$("measure").addEventListener("click", async () => {
  $("measure").disabled = true;
  $("bench-text").value = "Measuring ...";
  rust ??= import("../measured/program.js").then(async (module) => {
    await module.default();
    return module;
  });
  const made = await rust;
  $("results").replaceChildren();
  for (const { name, word, creel, promises } of operations) {
    const row = element("tr", {}, element("th", { scope: "row" }, name));
    $("results").append(row);
    const works = [creel, promises, byRust(made[`creel_${word}`]), byRust(made[`futures_${word}`])];
    for (const work of works) row.append(element("td", {}, `${await least(work)} ns`));
  }
  $("bench-text").value = "";
  $("measure").disabled = false;
});
