import type { Call } from "../call.js";
import type { Codec } from "../codec.js";
import type { Pin } from "./pins.js";

/** The call with a pending write in the place of its load; itself where there is none. */
export function standIn(codec: Codec, call: Call, pin: Pin | undefined): Call {
  if (!pin) return call;
  return {
    ...call,
    load(context) {
      context.addTags(...pin.tags);
      return codec.decode({ format: pin.format, bytes: pin.value });
    },
  };
}
