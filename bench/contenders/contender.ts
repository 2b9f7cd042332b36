/** A cache as every program here uses it: its Redis tier alone, memory tiers off. */
export interface Contender {
  getOrSet(key: string, options: ContenderOptions, load: () => Promise<unknown>): Promise<unknown>;
  close(): Promise<void>;
}

export interface ContenderOptions {
  readonly ttlSeconds: number;
  readonly tags?: string[];
}

export interface ContenderKind {
  readonly name: string;
  /** What has to be installed for it. */
  readonly packages: readonly string[];
  /** Whether an entry can be filed under tags. */
  readonly hasTags: boolean;
  /** `withTags`: entries are to be filed under tags. */
  open(url: string, withTags: boolean): Promise<Contender>;
}

/** A module whose caller declares the little of it that is used, so that its package need not be installed. */
export async function importAs<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module;
}

export async function isInstalled({ packages }: ContenderKind): Promise<boolean> {
  try {
    for (const name of packages) await importAs(name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return false;
    throw error;
  }
}
