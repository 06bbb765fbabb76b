// Loaded in a page or a worker, beside the program of cases at /program: the harness that it finds.
import start from "/program/program.js";

const request = new URL(import.meta.url).searchParams;
const post = globalThis.fetch.bind(globalThis);
let sent = Promise.resolve();

function send(path, body) {
  sent = sent.then(() => post(path, { method: "POST", body })).catch(() => {});
}

globalThis.harness = {
  context: request.get("context"),
  server: request.get("server"),
  transport: request.get("transport"),
  arguments: request.getAll("argument"),
  print: (text) => send("/print", text),
  exit: (code) => send("/exit", String(code)),
};

const { error: toConsole } = console;
console.error = (...what) => {
  toConsole(...what);
  send("/error", what.join(" "));
};

function fail(error) {
  send("/error", String(error?.stack ?? error));
  send("/exit", "1");
}
globalThis.addEventListener("error", (event) => fail(event.error ?? event.message));
globalThis.addEventListener("unhandledrejection", (event) => fail(event.reason));

if (request.get("context") === "service-worker") {
  // Alive as long as the page wants to hear of the end.
  globalThis.addEventListener("message", (event) => {
    event.waitUntil(new Promise(() => {}));
    start().catch(fail);
  });
  globalThis.addEventListener("install", () => globalThis.skipWaiting());
} else {
  start().catch(fail);
}
