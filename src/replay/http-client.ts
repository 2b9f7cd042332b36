import { Agent, request } from "node:http";

/** One server's /graphql, asked over connections that stay open. */
export interface HttpClient {
  /** @throws RequestFailedError for anything but a status of 200 */
  post(query: string, variables?: Record<string, unknown>, token?: string): Promise<string>;
  /** Another path of the same server. */
  get(path: string, token?: string): Promise<string>;
  close(): void;
}

export class RequestFailedError extends Error {
  override readonly name = "RequestFailedError";
  readonly code = "E_REPLAY_REQUEST";
}

export function createHttpClient(url: string): HttpClient {
  const agent = new Agent({ keepAlive: true });

  function send(
    target: URL,
    method: "GET" | "POST",
    token?: string,
    body?: string,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown, reason: string) =>
        reject(new RequestFailedError(`${target} must answer, but: ${reason}`, { cause }));
      const sent = request(
        target,
        {
          method,
          agent,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(body !== undefined && {
              "content-type": "application/json",
              "content-length": Buffer.byteLength(body),
            }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", (error) => fail(error, error.message));
          response.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            if (response.statusCode === 200) resolve(text);
            else fail(undefined, `${response.statusCode} ${text.slice(0, 300)}`);
          });
        },
      );
      sent.on("error", (error) => fail(error, error.message));
      sent.end(body);
    });
  }

  return {
    post: (query, variables, token) =>
      send(new URL(url), "POST", token, JSON.stringify({ query, variables })),
    get: (path, token) => send(new URL(path, url), "GET", token),
    close: () => agent.destroy(),
  };
}
