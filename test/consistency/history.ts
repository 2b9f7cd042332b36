import type { LookupStatus, RefusalReason } from "../../src/cache/index.js";

/** What a load returns: where it comes from, and how old the oldest thing is that it has seen. */
export interface Value {
  readonly load: string;
  readonly worker: string;
  readonly operation: string;
  /** When the load began; of a `set`, when it was called. */
  readonly beganMs: number;
  /** When the oldest of its versions was asked for: before `beganMs` where the operation remembered one. */
  readonly seenMs: number;
  /** The origin's version of each of the entry's tags. */
  readonly versions: Readonly<Record<string, number>>;
}

interface Act {
  /** The process: a restarted one has another name. */
  readonly worker: string;
  readonly beginMs: number;
  readonly endMs: number;
}

export interface Read extends Act {
  readonly type: "read";
  readonly key: string;
  readonly operation: string;
  readonly operationBeganMs: number;
  readonly how: LookupStatus | "get" | "many" | "error";
  readonly value?: Value | undefined;
}

/** A load begins. */
export interface LoadBegin {
  readonly type: "load";
  readonly worker: string;
  readonly key: string;
  readonly load: string;
  readonly tags: readonly string[];
  /** When the lookup was called that runs it. */
  readonly calledMs: number;
  readonly beginMs: number;
  /** False for a load whose result is not to be stored, whatever it is. */
  readonly underLease: boolean;
}

export interface LoadEnd {
  readonly type: "loaded";
  readonly load: string;
  readonly endMs: number;
  readonly threw: boolean;
}

/** A write is about to happen; that it was is known even when its process dies in the middle. */
export type WriteBegin = { readonly worker: string; readonly write: string; beginMs: number } & (
  | { readonly type: "evict"; readonly tags: readonly string[] }
  | { readonly type: "delete"; readonly key: string }
  | { readonly type: "set"; readonly key: string }
);

export interface WriteEnd {
  readonly type: "written";
  readonly write: string;
  /** When the cache was called; the origin's versions were raised before. */
  readonly beginMs: number;
  readonly endMs: number;
  /** `delivered` of an eviction or deletion, `stored` of a set. */
  readonly done: boolean;
}

/** Something that the cache of a process told. */
export interface Told {
  readonly type: "outage" | "recovery" | "refused";
  readonly worker: string;
  readonly atMs: number;
  readonly key?: string;
  readonly reason?: RefusalReason;
  /** The call it belongs to. */
  readonly call?: string;
}

/** The process did not run for a while: too few processors, a long computation, SIGSTOP. */
export interface Stall extends Act {
  readonly type: "stall";
}

export type FaultName =
  | "kill"
  | "pause"
  | "cut"
  | "pause server"
  | "lose version"
  | "lose log"
  | "lose entry"
  | "flush"
  | "forget scripts"
  | "failover"
  | "move slot";

export interface Fault {
  readonly type: "fault";
  readonly fault: FaultName;
  readonly beginMs: number;
  endMs: number;
  /** The process that it befell; of an open one, all. */
  readonly worker?: string;
  readonly tags?: readonly string[];
  readonly key?: string;
}

export type Message = Read | LoadEnd | WriteEnd | Told | Stall;

export interface Load extends LoadBegin {
  endMs: number;
  threw: boolean;
}

export type Write = WriteBegin & {
  /** When it was announced; `beginMs` is when the cache was called. */
  readonly beganMs: number;
  /** The origin's versions of the evicted tags, once they were raised for it. */
  versions: Readonly<Record<string, number>>;
  /** Infinity while nobody knows that it ended. */
  endMs: number;
  done: boolean;
};

/** All that happened in a run, as far as it was told. */
export interface History {
  readonly reads: Read[];
  readonly loads: Map<string, Load>;
  readonly writes: Map<string, Write>;
  readonly told: Told[];
  readonly stalls: Stall[];
  readonly faults: Fault[];
  /** Processes that ended by themselves. */
  readonly crashes: string[];
  /** Faults that could not be caused as meant. */
  readonly troubles: string[];
  beginLoad(load: LoadBegin): void;
  beginWrite(write: WriteBegin, versions: Readonly<Record<string, number>>): void;
  add(message: Message): void;
  /** The process ran at that time. */
  hear(worker: string, atMs: number): void;
  /** What the process was doing ended with it; of what it did since it was last heard, nobody knows. */
  end(worker: string, atMs: number): void;
}

export function createHistory(): History {
  const heardMs = new Map<string, number>();
  const history: History = {
    reads: [],
    loads: new Map(),
    writes: new Map(),
    told: [],
    stalls: [],
    faults: [],
    crashes: [],
    troubles: [],
    beginLoad(load) {
      history.loads.set(load.load, { ...load, endMs: Number.POSITIVE_INFINITY, threw: false });
    },
    beginWrite(write, versions) {
      history.writes.set(write.write, {
        ...write,
        versions,
        beganMs: write.beginMs,
        endMs: Number.POSITIVE_INFINITY,
        done: false,
      });
    },
    add(message) {
      switch (message.type) {
        case "read":
          history.reads.push(message);
          return;
        case "stall":
          history.stalls.push(message);
          return;
        case "loaded": {
          const load = history.loads.get(message.load);
          if (load) Object.assign(load, { endMs: message.endMs, threw: message.threw });
          return;
        }
        case "written": {
          const { beginMs, endMs, done } = message;
          const write = history.writes.get(message.write);
          if (write) Object.assign(write, { beginMs, endMs, done });
          return;
        }
        default:
          history.told.push(message);
      }
    },
    hear(worker, atMs) {
      heardMs.set(worker, atMs);
    },
    end(worker, atMs) {
      history.stalls.push({
        type: "stall",
        worker,
        beginMs: heardMs.get(worker) ?? 0,
        endMs: atMs,
      });
      for (const load of history.loads.values()) {
        if (load.worker === worker && load.endMs === Number.POSITIVE_INFINITY) load.endMs = atMs;
      }
    },
  };
  return history;
}
