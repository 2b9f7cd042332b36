import { readTagVersion } from "../../tag-version.js";
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
  if (!readTagVersion(version?.toString("latin1"))) {
    return { reply: proposed, writes: [["set", tag, proposed, "PX", lifeMs]] };
  }
  const [reply] = String(version).split("|");
  if (leftMs >= lifeMs / 2) return { reply };
  return { reply, writes: [["pexpire", tag, lifeMs]] };
}
