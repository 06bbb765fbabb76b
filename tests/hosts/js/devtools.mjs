// Chromium, driven through its own protocol on a pipe, so Node is all that this needs.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Starts Chromium. `command` sends it a command and answers the result; `onEvent` hears what it says by
 * itself, `onEnd` why it has ended; `close` ends it, tidies up, and then calls `done`.
 */
export function launch(chromium, { onEvent = () => {}, onEnd }) {
  const profile = mkdtempSync(join(tmpdir(), "creel-chromium-"));
  const browser = spawn(
    chromium,
    [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--disable-dev-shm-usage", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank",
    ],
    { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
  );
  browser.on("error", (error) => onEnd(`${chromium}: ${error.message}`));
  browser.on("exit", () => onEnd("the browser ended"));
  browser.stdio[3].on("error", () => {});

  return {
    command: speak(browser.stdio[3], browser.stdio[4], onEvent),
    close(done) {
      browser.removeAllListeners("exit");
      browser.once("exit", () => tidy(profile, done, 40));
      browser.kill("SIGTERM");
      setTimeout(done, 10_000).unref();
    },
  };
}

/** The protocol: messages that end with a zero byte. */
function speak(out, into, onEvent) {
  const waiting = new Map();
  let text = "";
  let last = 0;
  into.setEncoding("utf8");
  into.on("data", (data) => {
    text += data;
    const messages = text.split("\0");
    text = messages.pop();
    for (const message of messages.map((message) => JSON.parse(message))) {
      const { id, result, error } = message;
      if (id === undefined) onEvent(message);
      waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
      waiting.delete(id);
    }
  });
  return (method, params = {}, sessionId = undefined) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      out.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
}

/** Removes the profile; what Chromium has left behind may write there for a moment. */
function tidy(profile, done, attempts) {
  try {
    rmSync(profile, { recursive: true, force: true });
  } catch {
    if (attempts > 0) return setTimeout(tidy, 50, profile, done, attempts - 1);
  }
  done();
}
