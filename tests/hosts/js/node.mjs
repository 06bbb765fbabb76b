// Preloaded by Node (`node --import node.mjs PROGRAM [ARGUMENT..]`): the harness that a program of
// cases finds, and a server for it.
import { startServer } from "./server.mjs";

const { server, address } = await startServer();
// Node ends when nothing is left to wait for, whatever the server does.
server.unref();
server.on("connection", (socket) => socket.unref());

const harness = {
  context: "node",
  server: address,
  transport: "",
  arguments: process.argv.slice(2),
  print: (text) => process.stdout.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
};

let isAsked = false;
Object.defineProperty(globalThis, "harness", {
  get() {
    // A case that hangs must not look like the end; a program without cases ends as it likes.
    if (!isAsked) process.exitCode = 1;
    isAsked = true;
    return harness;
  },
});
