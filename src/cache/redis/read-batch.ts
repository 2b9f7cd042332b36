import { isPast } from "../position.js";
import { nextSequence } from "../sequence.js";
import type { Entry, Nonce, Reading, SeenLease, Token } from "../store.js";
import { createTickBatch } from "../tick-batch.js";
import type { Connection } from "./connection.js";
import { Fetch } from "./fetch.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import { StoredRecord } from "./record.js";
import { readTagVersion, type TagVersion } from "./tag-version.js";

interface Wanted {
  readonly key: string;
  readonly tags: readonly string[];
  readonly resolve: (reading: Reading) => void;
  readonly reject: (error: unknown) => void;
}

export type ReadStep = (key: string, tags: readonly string[]) => Promise<Reading>;

/**
 * All reads of one tick share a round trip; tags known only from the entries cost one more. What needs no second one
 * and is valid settles after the first; all others settle together, so that their loads begin in one tick.
 */
export function createReadBatch(
  connection: Connection,
  keys: Keys,
  log: EvictionLog,
  serverNow: () => number,
): ReadStep {
  const enqueue = createTickBatch<Wanted>((items) => {
    flush(items).catch((error) => {
      for (const { reject } of items) reject(error);
    });
  });

  async function flush(items: Wanted[]): Promise<void> {
    const look = new Look(connection, keys, serverNow);
    const places = items.map((item) => look.askFor(item));
    await look.run();
    let readings = items.map((item, index) => look.reading(item, places[index] as number));
    if (look.isOpen) {
      const first = readings;
      items.forEach((item, index) => {
        const reading = first[index] as Reading;
        if (reading.valid) item.resolve(reading);
      });
      await look.run();
      readings = items.map((item, index) => look.reading(item, places[index] as number));
    }
    look.tell(log);
    items.forEach((item, index) => {
      item.resolve(readings[index] as Reading);
    });
  }

  return (key, tags) =>
    new Promise((resolve, reject) => {
      enqueue({ key, tags, resolve, reject });
    });
}

/** What one flush sees. Records and versions are parsed once, however many ask for them. */
class Look {
  readonly sequence = nextSequence();
  readonly #fetch: Fetch;
  readonly #keys: Keys;
  readonly #serverNow: () => number;
  readonly #records = new Map<number, StoredRecord | undefined>();
  readonly #versions = new Map<string, TagVersion | undefined>();
  readonly #tagPlaces = new Map<string, number>();

  constructor(connection: Connection, keys: Keys, serverNow: () => number) {
    this.#fetch = new Fetch(connection);
    this.#keys = keys;
    this.#serverNow = serverNow;
  }

  askFor({ key, tags }: Wanted): number {
    for (const tag of tags) this.#askForTag(tag);
    return this.#fetch.ask(this.#keys.entry(key));
  }

  run(): Promise<void> {
    return this.#fetch.run();
  }

  get isOpen(): boolean {
    return this.#fetch.isOpen;
  }

  reading(wanted: Wanted, place: number): Reading {
    return new SeenReading(this, this.#record(place), wanted.tags, this.#serverNow);
  }

  /** undefined for an absent version; null for one that is not known yet, and asked for next. */
  version(tag: string): TagVersion | undefined | null {
    const known = this.#versions.get(tag);
    if (known || this.#versions.has(tag)) return known;
    const place = this.#askForTag(tag);
    if (!this.#fetch.has(place)) return null;
    const version = readTagVersion(this.#fetch.reply(place)?.toString("latin1"));
    this.#versions.set(tag, version);
    return version;
  }

  /** A lease is marked with the head as known: one behind the tags' versions would look doomed from the start. */
  tell(log: EvictionLog): void {
    for (const tag of this.#tagPlaces.keys()) this.version(tag);
    for (const version of this.#versions.values()) if (version) log.hearVersion(version);
  }

  #askForTag(tag: string): number {
    let place = this.#tagPlaces.get(tag);
    if (place === undefined) {
      place = this.#fetch.ask(this.#keys.tag(tag));
      this.#tagPlaces.set(tag, place);
    }
    return place;
  }

  #record(place: number): StoredRecord | undefined {
    const known = this.#records.get(place);
    if (known) return known;
    const record = StoredRecord.of(this.#fetch.reply(place));
    this.#records.set(place, record);
    return record;
  }
}

/** One caller's view of a look. A hit needs little more than `entry` and `valid`; the rest is told when asked for. */
class SeenReading implements Reading {
  readonly #look: Look;
  readonly #record: StoredRecord | undefined;
  readonly #tags: readonly string[];
  readonly #seenAtMs: number;
  readonly valid: boolean;

  constructor(
    look: Look,
    record: StoredRecord | undefined,
    tags: readonly string[],
    serverNow: () => number,
  ) {
    this.#look = look;
    this.#record = record;
    this.#tags = tags;
    this.#seenAtMs = record?.isAtRest === false ? serverNow() : 0;
    const entry = record?.entry;
    this.valid = entry !== undefined && hasItsVersions(entry, look);
  }

  get sequence(): number {
    return this.#look.sequence;
  }

  get entry(): Entry | undefined {
    return this.#record?.entry;
  }

  get token(): Token {
    return this.#record?.token ?? "";
  }

  get lease(): SeenLease | undefined {
    return this.#record?.isPass === false ? this.#hold() : undefined;
  }

  get pass(): boolean {
    return this.#record?.isPass === true && this.#hold()?.doomed === false;
  }

  get versions(): ReadonlyMap<string, Nonce> {
    const versions = new Map<string, Nonce>();
    for (const tag of this.#tags) {
      const version = this.#look.version(tag);
      if (version) versions.set(tag, version.nonce);
    }
    return versions;
  }

  /** Who holds the key, if it still holds; doomed when a tag was evicted after that, or lost. */
  #hold(): SeenLease | undefined {
    const record = this.#record;
    if (!record || record.isAtRest) return undefined;
    const remainingMs = record.deadlineMs - this.#seenAtMs;
    if (remainingMs <= 0) return undefined;
    const { position } = record;
    const doomed = this.#tags.some((tag) => {
      const version = this.#look.version(tag);
      if (!version) return true;
      return version.kind === "evicted" && isPast(version.position, position);
    });
    return { token: record.token, remainingMs, doomed };
  }
}

function hasItsVersions({ tags, nonces }: Entry, look: Look): boolean {
  for (let index = 0; index < tags.length; index += 1) {
    const version = look.version(tags[index] as string);
    if (version?.nonce !== nonces[index]) {
      // Every tag is asked for, so that one more round trip is the last.
      for (const tag of tags) look.version(tag);
      return false;
    }
  }
  return true;
}
