import type { Budget } from "../budget.js";
import { type Call, type FillParts, named } from "../call.js";
import { pendingIfKnown } from "./left-pin.js";
import type { Pin } from "./pins.js";

/** The call with a pending write in the place of its load; itself where the pin was left behind. */
export async function standIn(
  parts: Pick<FillParts, "store" | "codec" | "reporter" | "outage">,
  call: Call,
  found: Pin,
  budget: Budget,
): Promise<Call> {
  const { codec, reporter } = parts;
  const pin = await pendingIfKnown(parts, call.key, found, budget);
  if (!pin) return call;
  let value: unknown;
  try {
    value = codec.decode({ format: pin.format, bytes: pin.value });
  } catch (error) {
    // It cannot be written either: its flush makes a dead letter of it, and evicts what was loaded meanwhile.
    reporter.error(error, named(call));
    return call;
  }
  return {
    ...call,
    isPending: true,
    load(context) {
      context.addTags(...pin.tags);
      return value;
    },
  };
}
