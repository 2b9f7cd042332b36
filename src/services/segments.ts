import type { Database } from "../origin/database.js";
import type { CampaignRow } from "../origin/rows.js";
import {
  addToSegment,
  campaignById,
  campaignTargets,
  createCampaign,
  segmentExpiry,
  segmentMembers,
  segmentSize,
} from "../origin/segments.js";
import { isStorable } from "../origin/text.js";
import { type Storage, StorageUnavailableError } from "../storage/index.js";
import { BadInputError } from "./errors.js";
import { createFollowedSets } from "./followed-sets.js";

export interface Page {
  first: number;
  /** A customer's id: those that come after it. */
  after?: string | null | undefined;
}

/** Ids of customers come in the order of their bytes. None fails because of the storage: PostgreSQL answers then. */
export interface Segments {
  /** @throws BadInputError, and the origin's NotFoundError for a customer that does not exist */
  add(segment: string, customerId: string): Promise<void>;
  /** Whether it exists, and its life is not over: thirty days past its last addition. */
  exists(segment: string): Promise<boolean>;
  /** @throws BadInputError for a page that is none */
  customers(segment: string, page: Page): Promise<string[]>;
  size(segment: string): Promise<number>;
  /** Those who are in every one of them. @throws BadInputError */
  overlap(segments: readonly string[], page: Page): Promise<string[]>;
  /**
   * Aims at everybody who is in one of the segments now, for seven days.
   * @throws BadInputError, and what the origin's `createCampaign` throws
   */
  createCampaign(id: string, segments: readonly string[]): Promise<CampaignRow>;
  campaign(id: string): Promise<CampaignRow | undefined>;
  campaignCustomers(id: string, page: Page): Promise<string[]>;
}

export interface SegmentsOptions {
  storage: Storage;
  database: Database;
  /** Default: now. */
  now?: () => Date;
}

const daySeconds = 24 * 3_600;
const segmentSeconds = 30 * daySeconds;
const campaignSeconds = 7 * daySeconds;
const maxNames = 20;
const maxNameLength = 100;

export function createSegments(options: SegmentsOptions): Segments {
  const { storage, database, now = () => new Date() } = options;
  const segmentSets = createFollowedSets({
    storage,
    name: "segment",
    ttlSeconds: segmentSeconds,
    expiryOf: (segment) => segmentExpiry(database, segment),
    membersOf: (segment, page) => segmentMembers(database, [segment], page),
    now,
  });
  const campaignSets = createFollowedSets({
    storage,
    name: "campaign",
    ttlSeconds: campaignSeconds,
    expiryOf: async (id) => (await campaignById(database, id))?.expiresAt,
    membersOf: (id, page) => campaignTargets(database, id, page),
    now,
  });

  return {
    async add(segment, customerId) {
      const name = checkName("A segment's name", segment);
      const change = await addToSegment(database, {
        segment: name,
        customerId,
        ttlSeconds: segmentSeconds,
      });
      await segmentSets.added(name, [customerId], change);
    },
    exists: async (segment) =>
      isName(segment) && (await segmentExpiry(database, segment)) !== undefined,
    async customers(segment, page) {
      checkPage(page);
      return storedOr(
        async () => (await segmentSets.read([segment], (sets) => sets.page(segment, page))) ?? [],
        () => segmentMembers(database, [segment], page),
      );
    },
    size: (segment) =>
      storedOr(
        async () => (await segmentSets.read([segment], (sets) => sets.size(segment))) ?? 0,
        () => segmentSize(database, segment),
      ),
    async overlap(segments, page) {
      const names = checkNames(segments);
      checkPage(page);
      return storedOr(
        async () => (await segmentSets.read(names, (sets) => sets.intersection(names, page))) ?? [],
        () => segmentMembers(database, names, page),
      );
    },
    async createCampaign(id, segments) {
      const made = await createCampaign(database, {
        id: checkName("A campaign's id", id),
        segments: checkNames(segments),
        ttlSeconds: campaignSeconds,
      });
      // Another of that id may have ended, and is followed still.
      await campaignSets.added(id, [], { expiresAt: made.expiresAt, isNew: true });
      return made;
    },
    campaign: (id) => campaignById(database, id),
    async campaignCustomers(id, page) {
      checkPage(page);
      return storedOr(
        async () => (await campaignSets.read([id], (sets) => sets.page(id, page))) ?? [],
        () => campaignTargets(database, id, page),
      );
    },
  };
}

async function storedOr<T>(stored: () => Promise<T>, origin: () => Promise<T>): Promise<T> {
  try {
    return await stored();
  } catch (error) {
    if (!(error instanceof StorageUnavailableError)) throw error;
    return origin();
  }
}

function isName(name: string): boolean {
  return name.length >= 1 && name.length <= maxNameLength && isStorable(name);
}

function checkName(what: string, name: string): string {
  if (isName(name)) return name;
  throw new BadInputError(
    `${what} must have 1 to ${maxNameLength} characters, well-formed and none of them NUL; ${name.length} came.`,
  );
}

function checkPage({ after }: Page): void {
  if (typeof after !== "string" || (after.length <= 100 && isStorable(after))) return;
  throw new BadInputError("after must be the id that ended the page before.");
}

/** Each once. */
function checkNames(names: readonly string[]): string[] {
  const unique = [...new Set(names)];
  if (unique.length < 1 || unique.length > maxNames) {
    throw new BadInputError(`There must be 1 to ${maxNames} segments, but ${unique.length} came.`);
  }
  return unique.map((name) => checkName("A segment's name", name));
}
