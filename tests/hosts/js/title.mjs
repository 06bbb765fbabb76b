// Opens a page and waits until its title is what it should be: title.mjs CHROMIUM ADDRESS TITLE. It asks
// for nothing outside of ADDRESS, and throws nothing.
import { launch } from "./devtools.mjs";

const LIMIT_MS = 60_000;
const [chromium, address, title] = process.argv.slice(2);
const complaints = [];
const { command, close } = launch(chromium, {
  onEvent({ method, params }) {
    if (method === "Runtime.exceptionThrown") complaints.push(params.exceptionDetails.exception?.description);
    if (method === "Network.requestWillBeSent" && !/^(data|blob):/.test(params.request.url) && !params.request.url.startsWith(address)) {
      complaints.push(`asks for ${params.request.url}`);
    }
  },
  onEnd: (why) => end(why),
});
const { targetId } = await command("Target.createTarget", { url: "about:blank" });
const { sessionId } = await command("Target.attachToTarget", { targetId, flatten: true });
for (const domain of ["Page", "Runtime", "Network"]) await command(`${domain}.enable`, {}, sessionId);
await command("Page.navigate", { url: address }, sessionId);

let seen;
for (const begin = Date.now(); seen !== title && complaints.length === 0 && Date.now() - begin < LIMIT_MS; ) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { result } = await command("Runtime.evaluate", { expression: "document.title" }, sessionId);
  seen = result.value;
}
if (seen !== title) complaints.push(`the title is ${JSON.stringify(seen)}`);
end(complaints.join("\n"));

function end(why) {
  if (why) process.stderr.write(`${why}\n`);
  else process.stdout.write(`${title}\n`);
  close(() => process.exit(why ? 1 : 0));
}
