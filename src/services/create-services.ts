import type { Database } from "../origin/database.js";
import type { Storage } from "../storage/index.js";
import { type Accounts, createAccounts } from "./accounts.js";
import { createHourlyOrders, type HourlyOrders } from "./hourly-orders.js";
import { createKitchen, type Kitchen, type KitchenOptions } from "./kitchen.js";
import { createKitchenEvents, type KitchenEvents } from "./kitchen-events.js";
import { createOrdering, type Ordering } from "./ordering.js";
import { createPasswords, type Passwords, type PasswordsOptions } from "./passwords.js";
import { createPopularity, type Popularity } from "./popularity.js";
import type { KeptPreferences } from "./preferences.js";
import { createSegments, type Segments } from "./segments.js";
import { createSessions, type Sessions } from "./sessions.js";
import { createSetPreferences, type SetPreferences } from "./set-preferences.js";
import { createSignInAttempts } from "./sign-in-attempts.js";

/** All that resolvers work with beside the origin. One a process. */
export interface Services {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly ordering: Ordering;
  readonly kitchen: Kitchen;
  readonly kitchenEvents: KitchenEvents;
  readonly popularity: Popularity;
  readonly hourlyOrders: HourlyOrders;
  readonly segments: Segments;
  readonly passwords: Passwords;
  readonly setPreferences: SetPreferences;
}

export interface ServicesOptions {
  database: Database;
  storage: Storage;
  passwords?: PasswordsOptions | undefined;
  keptPreferences: KeptPreferences;
  kitchen?: Pick<KitchenOptions, "deadlineSeconds"> | undefined;
  /** Told of what failed without a caller seeing it. */
  onProblem: (error: unknown) => void;
}

export function createServices(options: ServicesOptions): Services {
  const { database, storage, keptPreferences, onProblem } = options;
  const passwords = createPasswords(options.passwords);
  const sessions = createSessions({ storage });
  const attempts = createSignInAttempts({ storage });
  const popularity = createPopularity({ storage, database });
  const hourlyOrders = createHourlyOrders({ storage, database });
  const kitchen = createKitchen({ storage, database, ...options.kitchen });
  return {
    accounts: createAccounts({
      database,
      passwords,
      sessions,
      attempts,
      preferences: keptPreferences,
    }),
    sessions,
    ordering: createOrdering({
      database,
      sessions,
      kitchen,
      popularity,
      hourlyOrders,
      onProblem,
    }),
    kitchen,
    kitchenEvents: createKitchenEvents(database),
    popularity,
    hourlyOrders,
    segments: createSegments({ storage, database }),
    passwords,
    setPreferences: createSetPreferences({ sessions, kept: keptPreferences, onProblem }),
  };
}
