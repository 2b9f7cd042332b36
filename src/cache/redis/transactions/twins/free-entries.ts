import { LEASED, TAGS_AT, TAGS_LENGTH_AT } from "../../record.js";
import type { Look, Plan } from "../twin.js";

/** @param args the entries' keys, then the nonce */
export async function freeEntries(look: Look, ...args: string[]): Promise<Plan> {
  const nonce = args.at(-1) as string;
  const names = args.slice(0, -1);
  const invalid = await Promise.all(names.map((key) => wasLoadedUnder(nonce, key, look)));
  const freed = names.filter((_, index) => invalid[index]);
  return freed.length > 0 ? { writes: [["unlink", ...freed]] } : { reply: 0 };
}

async function wasLoadedUnder(nonce: string, key: string, look: Look): Promise<boolean> {
  const start = (await look(["watch", key], ["getrange", key, 0, TAGS_AT - 1]))[1] as Buffer;
  if (start.length < TAGS_AT || start[0] === LEASED) return false;
  const tagsEnd = TAGS_AT + start.readUInt32BE(TAGS_LENGTH_AT);
  const [tags] = (await look(["getrange", key, TAGS_AT, tagsEnd - 1])) as [Buffer];
  return tags.includes(nonce, 0, "latin1");
}
