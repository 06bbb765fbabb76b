// Runs a program of cases in Chromium: browser.mjs CHROMIUM CONTEXT FOLDER [ARGUMENT..]
//
// CONTEXT is window, worker, shared-worker or service-worker; FOLDER is what `wasm-bindgen --target
// web --out-name program` wrote. CREEL_TRANSPORT is the program that serves WebTransport, if it is wanted.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "./devtools.mjs";
import { bodyOf, startServer } from "./server.mjs";

const SILENCE_LIMIT_MS = Number(process.env.SILENCE ?? 120_000);
const [chromium, context, folder, ...rest] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const types = { js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };

const { address } = await startServer(answer);
const transport = process.env.CREEL_TRANSPORT ? await startTransport(process.env.CREEL_TRANSPORT) : "";
const query = new URLSearchParams({ context, server: address, transport });
for (const argument of rest) query.append("argument", argument);
let silence = setTimeout(tooSilent, SILENCE_LIMIT_MS);
const onEvent = ({ method }) => {
  if (method === "Target.targetCrashed") end("the page crashed");
};
const { command, close } = launch(chromium, { onEvent, onEnd: end });
// Else nobody tells of a page whose process dies.
await command("Target.setDiscoverTargets", { discover: true });
const page = await command("Target.createTarget", { url: `${address}/` });

/** Serves the page, the harness, the program, and what the harness says. */
async function answer(request, response) {
  silence.refresh();
  const { pathname } = new URL(request.url, address);
  const body = request.method === "POST" ? (await bodyOf(request)).toString() : "";
  if (pathname === "/print") process.stdout.write(body);
  if (pathname === "/error") process.stderr.write(`${body}\n`);
  if (pathname === "/hide") await hide(Number(body));
  if (pathname === "/freeze") await freeze(Number(body));
  if (request.method === "POST") response.end();
  if (pathname === "/exit") return end("", Number(body));
  if (request.method === "POST") return;
  if (pathname === "/") {
    response.setHeader("Content-Type", "text/html");
    return response.end(`<!doctype html><title>creel</title>${script()}`);
  }
  const file = pathname.startsWith("/program/") ? join(folder, pathname.slice(9)) : join(here, pathname);
  const type = types[pathname.split(".").pop()];
  if (!type || pathname.includes("..")) return response.writeHead(404).end();
  response.setHeader("Content-Type", type);
  response.setHeader("Service-Worker-Allowed", "/");
  response.end(readFileSync(file));
}

function script() {
  const url = JSON.stringify(`/context.mjs?${query}`);
  const start = {
    window: `import(${url});`,
    worker: `new Worker(${url}, { type: "module" }).onerror = failed;`,
    "shared-worker": `new SharedWorker(${url}, { type: "module" }).onerror = failed;`,
    "service-worker": `
      const failed = (error) => fetch("/error", { method: "POST", body: String(error) });
      navigator.serviceWorker.register(${url}, { type: "module", scope: "/" })
        .then(() => navigator.serviceWorker.ready)
        .then((registration) => registration.active.postMessage("start"), failed);`,
  }[context];
  const failed = `function failed(event) {
    fetch("/error", { method: "POST", body: event.message ?? "the worker did not start" })
      .then(() => fetch("/exit", { method: "POST", body: "1" }));
  }`;
  return `<script type="module">${context.endsWith("worker") && context !== "service-worker" ? failed : ""}${start}</script>`;
}

/** Starts the server of WebTransport, which ends with this process; answers what it says of itself. */
async function startTransport(program) {
  const server = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  server.unref();
  server.stdout.unref();
  const [line] = await once(server.stdout, "data");
  return line.toString().trim();
}

/** Has another tab stand before the page for so many milliseconds; answers when it is gone. */
async function hide(ms) {
  const { targetId } = await command("Target.createTarget", { url: "about:blank" });
  await command("Target.activateTarget", { targetId });
  await new Promise((resolve) => setTimeout(resolve, ms));
  await command("Target.activateTarget", page);
  await command("Target.closeTarget", { targetId });
}

/** Has the browser freeze the page for so many milliseconds, as it does with pages long unseen. */
async function freeze(ms) {
  const { sessionId } = await command("Target.attachToTarget", { targetId: page.targetId, flatten: true });
  const state = (state) => command("Page.setWebLifecycleState", { state }, sessionId);
  await state("frozen");
  await new Promise((resolve) => setTimeout(resolve, ms));
  await state("active");
  await command("Target.detachFromTarget", { sessionId });
}

function tooSilent() {
  end(`nothing was heard for ${SILENCE_LIMIT_MS / 1000} seconds`);
}

function end(why, code = 1) {
  if (why) process.stderr.write(`${why}\n`);
  clearTimeout(silence);
  close(() => process.exit(code));
}
