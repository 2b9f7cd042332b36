import { HEAD_BYTES, LEASED } from "../head.js";
import type { Look, Plan } from "../twin.js";

const TAGS_LENGTH_AT = HEAD_BYTES + 6;
const TAGS_AT = TAGS_LENGTH_AT + 4;

export async function freeEntry(look: Look, key: string, nonce: string): Promise<Plan> {
  const [, start] = (await look(["watch", key], ["getrange", key, 0, TAGS_AT - 1])) as [
    unknown,
    Buffer,
  ];
  if (start.length < TAGS_AT || start[0] === LEASED) return { reply: 0 };
  const tagsEnd = TAGS_AT + start.readUInt32BE(TAGS_LENGTH_AT);
  const [tags] = (await look(["getrange", key, TAGS_AT, tagsEnd - 1])) as [Buffer];
  if (!tags.includes(nonce, 0, "latin1")) return { reply: 0 };
  return { writes: [["unlink", key]] };
}
