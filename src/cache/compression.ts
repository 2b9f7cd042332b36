import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Codec, EncodedValue } from "./codec.js";
import { CorruptEntryError } from "./errors.js";

/** Added to the number of a format whose bytes are compressed. */
const COMPRESSED = 64;

/** The fastest: what is saved is Redis's memory and the network's time, and a hit pays for both ways. */
const LEVEL = 1;

/** What does not shrink by a tenth is left as it is. */
const WORTH_IT = 0.9;

/** Far above any limit of a value's size: what inflates to more is no value of ours. */
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;

/** Compresses (raw DEFLATE) what is encoded to more than `aboveBytes`. Those already stored are read either way. */
export function compressed(codec: Codec, aboveBytes: number): Codec {
  return {
    encode(value) {
      const encoded = codec.encode(value);
      return encoded.bytes.byteLength > aboveBytes ? deflated(encoded) : encoded;
    },
    decode: (encoded) => codec.decode(asEncoded(encoded)),
    copies: (encoded) => codec.copies(asEncoded(encoded)),
  };
}

function deflated(encoded: EncodedValue): EncodedValue {
  const bytes = deflateRawSync(encoded.bytes, { level: LEVEL });
  return bytes.byteLength < encoded.bytes.byteLength * WORTH_IT
    ? { ...encoded, format: encoded.format + COMPRESSED, bytes }
    : encoded;
}

function asEncoded(stored: EncodedValue): EncodedValue {
  return stored.format < COMPRESSED ? stored : inflated(stored);
}

function inflated({ format, bytes }: EncodedValue): EncodedValue {
  try {
    const plain = inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
    return { format: format - COMPRESSED, bytes: plain };
  } catch (cause) {
    throw new CorruptEntryError("A stored value must be readable; this one does not inflate.", {
      cause,
    });
  }
}
