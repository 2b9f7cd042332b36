import { afterEach, expect, test } from "vitest";
import type { EntryDraft } from "../../../src/cache/entry.js";
import { StoreError } from "../../../src/cache/errors.js";
import { createCommitStep } from "../../../src/cache/redis/commit-batch.js";
import { createKeys } from "../../../src/cache/redis/keys.js";
import { DEADLINE_AT, HEAD_BYTES, LEASED, TOKEN_AT } from "../../../src/cache/redis/record.js";
import { testConnection } from "../../support/test-connection.js";

const keys = createKeys("c:");
const token = "token123";
const menu = keys.tag("menu");
const refusal = new StoreError("Redis must carry out the command, but refused.");
const draft: EntryDraft = {
  ttlMs: 60_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  loadMs: 1,
  tags: ["menu"],
  nonces: ["nonce-01"],
  format: 1,
  value: Buffer.from("soups"),
};
const { redis, connection } = await testConnection();

afterEach(() => redis.flushall());

async function lease(key: string): Promise<void> {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(LEASED, 0);
  head.write(token, TOKEN_AT);
  head.writeUIntBE(Date.now() + 60_000, DEADLINE_AT, 6);
  await redis.set(keys.entry(key), head);
  await redis.set(menu, "nonce-01c");
}

test("of commits that go together each is told its own, and none is filed but those that are there", async () => {
  const keysOf = ["refused", "unleased", "stored"];
  await lease("refused");
  await lease("stored");
  const commit = createCommitStep(
    {
      ...connection,
      async sendAll(commands) {
        const replies = await connection.sendAll(commands);
        return commands.length === keysOf.length ? [refusal, ...replies.slice(1)] : replies;
      },
    },
    keys,
  );
  const told = await Promise.allSettled(keysOf.map((key) => commit(key, token, draft)));
  expect(told).toEqual([
    { status: "rejected", reason: refusal },
    { status: "fulfilled", value: undefined },
    { status: "fulfilled", value: expect.any(Number) },
  ]);
  await expect.poll(() => redis.get(menu)).toBe("nonce-01c|stored");
});

test("a commit stands though it cannot be filed", async () => {
  await lease("stored");
  let isFiled = false;
  const commit = createCommitStep(
    {
      ...connection,
      async sendAll(commands) {
        if (!isFiled && (await redis.strlen(keys.entry("stored"))) > HEAD_BYTES) {
          isFiled = true;
          throw refusal;
        }
        return connection.sendAll(commands);
      },
    },
    keys,
  );
  expect(await commit("stored", token, draft)).toBeGreaterThan(0);
  await expect.poll(() => isFiled).toBe(true);
});
