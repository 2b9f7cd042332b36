import { createDeferred, type Deferred } from "../deferred.js";
import { isCoveredBy, type Position } from "../position.js";
import type { ChangeListener, ChangeStream } from "../store.js";
import type { EvictionLog } from "./log.js";
import { readLogPosition } from "./tag-version.js";

/** What the pushes amount to: changes in their order, and up to which position of the log none is missing. */
export interface Changes extends ChangeStream {
  /** A message of the channel of evictions: `<position>`, ` <tag>`, or both as `<position> <tag>`. */
  hearEviction(message: string): void;
  hearKey(key: string): void;
  /** Pushes come from now on: what was told before was not heard. */
  connect(): void;
  /** They come no more. */
  disconnect(): void;
}

/** So long a push may trail the reply that it belongs to before it counts as lost. */
const TRAILS_BY_MS = 1000;

/** Positions count on by one, so one that is missing shows in those that follow, and in the log's head. */
export function createChanges(log: EvictionLog, listener: ChangeListener): Changes {
  let told: Position | undefined;
  let isConnected = false;
  let isOpen = false;
  let generation = 0;
  /** Told ahead of one that is missing still. */
  const ahead = new Set<number>();
  let aheadEpoch: number | undefined;
  let moved: Deferred<void> | undefined;

  function hearPosition(position: Position): void {
    if (aheadEpoch !== position.epoch) {
      ahead.clear();
      aheadEpoch = position.epoch;
      // A new log: everything was cleared, or nobody can tell what came before it.
      if (told && told.epoch !== position.epoch) {
        listener.onAll();
        open();
      }
    }
    ahead.add(position.n);
    advance();
  }

  function advance(): void {
    if (!isOpen || !told || aheadEpoch !== told.epoch) return;
    let { n } = told;
    while (ahead.delete(n + 1)) n += 1;
    if (n === told.n) return;
    told = { epoch: told.epoch, n };
    for (const old of ahead) if (old <= n) ahead.delete(old);
    moved?.resolve();
    moved = undefined;
  }

  function open(): void {
    close();
    if (!isConnected) return;
    const own = generation;
    log.read().then(
      (head) => {
        if (own !== generation) return;
        told = head;
        isOpen = true;
        if (aheadEpoch !== head.epoch) ahead.clear();
        aheadEpoch = head.epoch;
        for (const old of ahead) if (old <= head.n) ahead.delete(old);
        listener.onOpen();
        advance();
      },
      // The next confirmation tries again.
      () => {},
    );
  }

  function close(): void {
    generation += 1;
    if (isOpen) listener.onGap();
    isOpen = false;
  }

  async function isComplete(): Promise<boolean> {
    if (!isOpen) {
      open();
      return false;
    }
    const own = generation;
    const head = await log.read();
    const deadline = performance.now() + TRAILS_BY_MS;
    while (own === generation && told && !isCoveredBy(head, told)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || head.epoch !== told.epoch) {
        open();
        return false;
      }
      moved ??= createDeferred();
      await Promise.race([moved.promise, pause(leftMs)]);
    }
    return own === generation;
  }

  return {
    get told() {
      return told;
    },
    isComplete,
    hearEviction(message) {
      const at = message.indexOf(" ");
      if (at !== -1) listener.onTag(message.slice(at + 1));
      const position = readLogPosition(at === -1 ? message : message.slice(0, at));
      if (position) hearPosition(position);
    },
    hearKey: (key) => listener.onKey(key),
    connect() {
      isConnected = true;
      open();
    },
    disconnect() {
      isConnected = false;
      close();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.ceil(ms)).unref();
  });
}
