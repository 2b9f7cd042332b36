/**
 * What the server's ACL refuses our user, for `health()`: where a script meets it, or a subscription, the store is in
 * reach all the same, and nothing is ever stored, or told.
 */
export interface Forbidden {
  /** Takes note of an error that is such a refusal, and of no other. */
  note(error: unknown): void;
  /** The last one as a sentence, until it has not come back for a minute. */
  readonly problem: string | undefined;
}

/** What a user lacks is asked for again within that time: the clock every 30 s, channels every second. */
const FORGET_AFTER_MS = 60_000;

export function createForbidden(now = () => performance.now()): Forbidden {
  let problem: string | undefined;
  let seenAtMs = 0;

  return {
    note(error) {
      const what = whatIsForbidden(error);
      if (what === undefined) return;
      problem = `Redis refuses this user ${what}: README.md has the rule of an ACL that is needed.`;
      seenAtMs = now();
    },
    get problem() {
      return now() - seenAtMs < FORGET_AFTER_MS ? problem : undefined;
    },
  };
}

/** Also from within a script: `ERR ACL failure in script: …`, or in newer servers the bare refusal. */
function whatIsForbidden(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : "";
  if (!/^NOPERM|ACL failure/.test(text)) return undefined;
  const command = /'([^']+)' (?:sub)?command/.exec(text)?.[1]?.toUpperCase();
  // Without scripts we do what they do by other means.
  if (command?.startsWith("EVAL")) return undefined;
  if (command) return `the command ${command}`;
  return /channel/.test(text) ? "channels of the prefix" : "keys of the prefix";
}
