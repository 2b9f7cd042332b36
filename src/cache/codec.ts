import { deserialize as readV8, serialize as writeV8 } from "node:v8";
import { Packr } from "msgpackr";
import type { Serializer } from "./cache-options.js";
import { type Demand, demandOf } from "./carriable.js";
import { CorruptEntryError, NotCacheableError } from "./errors.js";
import { copierOf } from "./plain-copy.js";

/** A value as bytes, and how to read them: formats are numbered, never reused, and stored beside the value. */
export interface EncodedValue {
  readonly format: number;
  readonly bytes: Uint8Array;
}

export interface Codec {
  /** @throws NotCacheableError for what cannot be carried faithfully. */
  encode(value: unknown): EncodedValue;
  /** A new value each time, so that no caller can damage another's. @throws CorruptEntryError */
  decode(encoded: EncodedValue): unknown;
  /** For a crowd: what gives a new value each time, as `decode` does, at the least price. @throws CorruptEntryError */
  copies(encoded: EncodedValue): () => unknown;
}

const STRING = 1;
const BYTES = 2;
const PLAIN = 3;
const GRAPH = 4;
const EXACT = 5;
const CUSTOM = 6;

/**
 * The cheapest format that carries a value whole is chosen for each value. Decoding one object costs MessagePack
 * with property names inline half of what it costs with named structures; a list of like objects is the reverse.
 */
const plain = new Packr({
  useRecords: false,
  moreTypes: true,
  copyBuffers: true,
});
const graph = new Packr({
  structuredClone: true,
  moreTypes: true,
  mapsAsObjects: false,
  copyBuffers: true,
});

export function createCodec(serializer?: Serializer): Codec {
  return serializer ? customCodec(serializer) : { encode, decode, copies };
}

function encode(value: unknown): EncodedValue {
  if (typeof value === "string" && value.isWellFormed()) {
    return { format: STRING, bytes: Buffer.from(value) };
  }
  if (Buffer.isBuffer(value) && Object.getPrototypeOf(value) === Buffer.prototype) {
    return { format: BYTES, bytes: Buffer.from(value) };
  }
  try {
    return writeAs(demandOf(value), value);
  } catch (cause) {
    if (cause instanceof NotCacheableError) throw cause;
    throw new NotCacheableError("A cached value must be encodable; this one is not.", { cause });
  }
}

function writeAs(demand: Demand, value: unknown): EncodedValue {
  switch (demand) {
    case "plain":
      return { format: PLAIN, bytes: plain.pack(value) };
    case "graph":
      return { format: GRAPH, bytes: graph.pack(value) };
    case "exact":
      return { format: EXACT, bytes: writeV8(value) };
  }
}

function decode({ format, bytes }: EncodedValue): unknown {
  try {
    switch (format) {
      case STRING:
        return asBuffer(bytes).toString("utf8");
      case BYTES:
        return Buffer.from(bytes);
      case PLAIN:
        // Nested bytes come back as instances of what they are read from.
        return plain.unpack(asBuffer(bytes));
      case GRAPH:
        return graph.unpack(asBuffer(bytes));
      case EXACT:
        // A copy, since binary values come back as views of what they were read from.
        return readV8(Buffer.from(bytes));
    }
  } catch (cause) {
    throw new CorruptEntryError("A stored value must be readable; this one is not.", { cause });
  }
  throw new CorruptEntryError(`A stored value's format must be known; this one's is ${format}.`);
}

function copies(encoded: EncodedValue): () => unknown {
  return copierOf(decode(encoded)) ?? (() => decode(encoded));
}

function customCodec(serializer: Serializer): Codec {
  function decodeAny(encoded: EncodedValue): unknown {
    if (encoded.format !== CUSTOM) return decode(encoded);
    try {
      return serializer.deserialize(encoded.bytes);
    } catch (cause) {
      throw new CorruptEntryError("The serializer could not read a stored value.", { cause });
    }
  }

  return {
    copies: (encoded) => (encoded.format === CUSTOM ? () => decodeAny(encoded) : copies(encoded)),
    encode(value) {
      let bytes: unknown;
      try {
        bytes = serializer.serialize(value);
      } catch (cause) {
        throw new NotCacheableError("The serializer refused the value.", { cause });
      }
      if (bytes instanceof Uint8Array) return { format: CUSTOM, bytes };
      throw new NotCacheableError(
        `The serializer's serialize must give a Uint8Array, but gave: ${typeof bytes}`,
      );
    },
    decode: decodeAny,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

// V8 compiles a function at its first use. That of MessagePack's would be in the moment when the first crowd of a
// process waits for a value, and takes milliseconds of it.
for (const value of [{ id: 1, list: ["a"] }, [{ id: 1 }, { id: 2 }, { id: 3 }]]) {
  copies(encode(value))();
}
