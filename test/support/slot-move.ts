import type { Redis } from "ioredis";
import { keySlot } from "../../src/key-slot.js";
import type { RedisCluster } from "./redis-cluster.js";
import type { RedisServer } from "./redis-server.js";

/** A slot on its way from one master to another, a step at a time. */
export interface SlotMove {
  /** Moves the keys that are in the slot now. The slot stays on its way: who asks for one of them is sent after it. */
  moveKeys(): Promise<void>;
  /** Moves what is left and hands the slot over. Resolves when all nodes agree on that. May be called twice. */
  end(): Promise<void>;
}

const settleTimeoutMs = 30_000;

/**
 * Begins to move the slot of a name.
 *
 * A master that takes a slot gives itself an epoch above all that it knows of, and the greater epoch wins an argument
 * over a slot. One that does not know yet what the last move made of another's epoch chooses too low: two masters then
 * name each other as the owner for good, or a late claim by the former owner takes the slot back and its keys are
 * dropped. So each move begins and ends with every node knowing every master's epoch and slots.
 *
 * @param to Default: the master after the present owner
 */
export async function beginMove(
  cluster: RedisCluster,
  name: string,
  to?: RedisServer,
): Promise<SlotMove> {
  const slot = keySlot(name);
  const { masters, spares, replicas } = cluster;
  const servers = [...masters, ...spares, ...replicas];
  const nodes = servers.map((server) => server.client());
  const ids = await Promise.all(nodes.map(async (node) => String(await node.cluster("MYID"))));
  await agreement(nodes);
  const source = ids.indexOf(await ownerOf(nodes[0]!, slot));
  const onto = to ?? masters[(source + 1) % masters.length]!;
  const target = servers.indexOf(onto);
  const setSlot = (node: Redis, ...state: string[]) =>
    node.call("CLUSTER", "SETSLOT", slot, ...state);
  await setSlot(nodes[target]!, "IMPORTING", ids[source]!);
  await setSlot(nodes[source]!, "MIGRATING", ids[target]!);

  async function moveKeys(): Promise<void> {
    for (;;) {
      const names = (await nodes[source]!.call("CLUSTER", "GETKEYSINSLOT", slot, 100)) as string[];
      if (names.length === 0) return;
      // What expired meanwhile is not there to be moved.
      await nodes[source]!.call("MIGRATE", "127.0.0.1", onto.port, "", 0, 5000, "KEYS", ...names);
    }
  }

  async function finish(): Promise<void> {
    await moveKeys();
    // The new owner first: nobody may be sent to a server that doesn't know yet.
    for (const node of new Set([nodes[target]!, nodes[source]!, ...nodes])) {
      if (await isMaster(node)) await setSlot(node, "NODE", ids[target]!);
    }
    await agreement(nodes);
    for (const node of nodes) node.disconnect();
  }

  let finished: Promise<void> | undefined;
  return {
    moveKeys,
    end() {
      finished ??= finish();
      return finished;
    },
  };
}

/** Moves the slot of a name, all at once. */
export async function moveSlot(
  cluster: RedisCluster,
  name: string,
  to?: RedisServer,
): Promise<void> {
  await (await beginMove(cluster, name, to)).end();
}

async function isMaster(node: Redis): Promise<boolean> {
  return (await node.role())[0] === "master";
}

async function ownerOf(node: Redis, slot: number): Promise<string> {
  const ranges = (await node.cluster("SLOTS")) as unknown as [
    number,
    number,
    [string, number, string],
  ][];
  const range = ranges.find(([first, last]) => first <= slot && slot <= last);
  if (!range) throw new Error(`Nobody serves slot ${slot}.`);
  return range[2][2];
}

/** Resolves when all nodes see the same masters with the same slots and epochs, no two of them alike. */
async function agreement(nodes: readonly Redis[]): Promise<void> {
  const deadline = Date.now() + settleTimeoutMs;
  for (;;) {
    const views = await Promise.all(nodes.map(mastersSeenBy));
    const epochs = views[0]!.map(({ epoch }) => epoch);
    const isOne = new Set(views.map((view) => JSON.stringify(view))).size === 1;
    if (isOne && new Set(epochs).size === epochs.length) return;
    if (Date.now() > deadline) {
      throw new Error(`The nodes did not agree in ${settleTimeoutMs} ms: ${JSON.stringify(views)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function mastersSeenBy(node: Redis) {
  return String(await node.cluster("NODES"))
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , flags]) => flags?.includes("master"))
    .map(([id, , , , , , epoch, , ...slots]) => ({
      id,
      epoch,
      // A node tells only of itself what is on its way.
      slots: slots.filter((range) => !range.startsWith("[")),
    }))
    .sort((one, other) => (String(one.id) < String(other.id) ? -1 : 1));
}
