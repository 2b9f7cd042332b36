import { availableParallelism, cpus, loadavg } from "node:os";
import type { Redis } from "ioredis";

/** Prints what the figures were measured on, and how busy it was when they were. */
export async function printMachine(redis: Redis): Promise<void> {
  const info = await redis.info("server");
  const version = /^(redis|valkey)_version:(\S+)/m.exec(info);
  const [lastMinute = 0] = loadavg();
  console.log(
    [
      `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"})`,
      `Node.js ${process.versions.node}`,
      `${version?.[1] ?? "server"} ${version?.[2] ?? "unknown"} on the same machine`,
      `load average ${lastMinute.toFixed(2)} at the start`,
    ].join(", "),
  );
}
