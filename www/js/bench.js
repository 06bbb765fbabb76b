// The same work by creel and by promises, in this browser.
import { Channel, run, spawn, yieldNow } from "creel";
import { $, element, frame } from "./page.js";

const COUNT = 20_000;

function* nothing() {}
async function nothingAsync() {}

const operations = [
  {
    name: "start a task and wait for it",
    creel: () => run(function* () {
      for (let n = 0; n < COUNT; n++) yield spawn(nothing);
    }),
    async promises() {
      for (let n = 0; n < COUNT; n++) await nothingAsync();
    },
  },
  {
    name: "let others run, 100 at a time",
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

async function least(work) {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const begin = performance.now();
    await work();
    best = Math.min(best, performance.now() - begin);
    await frame();
  }
  return Math.round((best / COUNT) * 1e6);
}

$("measure").addEventListener("click", async () => {
  $("measure").disabled = true;
  const rows = [];
  for (const { name, creel, promises } of operations) {
    const [ours, theirs] = [await least(creel), await least(promises)];
    rows.push(element("tr", {}, ...[name, `${ours} ns`, `${theirs} ns`].map((text) => element("td", {}, text))));
    $("results").replaceChildren(...rows.map((row) => row.cloneNode(true)));
  }
  $("measure").disabled = false;
});
