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
let loads = 0;
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
  if (pathname === "/hide" || pathname === "/freeze") await hide(Number(body), pathname === "/freeze");
  if (pathname === "/leave") leave(Number(body));
  if (request.method === "POST") response.end();
  if (pathname === "/exit") return end("", Number(body));
  if (request.method === "POST") return;
  if (pathname === "/") {
    if (++loads > 1) end("the page was loaded again");
    response.setHeader("Content-Type", "text/html");
    // Else the browser does not keep it for whoever comes back.
    response.setHeader("Cache-Control", "no-cache");
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

/**
 * Has another tab stand before the page for so many milliseconds; answers when it is gone. Meanwhile the
 * browser may freeze the page, as it does with those long unseen.
 */
async function hide(ms, isFrozen) {
  const { targetId } = await command("Target.createTarget", { url: "about:blank" });
  await command("Target.activateTarget", { targetId });
  const { sessionId } = await command("Target.attachToTarget", { targetId: page.targetId, flatten: true });
  if (isFrozen) await command("Page.setWebLifecycleState", { state: "frozen" }, sessionId);
  await new Promise((resolve) => setTimeout(resolve, ms));
  if (isFrozen) await command("Page.setWebLifecycleState", { state: "active" }, sessionId);
  await command("Target.detachFromTarget", { sessionId });
  await command("Target.activateTarget", page);
  await command("Target.closeTarget", { targetId });
}

/** Has the page be left for so many milliseconds, and come back out of the browser's cache. */
async function leave(ms) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { sessionId } = await command("Target.attachToTarget", { targetId: page.targetId, flatten: true });
  const { currentIndex, entries } = await command("Page.getNavigationHistory", {}, sessionId);
  await command("Page.navigate", { url: `${address}/context.mjs` }, sessionId);
  await new Promise((resolve) => setTimeout(resolve, ms));
  await command("Page.navigateToHistoryEntry", { entryId: entries[currentIndex].id }, sessionId);
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
