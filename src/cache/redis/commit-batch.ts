import { type EntryDraft, lifeMs, type Token } from "../entry.js";
import { StoreError } from "../errors.js";
import type { OnSend, Store } from "../store.js";
import { createTickCalls } from "../tick-batch.js";
import { type Connection, evaluate } from "./connection.js";
import { createFiling } from "./filing.js";
import type { Keys } from "./keys.js";
import { NO_POSITION, writeBody, writePosition } from "./record.js";
import { scripts } from "./scripts.js";

/** Who waits for a small entry gets it with the push, and need not ask for it. */
const LARGEST_PUSH_BYTES = 4096;

interface Wanted {
  readonly key: string;
  readonly token: Token;
  readonly draft: EntryDraft;
  readonly onSend: OnSend | undefined;
}

/** Commits of one tick, as those of a list are, go in one write. They are filed in the background. */
export function createCommitStep(connection: Connection, keys: Keys): Store["commit"] {
  const file = createFiling(connection, keys);
  const commit = createTickCalls<Wanted, number | undefined>(async (calls) => {
    const wanted = calls.map(({ asked }) => asked);
    const commands = wanted.map(commitCommand);
    const limitMs = connection.limitMsFor(commands);
    for (const { onSend } of wanted) onSend?.(limitMs);
    const replies = await connection.sendAll(commands);
    calls.forEach(({ resolve, reject }, index) => {
      const reply = replies[index];
      if (reply instanceof StoreError) reject(reply);
      else resolve(reply === 0 ? undefined : Number(reply));
    });
    const committed = wanted.filter(
      ({ draft }, index) => draft.tags.length > 0 && Number(replies[index]) > 0,
    );
    // Only freeing needs it.
    if (committed.length > 0) file(committed).catch(() => {});
  });

  function commitCommand({ key, token, draft }: Wanted) {
    const life = Math.max(1, Math.ceil(lifeMs(draft)));
    const name = keys.entry(key);
    return evaluate(
      scripts.commitEntry,
      [name],
      token,
      writeBody(draft),
      life,
      keys.wake(key),
      LARGEST_PUSH_BYTES,
      writePosition(draft.since ?? NO_POSITION),
    );
  }

  return (key, token, draft, onSend) => commit({ key, token, draft, onSend });
}
