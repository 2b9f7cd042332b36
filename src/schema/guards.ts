import type { Context } from "../context.js";
import type { Session } from "../services/sessions.js";
import { badUserInput, forbidden, unauthenticated } from "./errors.js";

/** The caller's session, or UNAUTHENTICATED; SESSION_UNAVAILABLE while sessions are out of reach. */
export async function requireSession(context: Context): Promise<Session> {
  const session = await context.caller.session();
  if (session === null) throw unauthenticated();
  return session;
}

/** The session of a caller who is staff, or FORBIDDEN. */
export async function requireStaff(context: Context): Promise<Session> {
  const session = await requireSession(context);
  if (session.role !== "staff") throw forbidden();
  return session;
}

/** As `requireStaff`, of a session as it is now: for what goes on long after its caller was looked up. */
export async function requireStaffStill({ caller, services }: Context): Promise<void> {
  const session = caller.token === undefined ? null : await services.sessions.find(caller.token);
  if (session === null) throw unauthenticated();
  if (session.role !== "staff") throw forbidden();
}

/** The caller's token, for what changes the session it opens, or UNAUTHENTICATED. */
export async function requireToken(context: Context): Promise<string> {
  await requireSession(context);
  const { token } = context.caller;
  if (token === undefined) throw unauthenticated();
  return token;
}

const MAX_PAGE = 100;

/** How many elements a list may have, from its `first`; null is the field's default. */
export function pageSize(first: number | null | undefined, fallback: number): number {
  const size = first ?? fallback;
  if (size < 1 || size > MAX_PAGE) {
    throw badUserInput(`first must be from 1 to ${MAX_PAGE}, but ${size} came.`);
  }
  return size;
}
