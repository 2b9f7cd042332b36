import { connect, type Socket } from "node:net";

/** One keep-alive connection that sends a request and waits for the whole answer, at the least cost to the machine. */
export interface HttpConnection {
  send(request: Buffer): Promise<string>;
  close(): void;
}

export function postRequest(port: number, body: object): Buffer {
  const json = JSON.stringify(body);
  const head = [
    "POST /graphql HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(json)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${json}`);
}

export async function openConnection(port: number): Promise<HttpConnection> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opening = connect(port, "127.0.0.1", () => resolve(opening));
    opening.setNoDelay(true).once("error", reject);
  });
  let received = Buffer.alloc(0);
  let answer: ((body: string) => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  socket.on("error", (error) => fail?.(error));
  socket.on("close", () => fail?.(new Error("The server closed the connection.")));
  socket.on("data", (data) => {
    received = received.length === 0 ? data : Buffer.concat([received, data]);
    const headEnd = received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = received.toString("latin1", 0, headEnd);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (received.length < headEnd + 4 + length) return;
    const body = received.toString("utf8", headEnd + 4);
    received = Buffer.alloc(0);
    if (head.startsWith("HTTP/1.1 200")) answer?.(body);
    else fail?.(new Error(`The server answered ${head.split("\r\n")[0]}: ${body.slice(0, 300)}`));
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        answer = resolve;
        fail = reject;
        socket.write(request);
      }),
    close: () => {
      fail = undefined;
      socket.destroy();
    },
  };
}

/** Answers a second with all connections busy for so long, each with one of the requests by chance after another. */
export async function loadFor(
  connections: readonly HttpConnection[],
  requests: readonly Buffer[],
  ms: number,
): Promise<number> {
  const startedAt = performance.now();
  let answered = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() - startedAt < ms) {
        await connection.send(requests[Math.floor(Math.random() * requests.length)] as Buffer);
        answered += 1;
      }
    }),
  );
  return (answered / (performance.now() - startedAt)) * 1000;
}
