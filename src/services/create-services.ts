import type { Database } from "../origin/database.js";
import type { Storage } from "../storage/index.js";
import { type Accounts, createAccounts } from "./accounts.js";
import { createOrdering, type Ordering } from "./ordering.js";
import { createPasswords, type Passwords, type PasswordsOptions } from "./passwords.js";
import { createPopularity, type Popularity } from "./popularity.js";
import type { KeptPreferences } from "./preferences.js";
import { createSessions, type Sessions } from "./sessions.js";
import { createSetPreferences, type SetPreferences } from "./set-preferences.js";
import { createSignInAttempts } from "./sign-in-attempts.js";

/** All that resolvers work with beside the origin. One a process. */
export interface Services {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly ordering: Ordering;
  readonly popularity: Popularity;
  readonly passwords: Passwords;
  readonly setPreferences: SetPreferences;
}

export interface ServicesOptions {
  database: Database;
  storage: Storage;
  passwords?: PasswordsOptions | undefined;
  keptPreferences: KeptPreferences;
  /** Told of what failed without a caller seeing it. */
  onProblem: (error: unknown) => void;
}

export function createServices(options: ServicesOptions): Services {
  const { database, storage, keptPreferences, onProblem } = options;
  const passwords = createPasswords(options.passwords);
  const sessions = createSessions({ storage });
  const attempts = createSignInAttempts({ storage });
  const popularity = createPopularity({ storage, database });
  return {
    accounts: createAccounts({
      database,
      passwords,
      sessions,
      attempts,
      preferences: keptPreferences,
    }),
    sessions,
    ordering: createOrdering({ database, sessions, popularity, onProblem }),
    popularity,
    passwords,
    setPreferences: createSetPreferences({ sessions, kept: keptPreferences, onProblem }),
  };
}
