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
  /** When its lease was asked for; absent for a load whose result is not to be stored, whatever it is. */
  readonly leasedMs?: number | undefined;
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

/** What an eviction is aimed at. */
export interface Aim {
  readonly tags: readonly string[];
  readonly keys: readonly string[];
  readonly everything: boolean;
}

/**
 * A store is asked to evict: for a caller, or because the engine delivers late what could not be delivered, or issues
 * again what a promotion may have undone.
 */
export interface IssueBegin extends Aim {
  readonly type: "issue";
  readonly worker: string;
  readonly issue: string;
  readonly beginMs: number;
}

export interface IssueEnd {
  readonly type: "issued";
  readonly issue: string;
  readonly endMs: number;
  /** False where nobody knows whether it was carried out. */
  readonly done: boolean;
}

/** Something that the cache of a process told, or its store. */
export interface Told {
  /** A promotion is told by the store, when it has seen that a server was replaced. */
  readonly type: "outage" | "recovery" | "refused" | "promotion" | "node lost" | "node back";
  readonly worker: string;
  readonly atMs: number;
  readonly key?: string;
  readonly reason?: RefusalReason;
  /** Of an outage. */
  readonly cause?: string;
  /** Of a cluster, which one. */
  readonly node?: string;
  /** The call it belongs to. */
  readonly call?: string;
  /** When the server was lost that another was promoted for. */
  readonly lostMs?: number;
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
  /** It could not be caused as meant. */
  failed?: boolean;
  /** The process that it befell; of an open one, all. */
  readonly worker?: string;
  readonly tags?: readonly string[];
  readonly key?: string;
}

export type Message = Read | LoadEnd | WriteEnd | IssueEnd | Told | Stall;

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

export interface Issue extends IssueBegin {
  /** Infinity while nobody knows that it ended. */
  endMs: number;
  done: boolean;
}

/** All that happened in a run, as far as it was told. */
export interface History {
  readonly reads: Read[];
  readonly loads: Map<string, Load>;
  readonly writes: Map<string, Write>;
  readonly issues: Map<string, Issue>;
  readonly told: Told[];
  readonly stalls: Stall[];
  readonly faults: Fault[];
  /** Processes that ended, and when they were last heard. */
  readonly ends: Map<string, number>;
  /** Processes that ended by themselves. */
  readonly crashes: string[];
  /** Faults that could not be caused as meant. */
  readonly troubles: string[];
  beginLoad(load: LoadBegin): void;
  beginWrite(write: WriteBegin, versions: Readonly<Record<string, number>>): void;
  beginIssue(issue: IssueBegin): void;
  add(message: Message): void;
  /** The process ran at that time, and all that it did before was told. */
  hear(worker: string, atMs: number): void;
  /** Up to when everything was told by these processes. */
  toldUntilMs(workers: readonly string[]): number;
  /** What the process was doing ended with it; of what it did since it was last heard, nobody knows. */
  end(worker: string, atMs: number): void;
}

export function createHistory(): History {
  const heardMs = new Map<string, number>();
  const history: History = {
    reads: [],
    loads: new Map(),
    writes: new Map(),
    issues: new Map(),
    told: [],
    stalls: [],
    faults: [],
    ends: new Map(),
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
    beginIssue(issue) {
      history.issues.set(issue.issue, { ...issue, endMs: Number.POSITIVE_INFINITY, done: false });
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
        case "issued": {
          const { endMs, done } = message;
          const issue = history.issues.get(message.issue);
          if (issue) Object.assign(issue, { endMs, done });
          return;
        }
        default:
          history.told.push(message);
      }
    },
    hear(worker, atMs) {
      heardMs.set(worker, atMs);
    },
    toldUntilMs: (workers) => Math.min(...workers.map((worker) => heardMs.get(worker) ?? 0)),
    end(worker, atMs) {
      const lastMs = heardMs.get(worker) ?? 0;
      history.ends.set(worker, lastMs);
      history.stalls.push({ type: "stall", worker, beginMs: lastMs, endMs: atMs });
      for (const load of history.loads.values()) {
        if (load.worker === worker && load.endMs === Number.POSITIVE_INFINITY) load.endMs = atMs;
      }
    },
  };
  return history;
}
