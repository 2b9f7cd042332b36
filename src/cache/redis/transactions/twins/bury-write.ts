import type { Argument } from "../../connection.js";
import type { Look, Plan } from "../twin.js";

export async function buryWrite(
  look: Look,
  queue: string,
  buried: string,
  group: string,
  id: string,
  ...fields: Argument[]
): Promise<Plan> {
  const [, found] = (await look(["watch", queue], ["xrange", queue, id, id])) as [
    unknown,
    unknown[],
  ];
  if (found.length === 0) return { reply: 0 };
  return {
    reply: 1,
    writes: [
      ["xdel", queue, id],
      ["xack", queue, group, id],
      ["xadd", buried, "*", ...fields],
      ["persist", buried],
    ],
  };
}
