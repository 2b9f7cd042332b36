import { BadInputError } from "./errors.js";

export interface Preferences {
  /** A BCP 47 tag in its canonical form, as "en-GB". */
  language: string | null;
  vegetarian: boolean | null;
  /** Ids of menu items, in the customer's order, each once. */
  favouriteItems: string[];
}

/** What is left out, or undefined, stays; null unsets. */
export type PreferenceChange = { [K in keyof Preferences]?: Preferences[K] | null | undefined };

/** Where a customer's preferences are kept past the session. */
export interface KeptPreferences {
  find(customerId: string): Promise<Preferences>;
  /** Takes over what is given, and leaves the rest as it is by then. */
  keep(customerId: string, changed: Partial<Preferences>): Promise<void>;
}

const maxFavourites = 50;

type Update = {
  language?: string | undefined;
  vegetarian?: boolean | undefined;
  favouriteItems?: string[] | undefined;
};

/** The change in the form it is stored in. @throws BadInputError */
export function checkPreferences({
  language,
  vegetarian,
  favouriteItems,
}: PreferenceChange): Update {
  return {
    ...(language !== undefined && { language: canonicalLanguage(language) }),
    ...(vegetarian !== undefined && { vegetarian: vegetarian ?? undefined }),
    ...(favouriteItems !== undefined && { favouriteItems: checkFavourites(favouriteItems) }),
  };
}

function canonicalLanguage(language: string | null): string | undefined {
  if (language === null) return undefined;
  try {
    const [canonical] = language.length <= 35 ? Intl.getCanonicalLocales(language) : [];
    if (canonical !== undefined) return canonical;
  } catch {
    // Not a tag; told below.
  }
  throw new BadInputError('language must be a language tag of at most 35 characters, as "en-GB".');
}

function checkFavourites(ids: string[] | null): string[] | undefined {
  if (ids === null) return undefined;
  const unique = [...new Set(ids)];
  if (unique.length > maxFavourites) {
    throw new BadInputError(
      `favouriteItems must be at most ${maxFavourites} items, but ${unique.length} came.`,
    );
  }
  if (unique.some((id) => id.length === 0 || id.length > 100)) {
    throw new BadInputError("favouriteItems must be ids of 1 to 100 characters.");
  }
  return unique;
}
