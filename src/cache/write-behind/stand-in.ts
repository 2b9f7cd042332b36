import { type Call, type FillParts, named } from "../call.js";
import type { Pin } from "./pins.js";

/** The call with a pending write in the place of its load; itself where there is none. */
export function standIn(
  { codec, reporter }: Pick<FillParts, "codec" | "reporter">,
  call: Call,
  pin: Pin | undefined,
): Call {
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
