// A server on loopback for what the tests fetch and connect to. Node alone, no packages.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

/** Starts it on a free port; `more` answers what it does not know itself. */
export async function startServer(more = notFound) {
  const server = createServer((request, response) => {
    const route = routes[new URL(request.url, "http://host").pathname] ?? more;
    // Isolation gives the pages their finest clock.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("Cross-Origin-Resource-Policy", "cross-origin");
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Cache-Control", "no-store");
    Promise.resolve(route(request, response)).catch(() => response.destroy());
  });
  server.on("upgrade", upgrade);
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { server, address: `http://127.0.0.1:${server.address().port}` };
}

export async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function notFound(_, response) {
  response.writeHead(404).end("nothing here");
}

let aborted = 0;
let flooded = 0;

const routes = {
  // The body comes back with its type.
  "/echo": async (request, response) => {
    const body = await bodyOf(request);
    response.writeHead(200, { "Content-Type": request.headers["content-type"] ?? "", "X-Method": request.method });
    response.end(body);
  },
  // A chunk every few milliseconds: /stream?chunks=5
  "/stream": async (request, response) => {
    const chunks = Number(new URL(request.url, "http://host").searchParams.get("chunks"));
    for (let chunk = 0; chunk < chunks; chunk++) {
      response.write(`chunk ${chunk};`);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    response.end();
  },
  // Headers, a beginning, and then nothing until the client goes.
  "/endless": (request, response) => {
    response.on("close", () => aborted++);
    response.write("once;");
  },
  // How many have left /endless.
  "/aborted": (_, response) => response.end(String(aborted)),
  // How many bytes /flood has sent.
  "/flooded": (_, response) => response.end(String(flooded)),
  // The connection breaks in the middle of the body.
  "/broken": (_, response) => {
    response.writeHead(200, { "Content-Length": "1000" });
    response.write("a beginning");
    setTimeout(() => response.destroy(), 5);
  },
};

// WebSocket, as much as an echo needs (RFC 6455): what comes goes back, text as text and bytes as
// bytes; "close CODE" closes with that code, "drop" breaks the connection. On /slow the server
// does not read until half a second has passed; on /flood it sends 64 MiB as fast as they are taken.
function upgrade(request, socket) {
  socket.on("error", () => {});
  const key = request.headers["sec-websocket-key"];
  if (!key || request.url === "/refused") return socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const protocol = request.headers["sec-websocket-protocol"]?.split(",")[0].trim();
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n${protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ""}\r\n`,
  );
  let pending = Buffer.alloc(0);
  let kind = 0;
  let message = [];
  let closing = false;
  if (request.url === "/slow") {
    socket.pause();
    setTimeout(() => socket.resume(), 500);
  }
  if (request.url === "/flood") {
    flooded = 0;
    const part = Buffer.alloc(60_000);
    const more = () => {
      while (!socket.destroyed && flooded < 64 << 20) {
        flooded += part.length;
        if (!send(2, part)) return socket.once("drain", more);
      }
    };
    more();
  }
  socket.on("data", (data) => {
    pending = Buffer.concat([pending, data]);
    for (let frame = takeFrame(); frame; frame = takeFrame()) handle(frame);
  });

  function takeFrame() {
    if (pending.length < 2) return null;
    let length = pending[1] & 127;
    let at = 2;
    if (length === 126) {
      if (pending.length < 4) return null;
      length = pending.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (pending.length < 10) return null;
      length = Number(pending.readBigUInt64BE(2));
      at = 10;
    }
    if (pending.length < at + 4 + length) return null;
    const mask = pending.subarray(at, at + 4);
    const payload = Buffer.from(pending.subarray(at + 4, at + 4 + length));
    for (let i = 0; i < length; i++) payload[i] ^= mask[i & 3];
    const frame = { final: (pending[0] & 128) !== 0, opcode: pending[0] & 15, payload };
    pending = pending.subarray(at + 4 + length);
    return frame;
  }

  function handle({ final, opcode, payload }) {
    if (opcode === 8) {
      if (!closing) send(8, payload);
      return socket.end();
    }
    if (opcode === 9) return send(10, payload);
    if (opcode > 2) return;
    if (opcode !== 0) kind = opcode;
    message.push(payload);
    if (!final) return;
    const whole = Buffer.concat(message);
    message = [];
    const text = kind === 1 ? whole.toString() : "";
    if (text.startsWith("close ")) {
      const code = Buffer.alloc(2);
      code.writeUInt16BE(Number(text.slice(6)));
      closing = true;
      send(8, Buffer.concat([code, Buffer.from("as asked")]));
    } else if (text === "drop") {
      socket.destroy();
    } else {
      send(kind, whole);
    }
  }

  function send(opcode, payload) {
    if (socket.destroyed) return false;
    let head = Buffer.from([128 | opcode, payload.length]);
    if (payload.length > 65535) {
      head = Buffer.alloc(10);
      head[0] = 128 | opcode;
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(payload.length), 2);
    } else if (payload.length > 125) {
      head = Buffer.alloc(4);
      head[0] = 128 | opcode;
      head[1] = 126;
      head.writeUInt16BE(payload.length, 2);
    }
    return socket.write(Buffer.concat([head, payload]));
  }
}
