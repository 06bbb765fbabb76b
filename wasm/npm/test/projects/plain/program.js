// Runs without a bundler wherever modules do: in a page, in Deno, Bun and Node, from a file or an address.
import { pool, simulate, sleep } from "./creel/index.js";
import handler from "./handler.js";

export { Channel } from "./creel/index.js";

/** What the handler answers: over a socket, where the platform serves handlers. */
async function answered() {
  const { Deno, Bun } = globalThis;
  const ask = async (address, fetched) => {
    const answers = [];
    for (const limit of [10_000, 5]) {
      const response = await fetched(new Request(`${address}/?limit=${limit}`));
      answers.push(`${response.status} ${await response.text()}`);
    }
    return answers.join("; ");
  };
  if (Deno) {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler.fetch);
    const answers = await ask(`http://127.0.0.1:${server.addr.port}`, fetch);
    await server.shutdown();
    return answers;
  }
  if (Bun) {
    const server = Bun.serve({ hostname: "127.0.0.1", port: 0, ...handler });
    const answers = await ask(`http://127.0.0.1:${server.port}`, fetch);
    await server.stop(true);
    return answers;
  }
  return ask("http://localhost", handler.fetch);
}

export async function said() {
  const answers = await answered();
  const { elapsed } = simulate(1, function* () { yield* sleep(3_600_000); });
  const workers = pool(1, new URL("./work.js", import.meta.url));
  const square = await workers.call("square", 6);
  await workers.close();
  return `${answers}; ${elapsed}; ${square}`;
}
