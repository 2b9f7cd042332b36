import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface StationsConfig {
  databaseUrl: string;
  redisUrl: string;
  /** Their names; nobody else's may be among them. */
  stations: string[];
  isCompleting: boolean;
}

/** A ticket that a station was given, and when it asked and knew, in microseconds of one clock. */
export interface Claim {
  station: string;
  orderId: string;
  begin: number;
  end: number;
}

export interface Stations {
  /** What they claimed; undefined when they were killed. */
  readonly claims: Promise<Claim[] | undefined>;
  /** SIGKILL. Resolves when they are gone. */
  kill(): Promise<void>;
}

const entry = fileURLToPath(new URL("stations-process.ts", import.meta.url));

/** Starts a process with these stations. */
export function startStations(config: StationsConfig): Stations {
  const child: ChildProcess = fork(entry, [], {
    execArgv: ["--import", "tsx"],
    env: { PATH: process.env.PATH, STATIONS: JSON.stringify(config) },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const killOnExit = () => child.kill("SIGKILL");
  process.once("exit", killOnExit);
  let isKilled = false;
  let told: Claim[] | undefined;
  child.once("message", (claims) => {
    told = claims as Claim[];
  });
  const claims = once(child, "exit").then(([code, signal]) => {
    process.off("exit", killOnExit);
    if (isKilled) return undefined;
    if (told === undefined)
      throw new Error(`The stations ended by themselves (${signal ?? code}).`);
    return told;
  });
  claims.catch(() => {});
  return {
    claims,
    async kill() {
      isKilled = true;
      child.kill("SIGKILL");
      await claims;
    },
  };
}
