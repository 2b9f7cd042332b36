import type { Entry, Nonce, Token } from "../entry.js";
import type { StoreUnavailableError } from "../errors.js";
import { isCoveredBy, isPast, type Position } from "../position.js";
import type { Reading, SeenLease } from "../store.js";
import type { SeenRecord, SharedLook } from "./shared-look.js";

/** What callers see of a look. A hit needs little more than `entry` and `valid`; the rest is made when it is asked for. */
export class SeenReading implements Reading {
  readonly #look: SharedLook;
  readonly #record: SeenRecord;
  readonly #tags: readonly string[];
  /** null until they are asked for, which is after the look has run. */
  #held: SeenLease | undefined | null = null;
  #versions: ReadonlyMap<string, Nonce> | undefined;

  constructor(look: SharedLook, record: SeenRecord, tags: readonly string[]) {
    this.#look = look;
    this.#record = record;
    this.#tags = tags;
  }

  isFor(tags: readonly string[]): boolean {
    const own = this.#tags;
    return tags === own || (tags.length === own.length && tags.every((tag, at) => tag === own[at]));
  }

  /** Why it cannot be read: what it needs lies on a node of a cluster that is lost. */
  get failure(): StoreUnavailableError | undefined {
    return this.#look.failureOf(this.#record, this.#tags);
  }

  get sequence(): number {
    return this.#look.sequence;
  }

  get entry(): Entry | undefined {
    return this.#record.stored?.entry;
  }

  get valid(): boolean {
    return this.#record.valid;
  }

  /** Whether its caller will have the entry then, fresh or stale inside its window, without a load to wait for. */
  answersAt(nowMs: number): boolean {
    const { entry } = this;
    if (!entry || !this.valid) return false;
    return nowMs < entry.birthMs + entry.ttlMs + entry.staleWhileRevalidateMs;
  }

  /** Whoever asks for it is about to take the lease. */
  get token(): Token {
    this.#look.tellLog();
    return this.#record.stored?.token ?? "";
  }

  get lease(): SeenLease | undefined {
    return this.#record.stored?.isPass === false ? this.#hold() : undefined;
  }

  get pass(): boolean {
    return this.#record.stored?.isPass === true && this.#hold()?.doomed === false;
  }

  get doomed(): boolean {
    return this.#hold()?.doomed === true;
  }

  get versions(): ReadonlyMap<string, Nonce> {
    this.#versions ??= this.#readVersions();
    return this.#versions;
  }

  isCoveredBy(since: Position): boolean {
    return this.#tags.every((tag) => {
      const position = this.#look.tag(tag).version?.position;
      return position !== undefined && isCoveredBy(position, since);
    });
  }

  #readVersions(): ReadonlyMap<string, Nonce> {
    const versions = new Map<string, Nonce>();
    for (const tag of this.#tags) {
      const version = this.#look.tag(tag).version;
      if (version) versions.set(tag, version.nonce);
    }
    return versions;
  }

  #hold(): SeenLease | undefined {
    if (this.#held === null) this.#held = this.#readHold();
    return this.#held;
  }

  /** Who holds the key, if it still holds; doomed when a tag was evicted after that, or lost. */
  #readHold(): SeenLease | undefined {
    const { stored, seenAtMs } = this.#record;
    if (!stored || stored.isAtRest) return undefined;
    const remainingMs = stored.deadlineMs - seenAtMs;
    if (remainingMs <= 0) return undefined;
    const { position } = stored;
    const doomed = this.#tags.some((tag) => {
      const version = this.#look.tag(tag).version;
      if (!version) return true;
      return version.kind === "evicted" && isPast(version.position, position);
    });
    return { token: stored.token, remainingMs, doomed };
  }
}
