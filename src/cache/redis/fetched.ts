import type { Entry } from "../store.js";
import type { Command, Connection } from "./connection.js";
import type { Keys } from "./keys.js";
import { type Head, hasBody, readEntry, readHead } from "./record.js";
import { readTagVersion, type TagVersion } from "./tag-version.js";

/** A record as one flush of reads saw it; parsed once, however many ask for it. */
export interface SeenRecord {
  readonly head: Head;
  /** Absent where there is no body, or none that can be read. */
  readonly entry?: Entry;
}

/** Names in one MGET: enough for a list of a thousand to be a few commands, few enough to hold nobody up. */
const NAMES_AT_ONCE = 512;

/** What one flush of reads asked for, and what came. */
export class Fetched {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #replies = new Map<string, Buffer | null>();
  readonly #records = new Map<string, SeenRecord | undefined>();
  readonly #versions = new Map<string, TagVersion | undefined>();
  #asked = new Set<string>();

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  askForRecord(key: string): void {
    this.#ask(this.#keys.entry(key));
  }

  askForVersion(tag: string): void {
    this.#ask(this.#keys.tag(tag));
  }

  /** Whether the tag's version is known; where it was never asked for, it is not. */
  knowsVersion(tag: string): boolean {
    const name = this.#keys.tag(tag);
    return this.#replies.has(name) && !this.#asked.has(name);
  }

  get hasQuestions(): boolean {
    return this.#asked.size > 0;
  }

  /** One round trip for all that was asked for since the last one. */
  async fetch(): Promise<void> {
    const names = [...this.#asked];
    this.#asked.clear();
    const replies = await this.#connection.sendAll(this.#commands(names));
    // One list of replies for each MGET, or one reply for each GET.
    replies.flat().forEach((reply, index) => {
      if (Buffer.isBuffer(reply)) this.#replies.set(names[index] as string, reply);
    });
  }

  record(key: string): SeenRecord | undefined {
    const name = this.#keys.entry(key);
    if (this.#records.has(name)) return this.#records.get(name);
    const record = parse(this.#replies.get(name));
    this.#records.set(name, record);
    return record;
  }

  version(tag: string): TagVersion | undefined {
    if (this.#versions.has(tag)) return this.#versions.get(tag);
    const version = readTagVersion(this.#replies.get(this.#keys.tag(tag))?.toString("latin1"));
    this.#versions.set(tag, version);
    return version;
  }

  #ask(name: string): void {
    if (this.#replies.has(name)) return;
    this.#replies.set(name, null);
    this.#asked.add(name);
  }

  #commands(names: string[]): Command[] {
    if (this.#connection.isCluster) return names.map((name) => ["get", name]);
    const commands: Command[] = [];
    for (let from = 0; from < names.length; from += NAMES_AT_ONCE) {
      commands.push(["mget", ...names.slice(from, from + NAMES_AT_ONCE)]);
    }
    return commands;
  }
}

function parse(bytes: Buffer | null | undefined): SeenRecord | undefined {
  const head = bytes && readHead(bytes);
  if (!head) return undefined;
  if (!hasBody(bytes)) return { head };
  try {
    return { head, entry: readEntry(bytes) };
  } catch {
    // Foreign or damaged bytes are no entry; a fill replaces them.
    return { head };
  }
}
