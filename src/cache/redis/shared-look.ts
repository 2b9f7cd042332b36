import type { Entry, Nonce } from "../entry.js";
import type { StoreUnavailableError } from "../errors.js";
import { nextSequence } from "../sequence.js";
import type { Connection } from "./connection.js";
import { Fetch } from "./fetch.js";
import type { Keys } from "./keys.js";
import type { EvictionLog } from "./log.js";
import { StoredRecord } from "./record.js";
import { SeenReading } from "./seen-reading.js";
import { nonceOf, readTagVersion, type TagVersion } from "./tag-version.js";

/** What one flush sees: each key and each tag is asked for and parsed once, however many want it. */
export class SharedLook {
  readonly sequence = nextSequence();
  readonly #fetch: Fetch;
  readonly #keys: Keys;
  readonly #log: EvictionLog;
  readonly #serverNow: () => number;
  readonly #records = new Map<string, SeenRecord>();
  readonly #tags = new Map<string, SeenTag>();
  #hasTold = false;

  constructor(connection: Connection, keys: Keys, log: EvictionLog, serverNow: () => number) {
    this.#fetch = new Fetch(connection);
    this.#keys = keys;
    this.#log = log;
    this.#serverNow = serverNow;
  }

  /** To be looked at once the look has run. */
  askFor(key: string, tags: readonly string[]): SeenReading {
    for (const tag of tags) this.tag(tag);
    let record = this.#records.get(key);
    if (!record) {
      record = new SeenRecord(this.#fetch, this.#keys.entry(key), this.#serverNow);
      this.#records.set(key, record);
    }
    return record.readingFor(this, tags);
  }

  /** One round trip for all that was asked for since the last one. Then asks for the tags that entries told of. */
  async run(): Promise<void> {
    await this.#fetch.run();
    for (const record of this.#records.values()) record.check(this);
  }

  /** True while tags that were known only from entries are to be asked for. */
  get isOpen(): boolean {
    return this.#fetch.isOpen;
  }

  failureOf(record: SeenRecord, tags: readonly string[]): StoreUnavailableError | undefined {
    const needed = [...tags, ...(record.stored?.entry?.tags ?? [])].map((tag) => this.tag(tag));
    return this.#fetch.failure([record.place, ...needed.map(({ place }) => place)]);
  }

  /** True where a node of a cluster that was needed is lost. */
  get hasFailed(): boolean {
    return this.#fetch.hasFailed;
  }

  tag(name: string): SeenTag {
    let tag = this.#tags.get(name);
    if (!tag) {
      tag = new SeenTag(this.#fetch, this.#keys.tag(name));
      this.#tags.set(name, tag);
    }
    return tag;
  }

  /** A lease is marked with the head as known: one behind the tags' versions would look doomed from the start. */
  tellLog(): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    for (const { version } of this.#tags.values()) if (version) this.#log.hearVersion(version);
  }
}

export class SeenRecord {
  readonly #fetch: Fetch;
  readonly place: number;
  readonly #serverNow: () => number;
  #stored: StoredRecord | undefined;
  #isRead = false;
  #reading: SeenReading | undefined;
  seenAtMs = 0;
  valid = false;

  constructor(fetch: Fetch, name: string, serverNow: () => number) {
    this.#fetch = fetch;
    this.place = fetch.ask(name);
    this.#serverNow = serverNow;
  }

  get stored(): StoredRecord | undefined {
    return this.#stored;
  }

  /** A crowd that asks for one key with the same tags sees the same. */
  readingFor(look: SharedLook, tags: readonly string[]): SeenReading {
    if (!this.#reading?.isFor(tags)) this.#reading = new SeenReading(look, this, tags);
    return this.#reading;
  }

  check(look: SharedLook): void {
    if (!this.#isRead) {
      this.#isRead = true;
      this.#stored = StoredRecord.of(this.#fetch.reply(this.place));
      if (this.#stored?.isAtRest === false) this.seenAtMs = this.#serverNow();
    }
    const entry = this.#stored?.entry;
    this.valid = entry !== undefined && hasItsVersions(entry, look);
  }
}

class SeenTag {
  readonly #fetch: Fetch;
  readonly place: number;
  #nonce: Nonce | undefined | null = null;
  #version: TagVersion | undefined | null = null;

  constructor(fetch: Fetch, name: string) {
    this.#fetch = fetch;
    this.place = fetch.ask(name);
  }

  /** undefined for an absent version, and for one not known yet. */
  get nonce(): Nonce | undefined {
    if (this.#nonce === null) {
      if (!this.#fetch.has(this.place)) return undefined;
      this.#nonce = nonceOf(this.#fetch.reply(this.place));
    }
    return this.#nonce;
  }

  /** undefined for an absent one. */
  get version(): TagVersion | undefined {
    if (this.#version === null) {
      this.#version = readTagVersion(this.#fetch.reply(this.place)?.toString("latin1"));
    }
    return this.#version;
  }
}

/** Asks for those not known yet: every one, so that one more round trip is the last. */
function hasItsVersions({ tags, nonces }: Entry, look: SharedLook): boolean {
  for (let index = 0; index < tags.length; index += 1) {
    if (look.tag(tags[index] as string).nonce !== nonces[index]) {
      for (const tag of tags) look.tag(tag);
      return false;
    }
  }
  return true;
}
