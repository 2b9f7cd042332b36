import type { Session } from "./services/sessions.js";

/** Who asks, looked up once a request. */
export interface Caller {
  /** The bearer token as it was sent. */
  readonly token: string | undefined;
  /** The session's customer; undefined without a session, and until the look-up has settled. */
  readonly viewer: string | undefined;
  /**
   * The session; null when no token was sent, or none that opens one.
   * Rejects while sessions are out of reach.
   */
  session(): Promise<Session | null>;
}

/** Begins the look-up and doesn't wait for it: what needs no session must not wait for Redis. */
export function createCaller(
  authorization: string | undefined,
  find: (token: string) => Promise<Session | null>,
): Caller {
  const token = /^Bearer ([\w-]{20,200})$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) return { token, viewer: undefined, session: async () => null };

  let viewer: string | undefined;
  const found = find(token);
  found.then(
    (session) => {
      viewer = session?.customerId;
    },
    () => {}, // Reported by those who need the session.
  );
  return {
    token,
    get viewer() {
      return viewer;
    },
    session: () => found,
  };
}
