import { createReadStream } from "node:fs";

/** Whether a whole file is UTF-8. A Windows-1252 text with a letter beyond ASCII practically never is. */
export async function isUtf8(path: string): Promise<boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const stream = createReadStream(path);
  try {
    for await (const chunk of stream) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Turns a file's bytes into text, chunk by chunk. */
export async function* decodeChunks(
  chunks: AsyncIterable<Buffer>,
  encoding: "utf8" | "windows-1252",
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8");
  for await (const chunk of chunks) {
    yield encoding === "utf8" ? decoder.decode(chunk, { stream: true }) : fromWindows1252(chunk);
  }
  if (encoding === "utf8") yield decoder.decode();
}

/** Makes every line end a single character: csv-parse counts a CRLF inside quotes as two lines. */
export async function* withPlainLineEnds(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let carried = "";
  for await (const text of texts) {
    const whole = carried + text;
    carried = whole.endsWith("\r") ? "\r" : ""; // Its other half may come with the next chunk.
    yield whole.slice(0, whole.length - carried.length).replaceAll("\r\n", "\n");
  }
  yield carried;
}

/**
 * Latin-1 but for 0x80 to 0x9F.
 * Several releases of Node decode "windows-1252" as plain Latin-1, so their TextDecoder is of no use here.
 */
export function fromWindows1252(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/[\x80-\x9f]/g, (c) => high[c.charCodeAt(0) - 0x80] ?? c);
}

const high = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
