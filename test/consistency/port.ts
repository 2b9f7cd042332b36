import { nowMs } from "./clock.js";
import type { IssueBegin, LoadBegin, Message, WriteBegin } from "./history.js";
import type { ToCoordinator, ToWorker, WorkerConfig } from "./protocol.js";

type Versions = Readonly<Record<string, number>>;

/** A worker's line to the coordinator, which keeps the origin and the history. */
export interface Port {
  versions(tags: readonly string[]): Promise<Versions>;
  beginLoad(load: LoadBegin): void;
  beginIssue(issue: IssueBegin): void;
  /** Resolves when the coordinator knows of the write and has raised the versions of `raise`. */
  beginWrite(
    write: WriteBegin,
    raise: readonly string[],
    tags: readonly string[],
  ): Promise<Versions>;
  tell(message: Message): void;
  /** Sends what was told. */
  flush(): Promise<void>;
  onStop(listener: () => void): void;
}

const FLUSH_EVERY_MS = 50;

export function openPort<Config = WorkerConfig>(onStart: (config: Config) => void): Port {
  const answers = new Map<number, (versions: Versions) => void>();
  let onStop = () => {};
  let told: Message[] = [];
  let lastId = 0;

  function send(message: ToCoordinator): Promise<void> {
    return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
  }

  async function flush(): Promise<void> {
    const messages = told;
    told = [];
    await send({ type: "tell", atMs: nowMs(), messages });
  }

  function ask(make: (id: number) => ToCoordinator): Promise<Versions> {
    const id = ++lastId;
    return new Promise((resolve) => {
      answers.set(id, resolve);
      send(make(id));
    });
  }

  process.on("message", (message: ToWorker<Config>) => {
    if (message.type === "start") onStart(message.config);
    else if (message.type === "stop") onStop();
    else {
      answers.get(message.id)?.(message.versions);
      answers.delete(message.id);
    }
  });
  // Without its coordinator a worker is nobody's.
  process.on("disconnect", () => process.exit());
  setInterval(flush, FLUSH_EVERY_MS);

  return {
    versions: (tags) => ask((id) => ({ type: "ask", id, tags })),
    beginLoad: (begin) => {
      send({ type: "load", begin });
    },
    beginIssue: (begin) => {
      send({ type: "issue", begin });
    },
    beginWrite: (begin, raise, tags) => ask((id) => ({ type: "write", id, begin, raise, tags })),
    tell: (message) => {
      told.push(message);
    },
    flush,
    onStop: (listener) => {
      onStop = listener;
    },
  };
}
