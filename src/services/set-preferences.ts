import type { KeptPreferences, PreferenceChange } from "./preferences.js";
import type { Session, Sessions } from "./sessions.js";

/** Changes the session's preferences, and those that the customer's later sessions begin with. */
export type SetPreferences = (token: string, change: PreferenceChange) => Promise<Session>;

export interface SetPreferencesOptions {
  sessions: Pick<Sessions, "setPreferences">;
  kept: Pick<KeptPreferences, "keep">;
  /** Told of a change that the session has and later ones will not have. */
  onProblem: (error: unknown) => void;
}

export function createSetPreferences(options: SetPreferencesOptions): SetPreferences {
  const { sessions, kept, onProblem } = options;

  /** Only what was changed: the customer may have changed the rest in another session since this one began. */
  async function keep(change: PreferenceChange, { customerId, preferences }: Session) {
    const { language, vegetarian, favouriteItems } = preferences;
    await kept.keep(customerId, {
      ...(change.language !== undefined && { language }),
      ...(change.vegetarian !== undefined && { vegetarian }),
      ...(change.favouriteItems !== undefined && { favouriteItems }),
    });
  }

  return async (token, change) => {
    const session = await sessions.setPreferences(token, change);
    // The session has the change: whatever fails from here on may not tell the customer otherwise.
    await keep(change, session).catch(onProblem);
    return session;
  };
}
