import { describe, expect, it } from "vitest";
import { idOf } from "../../../src/cache/redis/server-id.js";
import { startRedis } from "../../support/redis-server.js";

describe("A server", () => {
  const info = (runId: string, formerId: string) =>
    `# Server\r\nrun_id:${runId}\r\n# Replication\r\nmaster_replid:123\r\nmaster_replid2:${formerId}\r\n`;

  it("is another when another process runs, or when it was promoted in between", () => {
    const first = info("a".repeat(40), "0".repeat(40));
    expect(idOf(first)).toBe(idOf(first));
    expect(idOf(first)).not.toBe(idOf(info("b".repeat(40), "0".repeat(40))));
    expect(idOf(first)).not.toBe(idOf(info("a".repeat(40), "c".repeat(40))));
  });

  it("is the same when its first replica comes, which gives it a new replication id", async () => {
    await using master = await startRedis();
    const admin = master.client();
    const before = await admin.info();
    await using _replica = await startRedis({
      args: ["--replicaof", "127.0.0.1", String(master.port), "--repl-diskless-sync-delay", "0"],
    });
    const field = (text: string) => /master_replid:(\w+)/.exec(text)?.[1];
    await expect
      .poll(async () => field(await admin.info()), { timeout: 10_000 })
      .not.toBe(field(before));
    expect(idOf(await admin.info())).toBe(idOf(before));
  });
});
