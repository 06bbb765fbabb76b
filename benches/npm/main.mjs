// Measures each operation, every peer in its turn in every round, and prints a table: the least time of
// one, in nanoseconds. The harness is what Node or a page provides.
import { operations } from "./operations.mjs";

const ROUNDS = 15;
/** Who takes longer than this for a round has had enough of them. */
const PATIENCE_MS = 500;

const rest = () => new Promise((resolve) => setTimeout(resolve, 0));

async function measured({ count, of }) {
  const least = new Map(Object.keys(of).map((name) => [name, Infinity]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(of)) {
      if (round > 2 && least.get(name) > PATIENCE_MS) continue;
      await rest();
      const begin = performance.now();
      await work(count);
      least.set(name, Math.min(least.get(name), performance.now() - begin));
    }
  }
  return [...least].map(([name, ms]) => [name, Math.round((ms / count) * 1e6)]);
}

export default async function main() {
  const { harness } = globalThis;
  for (const operation of operations) {
    const [[, ours], ...peers] = await measured(operation);
    const theirs = peers.map(([name, ns]) => `${name} ${ns}`).join(", ");
    harness.print(`| ${operation.name} | ${ours} | ${theirs} |\n`);
  }
  harness.exit(0);
}
