import type { Command } from "./connection.js";
import { readEvaluation, withSource } from "./evaluate.js";
import { isMissingScript } from "./reply-error.js";

/**
 * Sends the scripts that a server lacks, since it was restarted or promoted, once more with their text, and puts the
 * answers into `replies`. What stands behind them in the batch may rely on their having run, as the log's read does on
 * the claims of tags, and an eviction on the log's advance: plain commands, and scripts that may be repeated, are sent
 * again as well.
 */
export async function repeatMissingScripts(
  commands: readonly Command[],
  replies: unknown[],
  transmit: (commands: readonly Command[]) => Promise<unknown[]>,
): Promise<void> {
  const first = replies.findIndex(isMissing);
  const again = commands
    .map((command, index) => ({ command, index, script: readEvaluation(command)?.script }))
    .filter(
      ({ index, script }) =>
        index >= first && (isMissing(replies[index]) || (script?.isRepeatable ?? true)),
    );
  const answers = await transmit(
    again.map(({ command, script }) => (script ? withSource(command) : command)),
  );
  again.forEach(({ index }, place) => {
    replies[index] = answers[place];
  });
}

export function isMissing(reply: unknown): boolean {
  return reply instanceof Error && isMissingScript(reply);
}
