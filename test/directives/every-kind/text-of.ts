import { inspect, types } from "node:util";
import { Money } from "./values.js";

/** A text in which values differ wherever a resolver could tell them apart, shared references included. */
export function textOf(value: unknown): string {
  const seen = new Map<object, number>();
  return write(value);

  function write(node: unknown): string {
    if (typeof node === "function") return "function";
    if (typeof node !== "object" || node === null) return inspect(node);
    const known = seen.get(node);
    if (known !== undefined) return `*${known}`;
    seen.set(node, seen.size);
    if (types.isProxy(node)) return "proxy";
    return `${kindOf(node)}${contentOf(node)}`;
  }

  function contentOf(node: object): string {
    if (ArrayBuffer.isView(node)) return hex(node.buffer, node.byteOffset, node.byteLength);
    if (node instanceof ArrayBuffer) return hex(node, 0, node.byteLength);
    if (node instanceof Date) return `(${node.getTime()})`;
    if (node instanceof RegExp) return `(${node})`;
    if (node instanceof URL || node instanceof Error) return `(${String(node)})`;
    if (node instanceof Map) {
      return `(${[...node].map(([key, item]) => `${write(key)}=>${write(item)}`).join()})`;
    }
    if (node instanceof Set) return `(${[...node].map(write).join()})`;
    const length = Array.isArray(node) ? node.length : "";
    const own = Object.keys(node).map(
      (key) => `${JSON.stringify(key)}:${write(Object.getOwnPropertyDescriptor(node, key)?.value)}`,
    );
    return `${length}{${own.join()}}${node instanceof Money ? `~${node}` : ""}`;
  }
}

function kindOf(node: object): string {
  const prototype: unknown = Object.getPrototypeOf(node);
  // Objects without a prototype come back with that of all others, as README's limits say.
  if (prototype === null) return "Object";
  return (prototype as { constructor?: { name?: string } }).constructor?.name ?? "made";
}

function hex(buffer: ArrayBufferLike, offset: number, length: number): string {
  return `(${Buffer.from(buffer, offset, length).toString("hex")})`;
}
