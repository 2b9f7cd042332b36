import type { Look, Plan } from "../twin.js";

export async function claimTag(
  look: Look,
  tag: string,
  proposed: string,
  lifeMs: number,
): Promise<Plan> {
  const [, version, leftMs] = (await look(["watch", tag], ["get", tag], ["pttl", tag])) as [
    unknown,
    Buffer | null,
    number,
  ];
  if (!version) return { reply: proposed, writes: [["set", tag, proposed, "PX", lifeMs]] };
  if (leftMs >= lifeMs / 2) return { reply: version };
  return { reply: version, writes: [["pexpire", tag, lifeMs]] };
}
