// Uses the site as a visitor does: site.mjs CHROMIUM ADDRESS FOLDER SITE. Clicks everything, looks whether
// the page shows what it should, and leaves pictures in FOLDER. Every link of SITE leads to a file there.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { launch } from "./devtools.mjs";

const [chromium, address, folder, site] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const complaints = [];
let finish = () => {};
const { command, close } = launch(chromium, {
  onEvent({ method, params }) {
    if (method === "Page.loadEventFired") finish();
    if (method === "Runtime.exceptionThrown") complaints.push(params.exceptionDetails.exception?.description);
    if (method === "Network.responseReceived" && params.response.status >= 400) {
      complaints.push(`${params.response.status} for ${params.response.url}`);
    }
    if (method === "Network.requestWillBeSent" && !params.request.url.startsWith(address) && !params.request.url.startsWith("data:")) {
      complaints.push(`asks for ${params.request.url}`);
    }
  },
  onEnd: (why) => end(why),
});
const limit = setTimeout(() => end("it took longer than two minutes"), 120_000);

const { targetId } = await command("Target.createTarget", { url: "about:blank" });
const { sessionId } = await command("Target.attachToTarget", { targetId, flatten: true });
const page = (method, params) => command(method, params, sessionId);
await Promise.all(["Page", "Runtime", "Network"].map((domain) => page(`${domain}.enable`)));

/** What an expression is in the page. */
async function look(expression) {
  const { result, exceptionDetails } = await page("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
  return result.value;
}

/** Goes to a page of the site. */
async function open(path) {
  const loaded = new Promise((resolve) => (finish = resolve));
  await page("Page.navigate", { url: `${address}/${path}` });
  await loaded;
}

/** Waits until an expression is true in the page. */
async function until(expression, what) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await look(expression)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: ${expression} does not become true`);
}

/** The controls that were used so far. */
const used = new Set();
const click = (id) => used.add(id) && look(`document.getElementById("${id}").click()`);
const set = (id, value) =>
  used.add(id) && look(`{ const input = document.getElementById("${id}"); input.value = ${value}; input.dispatchEvent(new Event("input")); }`);
const text = (id) => `document.getElementById("${id}").value`;

/** Types a text into what has the focus, and Enter. */
async function type(text) {
  await page("Input.insertText", { text });
  await press("Enter", 13, { text: "\r" });
}

/** Presses a key. */
async function press(key, code, more = {}) {
  for (const type of ["keyDown", "keyUp"]) await page("Input.dispatchKeyEvent", { type, key, code: key, windowsVirtualKeyCode: code, ...more });
}

/** A picture of the page, or of as much of a long one as a screen shows. */
async function picture(name, captureBeyondViewport = true) {
  const { data } = await page("Page.captureScreenshot", { captureBeyondViewport, format: "png" });
  writeFileSync(join(folder, `${name}.png`), Buffer.from(data, "base64"));
}

const screen = (width, height, mobile = false) =>
  page("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile });
const scheme = (value) => page("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });

/** Everything that can be clicked can be reached by the tabulator, and shows that it has the focus. */
async function keyboard() {
  await look(`document.activeElement.blur(); scrollTo(0, 0)`);
  const reached = new Set();
  for (let n = 0; n < 60; n++) {
    await press("Tab", 9);
    const [name, outline] = await look(`(() => { const at = document.activeElement; return [at === document.body ? "" : at.id || at.textContent, getComputedStyle(at).outlineStyle]; })()`);
    if (name && outline === "none") throw new Error(`${name} does not show that it has the focus`);
    reached.add(name);
  }
  const wanted = await look(`[...document.querySelectorAll("button:not(:disabled), input, a")].map((element) => element.id || element.textContent)`);
  const missed = wanted.filter((name) => !reached.has(name));
  if (missed.length > 0) throw new Error(`the keyboard does not reach ${missed.join(", ")}`);
}

async function visit() {
  await screen(1100, 2000);
  await open("index.html");

  await until(`!document.getElementById("start").disabled`, "the page is ready");
  await set("work", 40);
  await click("start");
  await until(`Number(${text("done")}) > 5`, "jobs are done");
  await until(`document.querySelectorAll("#tree li").length >= 7`, "the tree shows the tasks");
  for (let n = 0; n < 3; n++) await click("kill");
  await until(`Number(${text("restarts")}) >= 3`, "three killed workers are started anew");
  await picture("desktop-light");
  await click("cancel");
  await until(`${text("scope-state")} === "cancelled: 0 workers left"`, "nothing is left in the scope");
  await until(`Number(${text("alive")}) === 0`, "no task is left");
  await set("workers", 7);
  await look(`document.getElementById("start").focus()`);
  await press("Enter", 13, { text: "\r" });
  await until(`document.querySelectorAll("#tree li").length === 11`, "it starts again by the keyboard, with seven workers");
  await click("cancel");
  await until(`${text("scope-state")} === "cancelled: 0 workers left"`, "nothing is left again");

  await click("hire");
  await until(`Number(${text("blocks")}) > 3`, "workers count primes");
  await click("strike");
  await until(`Number(${text("deaths")}) === 1`, "a worker was killed");
  await until(`document.getElementById("crew").textContent.includes("life 2")`, "a killed worker comes back");
  const blocks = await look(`Number(${text("blocks")})`);
  await until(`Number(${text("blocks")}) > ${blocks} + 3`, "and works");
  await picture("workers");
  const count = async () => (await command("Target.getTargets", { filter: [{ type: "worker" }] })).targetInfos.length;
  if ((await count()) !== 3) throw new Error(`there are ${await count()} workers`);
  await click("dismiss");
  await until(`!document.getElementById("hire").disabled`, "the pool is closed");
  for (let attempt = 0; (await count()) > 0; attempt++) {
    if (attempt > 100) throw new Error("workers are left when the pool is closed");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  await set("load", 30000);
  const frames = {};
  for (const [button, what] of [["with", "tasks"], ["without", "promises"]]) {
    await click(button);
    await until(`${text("frame-text")}.startsWith("30000 ${what}:")`, "the load is done");
    frames[what] = Number(/ in (\d+) frames/.exec(await look(text("frame-text")))[1]);
  }
  if (frames.tasks < frames.promises + 3) throw new Error(`${frames.tasks} frames with tasks, ${frames.promises} with promises`);

  await click("find");
  await until(`${text("replay-text")}.includes("a deadlock")`, "some seed ends in a deadlock");
  const link = await look(`document.getElementById("share").href`);
  const outcome = await look(text("replay-text"));
  await set("seed", 99999);
  await set("step", 2);
  if (!(await look(`document.getElementById("share").href`)).startsWith(link.replace(/\d+$/, ""))) throw new Error("the link is to a run that is not shown");
  await click("simulate");
  await until(`${text("replay-text")}.startsWith("Seed 99999:")`, "another run");
  await click("find");
  await until(`${text("replay-text")}.includes("a deadlock")`, "after the last seed comes the first");
  await look(`{ const seed = document.getElementById("seed"); seed.focus(); seed.select(); }`);
  await type("-4.5");
  await until(`${text("replay-text")}.startsWith("Seed 0:")`, "a seed that there is not becomes one, once Enter is pressed");
  await look(`location.href = ${JSON.stringify(link)}`);
  await until(`${text("replay-text")} === ${JSON.stringify(outcome)}`, "the link replays the run");
  await set("step", 3);
  await until(`document.querySelectorAll("#timeline rect").length === 3`, "three steps are shown");
  const at = (step) => until(`Number(document.getElementById("step").value) === ${step} && document.querySelectorAll("#timeline rect").length === ${step}`, `step ${step} is shown`);
  for (const [button, step] of [["forth", 4], ["back", 3], ["back", 2], ["rewind", 0]]) {
    await click(button);
    await at(step);
  }
  await click("play");
  await until(`Number(document.getElementById("step").value) >= 3`, "it plays");
  await click("play");
  await set("step", 5);
  await click("share");
  const toStep = await look(`location.href`);
  await set("seed", 7);
  await click("simulate");
  await look(`location.hash = "bench"; location.href = ${JSON.stringify(toStep)}`);
  await at(5);
  await until(`${text("replay-text")} === ${JSON.stringify(outcome)}`, "the link to a step replays the run");

  await click("measure");
  await until(`[...document.querySelectorAll("#results td")].filter((cell) => parseInt(cell.textContent) > 0).length === 12 && !document.getElementById("measure").disabled`, "all is measured");

  const unused = (await look(`[...document.querySelectorAll("button, input, main a")].map(({ id }) => id)`)).filter((id) => !used.has(id));
  if (unused.length > 0) throw new Error(`nobody has used ${unused.join(", ")}`);
  await scheme("dark");
  await picture("desktop-dark");
  await keyboard();
  await screen(390, 844, true);
  await until(`document.documentElement.scrollWidth <= 390`, "a phone shows it without scrolling sideways");
  await picture("phone-dark");
  await documentation();
  links();
}

/** The pages of a folder, and of those in it. */
function* pages(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* pages(path);
    else if (entry.name.endsWith(".html")) yield path;
  }
}

/** Every link of every page leads to a file, and to a place that is there. */
function links() {
  const ids = new Map();
  const hasPlace = (file, place) => {
    if (!ids.has(file)) ids.set(file, new Set([...readFileSync(file, "utf8").matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)));
    return [place, decodeURIComponent(place)].some((place) => ids.get(file).has(place));
  };
  const broken = new Set();
  let count = 0;
  for (const file of pages(site)) {
    // What others wrote about their traits, and rustdoc repeats, has links that lead nowhere here.
    const [ours] = readFileSync(file, "utf8").split(`id="blanket-implementations-list"`);
    for (const [, link] of ours.matchAll(/<(?:a|link)\b[^>]*?\shref="([^"]*)"/g)) {
      if (/^(https?|data|javascript):|::|^(\.\.\/)+std\//.test(link)) continue;
      count += 1;
      const [path, place] = link.replaceAll("&amp;", "&").split("#");
      const target = path === "" ? file : join(dirname(file), decodeURIComponent(path.split("?")[0]));
      const isThere = existsSync(target.endsWith("/") ? join(target, "index.html") : target);
      // rustdoc writes what leads to lines of the sources by a script.
      const isExact = place && target.endsWith(".html") && !target.includes(join("api", "src", ""));
      if (!isThere || (isExact && !hasPlace(target, place))) broken.add(`${file.slice(site.length)} links to ${link}`);
    }
  }
  if (count < 1000) throw new Error(`there are ${count} links`);
  if (broken.size > 0) throw new Error([...broken].slice(0, 20).join("\n"));
}

/** The guide and the API: reached from the page, in its colours, by mouse and by keyboard. */
async function documentation() {
  const background = `getComputedStyle(document.body).backgroundColor`;
  const own = {};
  for (const value of ["light", "dark"]) {
    await scheme(value);
    await open("index.html");
    own[value] = await look(background);
  }
  const follow = async (selector) => {
    const loaded = new Promise((resolve) => (finish = resolve));
    await look(`document.querySelector(${JSON.stringify(selector)}).click()`);
    await loaded;
  };
  await screen(1100, 1400);
  await follow(`header nav a[href*="guide"]`);
  await until(`document.title.includes("guide")`, "the page leads to the guide");
  const chapters = await look(`[...new Set([...document.querySelectorAll(".docblock a[href$='index.html']")].map((a) => a.href))].filter((href) => href.includes("/guide/"))`);
  if (chapters.length < 12) throw new Error(`the guide has ${chapters.length} pages`);
  for (const value of ["light", "dark"]) {
    await scheme(value);
    await until(`${background} === ${JSON.stringify(own[value])}`, `the guide is ${value} as the page is`);
    await picture(`guide-${value}`);
  }
  for (const chapter of chapters) {
    await open(chapter.slice(address.length + 1));
    await until(`document.querySelectorAll(".docblock h2, .docblock h1").length > 0`, `${chapter} has a text`);
    if (!(await look(`document.querySelector("nav.site a").href.endsWith("/index.html")`))) throw new Error(`${chapter} has no way back`);
  }
  await screen(390, 844, true);
  for (const chapter of chapters) {
    await open(chapter.slice(address.length + 1));
    await until(`document.documentElement.scrollWidth <= 390`, `a phone shows ${chapter} without scrolling sideways`);
  }
  await open("api/creel/guide/getting_started/index.html");
  await picture("guide-phone");
  await screen(1100, 1400);
  await scheme("light");
  await open("api/creel/index.html");
  await picture("api-light");

  await open("index.html");
  await follow(`header nav a[href="npm.html"]`);
  await until(`document.querySelectorAll("article").length > 70`, "all that the package exports is there");
  for (const value of ["light", "dark"]) {
    await scheme(value);
    await until(`${background} === ${JSON.stringify(own[value])}`, `it is ${value} as the page is`);
    await picture(`npm-${value}`, false);
  }
  await screen(390, 844, true);
  await until(`document.documentElement.scrollWidth <= 390`, "a phone shows it without scrolling sideways");
  await picture("npm-phone", false);
  await screen(1100, 1400);
  await scheme("light");

  // With the keyboard alone: back to the page, and to the guide again.
  for (const [from, name, to] of [["api/creel/index.html", "creel", "/index.html"], ["index.html", "Guide", "guide/index.html"]]) {
    await open(from);
    let isThere = false;
    for (let n = 0; n < 40 && !isThere; n++) {
      await press("Tab", 9);
      isThere = await look(`document.activeElement.textContent === ${JSON.stringify(name)} && getComputedStyle(document.activeElement).outlineStyle !== "none"`);
    }
    if (!isThere) throw new Error(`the keyboard does not reach ${name} in ${from}`);
    await press("Enter", 13, { text: "\r" });
    await until(`location.pathname.endsWith(${JSON.stringify(to)}) && document.readyState === "complete"`, `${name} leads to ${to}`);
  }
}

function end(why) {
  clearTimeout(limit);
  if (why) process.stderr.write(`${why}\n`);
  else process.stdout.write("the site does what it shows\n");
  close(() => process.exit(why ? 1 : 0));
}

try {
  await visit();
  end(complaints.length > 0 ? complaints.join("\n") : "");
} catch (error) {
  end([error.stack, ...complaints].join("\n"));
}
