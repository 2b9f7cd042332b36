import { createKeys } from "../../src/cache/redis/keys.js";
import { nowMs, pause } from "./clock.js";
import type { Dice } from "./dice.js";
import type { Fleet } from "./fleet.js";
import type { Fault, FaultName, History } from "./history.js";
import type { Servers } from "./servers.js";
import { allTags, plans } from "./world.js";

export interface FaultsConfig {
  readonly leaseMs: number;
  readonly prefix: string;
  /** Between one fault and the next, on average. */
  readonly everyMs: number;
  /** How likely one is, beside the others. */
  readonly failovers: number;
  /** How often the connections that pushes come on are cut beside all else; undefined: never. */
  readonly pushesCutEveryMs?: number | undefined;
}

const LAST_WRITES = 4;

/** Something goes wrong all the time, one thing after another, until `isOver`. */
export async function causeFaults(
  config: FaultsConfig,
  dice: Dice,
  servers: Servers,
  fleet: Fleet,
  history: History,
  isOver: () => boolean,
): Promise<void> {
  const { leaseMs } = config;
  const keys = createKeys(config.prefix);
  const onMasters = (...command: [string, ...string[]]) =>
    Promise.all(servers.masters().map((master) => master.call(...command)));

  const causes: Record<FaultName, () => Promise<void>> = {
    async kill() {
      const worker = dice.pick(fleet.running());
      await during({ fault: "kill", worker }, () => fleet.kill(worker));
      await fleet.start();
    },
    async pause() {
      const worker = dice.pick(fleet.running());
      await during({ fault: "pause", worker }, async () => {
        fleet.pause(worker);
        await pause(dice.number(0.8, 3) * leaseMs);
        fleet.resume(worker);
      });
    },
    async cut() {
      await during({ fault: "cut" }, () =>
        onMasters("CLIENT", "KILL", "TYPE", dice.pick(["normal", "pubsub"])),
      );
    },
    "pause server": () =>
      during({ fault: "pause server" }, () => servers.pauseOne(dice.number(100, 600))),
    "lose version": () => {
      const some = Array.from({ length: 1 + dice.index(8) }, () => dice.pick(allTags));
      const tags = [...new Set([...some, ...lastEvicted()])];
      return during({ fault: "lose version", tags }, () =>
        Promise.all(tags.map((tag) => servers.admin.del(keys.tag(tag)))),
      );
    },
    "lose log": () => during({ fault: "lose log" }, () => servers.admin.del(keys.log)),
    "lose entry": () => {
      const { key } = dice.pick(plans);
      return during({ fault: "lose entry", key }, () => servers.admin.del(keys.entry(key)));
    },
    flush: () => during({ fault: "flush" }, () => onMasters("FLUSHALL")),
    "forget scripts": () => during({ fault: "forget scripts" }, () => onMasters("SCRIPT", "FLUSH")),
    failover: () => during({ fault: "failover" }, () => servers.failover?.()),
    "move slot": () => {
      const name = dice.pick([
        keys.log,
        keys.entry(dice.pick(plans).key),
        keys.tag(dice.pick(allTags)),
      ]);
      return during({ fault: "move slot" }, () => servers.moveSlot?.(name));
    },
  };

  /** What these void, a loss right behind them might bring back. */
  function lastEvicted(): readonly string[] {
    const last = [...history.writes.values()].slice(-LAST_WRITES);
    return last.flatMap((write) => (write.type === "evict" ? write.tags : []));
  }

  async function during(
    what: Omit<Fault, "type" | "beginMs" | "endMs">,
    run: () => Promise<unknown> | undefined,
  ): Promise<void> {
    const fault: Fault = {
      ...what,
      type: "fault",
      beginMs: nowMs(),
      endMs: Number.POSITIVE_INFINITY,
    };
    history.faults.push(fault);
    // What is done to a server that is just away counts as done, or half done.
    await Promise.resolve(run()).catch((error: Error) => {
      history.troubles.push(`${what.fault}: ${error.message}`);
      fault.failed = true;
    });
    fault.endMs = nowMs();
  }

  async function cutPushes(everyMs: number): Promise<void> {
    while (!isOver()) {
      await pause(everyMs);
      await during({ fault: "cut" }, () => onMasters("CLIENT", "KILL", "TYPE", "pubsub"));
    }
  }
  const cutting = config.pushesCutEveryMs && cutPushes(config.pushesCutEveryMs);

  while (!isOver()) {
    await pause(dice.number(0.3, 1.7) * config.everyMs);
    if (isOver()) break;
    const name = dice.weighted<FaultName>({
      kill: 8,
      pause: 12,
      cut: 12,
      "pause server": 7,
      "lose version": 40,
      "lose log": 8,
      "lose entry": 8,
      flush: 1,
      "forget scripts": 3,
      failover: servers.failover ? config.failovers : 0,
      "move slot": servers.moveSlot ? 12 : 0,
    });
    await causes[name]();
  }
  await cutting;
}
