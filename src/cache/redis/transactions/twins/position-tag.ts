import type { Look, Plan } from "../twin.js";

export async function positionTag(
  look: Look,
  tag: string,
  nonce: string,
  position: string,
): Promise<Plan> {
  const [, reply] = await look(["watch", tag], ["get", tag]);
  const version = String(reply ?? "");
  if (version.slice(0, 8) !== nonce) return { reply: 0 };
  const epoch = position.slice(0, 8);
  if (version.slice(9, 17) === epoch) return { reply: 0 };
  const entry = /\|.*$/s.exec(version)?.[0] ?? "";
  return { reply: 1, writes: [["set", tag, `${nonce}p${position}${entry}`, "KEEPTTL"]] };
}
