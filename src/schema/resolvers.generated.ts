import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { MenuItemRow, SizeRow, CustomerRow, OrderRow, OrderLineRow, PopularItemRow, KitchenTicketRow, HourlyOrdersRow, CampaignRow, IngredientRow } from '../origin/rows.js';
import type { OrderPage } from '../origin/orders.js';
import type { Session as SessionModel, CartLine as CartLineModel } from '../services/sessions.js';
import type { Preferences as PreferencesModel } from '../services/preferences.js';
import type { Context } from '../context.js';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A day, as 2015-01-31. */
  Date: { input: string; output: string; }
  /** RFC 3339, UTC. */
  DateTime: { input: Date; output: Date; }
  /** An amount with at most two decimals, as "12.75". */
  Money: { input: bigint; output: bigint; }
};

/** Whom a cached result belongs to. */
export type CacheScope =
  /** One entry a viewer. */
  | 'PRIVATE'
  /** One entry for everyone. */
  | 'PUBLIC';

/** This process since its start, each count up to 2147483647; entries is an estimate from the indexes. */
export type CacheStats = {
  __typename?: 'CacheStats';
  entries: Scalars['Int']['output'];
  errors: Scalars['Int']['output'];
  evictions: Scalars['Int']['output'];
  fills: Scalars['Int']['output'];
  hitRatio: Scalars['Float']['output'];
  hits: Scalars['Int']['output'];
  misses: Scalars['Int']['output'];
  nearHits: Scalars['Int']['output'];
  staleHits: Scalars['Int']['output'];
  waits: Scalars['Int']['output'];
};

/** Everybody who was in one of its segments when it was made; it lives seven days. */
export type Campaign = {
  __typename?: 'Campaign';
  /** In the order of their ids; `first` is 1 to 100, `after` the last id of the page before. */
  customers: Array<Customer>;
  id: Scalars['ID']['output'];
  segments: Array<Scalars['String']['output']>;
  targetCount: Scalars['Int']['output'];
};


/** Everybody who was in one of its segments when it was made; it lives seven days. */
export type CampaignCustomersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

export type CartLine = {
  __typename?: 'CartLine';
  quantity: Scalars['Int']['output'];
  size: MenuItemSize;
};

export type Customer = {
  __typename?: 'Customer';
  email: Scalars['String']['output'];
  id: Scalars['ID']['output'];
  memberSince: Scalars['DateTime']['output'];
  name: Scalars['String']['output'];
};

export type HourlyOrders = {
  __typename?: 'HourlyOrders';
  /** 0 to 23, in UTC. */
  hour: Scalars['Int']['output'];
  orders: Scalars['Int']['output'];
};

export type Ingredient = {
  __typename?: 'Ingredient';
  name: Scalars['ID']['output'];
  /** Units: a pizza takes one of each of its ingredients. */
  stock: Scalars['Int']['output'];
};

/** A place in the kitchen: the highest priority is first, and first come first served within one. */
export type KitchenTicket = {
  __typename?: 'KitchenTicket';
  order: Order;
  priority: Scalars['Int']['output'];
  queuedAt: Scalars['DateTime']['output'];
  startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Who prepares it, or prepared it; null while it waits. */
  station?: Maybe<Scalars['String']['output']>;
};

export type MenuCategory =
  | 'CHICKEN'
  | 'CLASSIC'
  | 'SUPREME'
  | 'VEGGIE';

export type MenuItem = {
  __typename?: 'MenuItem';
  /** False while it cannot be ordered. */
  available: Scalars['Boolean']['output'];
  category: MenuCategory;
  id: Scalars['ID']['output'];
  ingredients: Array<Scalars['String']['output']>;
  name: Scalars['String']['output'];
  /** Smallest first. */
  sizes: Array<MenuItemSize>;
  /** How many of it were ever ordered. May trail the orders by a minute. */
  timesOrdered: Scalars['Int']['output'];
};

export type MenuItemSize = {
  __typename?: 'MenuItemSize';
  id: Scalars['ID']['output'];
  item: MenuItem;
  price: Scalars['Money']['output'];
  size: PizzaSize;
};

export type Mutation = {
  __typename?: 'Mutation';
  /** Adds 1 to 100 of a size. */
  addToCart: Session;
  /** Staff only. Makes the segment where there is none. A name of 1 to 100 characters. */
  addToSegment: Segment;
  /**
   * Staff only. The next ticket, for this station alone; null when none waits. A station that has not completed it within
   * 15 minutes counts as gone, and the ticket waits again in its old place.
   */
  claimNextTicket?: Maybe<KitchenTicket>;
  /** Staff only. Once: a ticket that is completed, or that no station has, is refused. */
  completeTicket: Order;
  /** Staff only. Aims at all who are in one of 1 to 20 segments now. An id is used once while its campaign lives. */
  createCampaign: Campaign;
  /**
   * Staff only. Evicts by hand, 1 to 100 tags; returns how many index members they had:
   * an upper bound on the entries that went.
   */
  evictTags: Scalars['Int']['output'];
  /** Orders what is in the cart, and empties it. The same key twice places one order and answers with it. */
  placeOrder: Order;
  /** Takes a size out of the cart, however many of it there are. A size that is not in the cart is no error. */
  removeFromCart: Session;
  /** Staff only. Takes a delivery of 1 to 1000000 units into stock. */
  restock: Ingredient;
  /** Staff only. */
  setAvailability: MenuItem;
  /** Changes what is given and leaves the rest; null unsets a preference. */
  setPreferences: Session;
  /** Staff only. */
  setPrice: MenuItem;
  /** Staff only. The default is 0; from -1000000 to 1000000. */
  setPriority: KitchenTicket;
  signIn: SignInPayload;
  /** Ends this session; false when there was none. */
  signOut: Scalars['Boolean']['output'];
  /** Ends every session of the caller; false when there was none. */
  signOutEverywhere: Scalars['Boolean']['output'];
  /** A name of 1 to 100 characters, an address nobody uses yet, a password of 8 to 200 characters. */
  signUp: SignInPayload;
};


export type MutationAddToCartArgs = {
  quantity?: Scalars['Int']['input'];
  sizeId: Scalars['ID']['input'];
};


export type MutationAddToSegmentArgs = {
  customerId: Scalars['ID']['input'];
  segment: Scalars['String']['input'];
};


export type MutationClaimNextTicketArgs = {
  station: Scalars['String']['input'];
};


export type MutationCompleteTicketArgs = {
  orderId: Scalars['ID']['input'];
};


export type MutationCreateCampaignArgs = {
  id: Scalars['ID']['input'];
  segments: Array<Scalars['String']['input']>;
};


export type MutationEvictTagsArgs = {
  tags: Array<Scalars['String']['input']>;
};


export type MutationPlaceOrderArgs = {
  idempotencyKey?: InputMaybe<Scalars['ID']['input']>;
};


export type MutationRemoveFromCartArgs = {
  sizeId: Scalars['ID']['input'];
};


export type MutationRestockArgs = {
  ingredient: Scalars['ID']['input'];
  quantity: Scalars['Int']['input'];
};


export type MutationSetAvailabilityArgs = {
  available: Scalars['Boolean']['input'];
  itemId: Scalars['ID']['input'];
};


export type MutationSetPreferencesArgs = {
  favouriteItems?: InputMaybe<Array<Scalars['ID']['input']>>;
  language?: InputMaybe<Scalars['String']['input']>;
  vegetarian?: InputMaybe<Scalars['Boolean']['input']>;
};


export type MutationSetPriceArgs = {
  price: Scalars['Money']['input'];
  sizeId: Scalars['ID']['input'];
};


export type MutationSetPriorityArgs = {
  orderId: Scalars['ID']['input'];
  priority: Scalars['Int']['input'];
};


export type MutationSignInArgs = {
  email: Scalars['String']['input'];
  password: Scalars['String']['input'];
};


export type MutationSignUpArgs = {
  email: Scalars['String']['input'];
  name: Scalars['String']['input'];
  password: Scalars['String']['input'];
};

export type Order = {
  __typename?: 'Order';
  customer: Customer;
  id: Scalars['ID']['output'];
  lines: Array<OrderLine>;
  placedAt: Scalars['DateTime']['output'];
  /** Null until it is ready. */
  readyAt?: Maybe<Scalars['DateTime']['output']>;
  status: OrderStatus;
  total: Scalars['Money']['output'];
};

export type OrderConnection = {
  __typename?: 'OrderConnection';
  edges: Array<OrderEdge>;
  pageInfo: PageInfo;
  totalCount: Scalars['Int']['output'];
};

export type OrderEdge = {
  __typename?: 'OrderEdge';
  cursor: Scalars['String']['output'];
  node: Order;
};

export type OrderLine = {
  __typename?: 'OrderLine';
  quantity: Scalars['Int']['output'];
  size: MenuItemSize;
  /** What one cost when it was ordered. */
  unitPrice: Scalars['Money']['output'];
};

export type OrderStatus =
  | 'PENDING'
  | 'PREPARING'
  | 'READY';

export type PageInfo = {
  __typename?: 'PageInfo';
  endCursor?: Maybe<Scalars['String']['output']>;
  hasNextPage: Scalars['Boolean']['output'];
};

export type PizzaSize =
  | 'L'
  | 'M'
  | 'S'
  | 'XL'
  | 'XXL';

export type PopularItem = {
  __typename?: 'PopularItem';
  item: MenuItem;
  timesOrdered: Scalars['Int']['output'];
};

export type Preferences = {
  __typename?: 'Preferences';
  favouriteItems: Array<MenuItem>;
  language?: Maybe<Scalars['String']['output']>;
  vegetarian?: Maybe<Scalars['Boolean']['output']>;
};

export type Query = {
  __typename?: 'Query';
  /** Staff only. */
  cacheStats: CacheStats;
  /** Staff only. Null when there is none, or none any more. */
  campaign?: Maybe<Campaign>;
  /** Orders of a day in UTC, today without `date`, by hour; hours without orders are left out. */
  hourlyOrders: Array<HourlyOrders>;
  /** Staff only. By name; `first` is 1 to 100, `after` the last name of the page before. */
  inventory: Array<Ingredient>;
  /** Staff only. Tickets that wait for a station, the next one first; `first` is 1 to 100. */
  kitchenQueue: Array<KitchenTicket>;
  /** The caller; null without a session. */
  me?: Maybe<Customer>;
  menu: Array<MenuItem>;
  menuItem?: Maybe<MenuItem>;
  /** One of the caller's orders, staff may see any; null for everybody else's. */
  order?: Maybe<Order>;
  /** The caller's own, newest first; `first` is 1 to 100. */
  orders: OrderConnection;
  /** The most ordered items, best first; `first` is 1 to 100, and at most the top 50 are kept. */
  popularItems: Array<PopularItem>;
  /** Staff only. Null when there is none, or none any more. */
  segment?: Maybe<Segment>;
  /** Staff only. Who is in all of 1 to 20 segments; pages as those of a segment. */
  segmentOverlap: Array<Customer>;
  /** The caller's session; null without one. */
  session?: Maybe<Session>;
};


export type QueryCampaignArgs = {
  id: Scalars['ID']['input'];
};


export type QueryHourlyOrdersArgs = {
  date?: InputMaybe<Scalars['Date']['input']>;
};


export type QueryInventoryArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryKitchenQueueArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryMenuArgs = {
  category?: InputMaybe<MenuCategory>;
};


export type QueryMenuItemArgs = {
  id: Scalars['ID']['input'];
};


export type QueryOrderArgs = {
  id: Scalars['ID']['input'];
};


export type QueryOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QueryPopularItemsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


export type QuerySegmentArgs = {
  name: Scalars['String']['input'];
};


export type QuerySegmentOverlapArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  names: Array<Scalars['String']['input']>;
};

/** A set of customers; it lives thirty days past its last addition. */
export type Segment = {
  __typename?: 'Segment';
  /** In the order of their ids; `first` is 1 to 100, `after` the last id of the page before. */
  customers: Array<Customer>;
  name: Scalars['String']['output'];
  size: Scalars['Int']['output'];
};


/** A set of customers; it lives thirty days past its last addition. */
export type SegmentCustomersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Lives four hours past its last use. */
export type Session = {
  __typename?: 'Session';
  cart: Array<CartLine>;
  customer: Customer;
  lastActivity: Scalars['DateTime']['output'];
  loginTime: Scalars['DateTime']['output'];
  preferences: Preferences;
};

export type SignInPayload = {
  __typename?: 'SignInPayload';
  session: Session;
  /** Send it as: Authorization: Bearer <token> */
  token: Scalars['String']['output'];
};

export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Staff only. Tickets as they are queued, claimed, given back, completed or given another priority: first subscribe, then
   * read the queue. Ends with KITCHEN_UNAVAILABLE when some may have been missed.
   */
  kitchenTickets: KitchenTicket;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;





/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CacheScope: CacheScope;
  CacheStats: ResolverTypeWrapper<CacheStats>;
  Campaign: ResolverTypeWrapper<CampaignRow>;
  CartLine: ResolverTypeWrapper<CartLineModel>;
  Customer: ResolverTypeWrapper<CustomerRow>;
  Date: ResolverTypeWrapper<Scalars['Date']['output']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  HourlyOrders: ResolverTypeWrapper<HourlyOrdersRow>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Ingredient: ResolverTypeWrapper<IngredientRow>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  KitchenTicket: ResolverTypeWrapper<KitchenTicketRow>;
  MenuCategory: MenuCategory;
  MenuItem: ResolverTypeWrapper<MenuItemRow>;
  MenuItemSize: ResolverTypeWrapper<SizeRow>;
  Money: ResolverTypeWrapper<Scalars['Money']['output']>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Order: ResolverTypeWrapper<OrderRow>;
  OrderConnection: ResolverTypeWrapper<OrderPage>;
  OrderEdge: ResolverTypeWrapper<OrderPage['edges'][number]>;
  OrderLine: ResolverTypeWrapper<OrderLineRow>;
  OrderStatus: OrderStatus;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  PizzaSize: PizzaSize;
  PopularItem: ResolverTypeWrapper<PopularItemRow>;
  Preferences: ResolverTypeWrapper<PreferencesModel>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Segment: ResolverTypeWrapper<{ name: string }>;
  Session: ResolverTypeWrapper<SessionModel>;
  SignInPayload: ResolverTypeWrapper<Omit<SignInPayload, 'session'> & { session: ResolversTypes['Session'] }>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Boolean: Scalars['Boolean']['output'];
  CacheStats: CacheStats;
  Campaign: CampaignRow;
  CartLine: CartLineModel;
  Customer: CustomerRow;
  Date: Scalars['Date']['output'];
  DateTime: Scalars['DateTime']['output'];
  Float: Scalars['Float']['output'];
  HourlyOrders: HourlyOrdersRow;
  ID: Scalars['ID']['output'];
  Ingredient: IngredientRow;
  Int: Scalars['Int']['output'];
  KitchenTicket: KitchenTicketRow;
  MenuItem: MenuItemRow;
  MenuItemSize: SizeRow;
  Money: Scalars['Money']['output'];
  Mutation: Record<PropertyKey, never>;
  Order: OrderRow;
  OrderConnection: OrderPage;
  OrderEdge: OrderPage['edges'][number];
  OrderLine: OrderLineRow;
  PageInfo: PageInfo;
  PopularItem: PopularItemRow;
  Preferences: PreferencesModel;
  Query: Record<PropertyKey, never>;
  Segment: { name: string };
  Session: SessionModel;
  SignInPayload: Omit<SignInPayload, 'session'> & { session: ResolversParentTypes['Session'] };
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
};

export type CachedDirectiveArgs = {
  bySelection?: Maybe<Scalars['Boolean']['input']>;
  key?: Maybe<Scalars['String']['input']>;
  nullTtl?: Maybe<Scalars['Int']['input']>;
  scope?: Maybe<CacheScope>;
  staleIfError?: Maybe<Scalars['Int']['input']>;
  staleWhileRevalidate?: Maybe<Scalars['Int']['input']>;
  tags?: Maybe<Array<Scalars['String']['input']>>;
  ttl: Scalars['Int']['input'];
  vary?: Maybe<Array<Scalars['String']['input']>>;
  version?: Maybe<Scalars['Int']['input']>;
};

export type CachedDirectiveResolver<Result, Parent, ContextType = Context, Args = CachedDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type EvictTagsDirectiveArgs = {
  tags: Array<Scalars['String']['input']>;
};

export type EvictTagsDirectiveResolver<Result, Parent, ContextType = Context, Args = EvictTagsDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type CacheStatsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CacheStats'] = ResolversParentTypes['CacheStats']> = {
  entries?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  errors?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  evictions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  fills?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  hitRatio?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  hits?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  misses?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  nearHits?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  staleHits?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  waits?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type CampaignResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Campaign'] = ResolversParentTypes['Campaign']> = {
  customers?: Resolver<Array<ResolversTypes['Customer']>, ParentType, ContextType, RequireFields<CampaignCustomersArgs, 'first'>>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  segments?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  targetCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type CartLineResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CartLine'] = ResolversParentTypes['CartLine']> = {
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['MenuItemSize'], ParentType, ContextType>;
};

export type CustomerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Customer'] = ResolversParentTypes['Customer']> = {
  email?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  memberSince?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export interface DateScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Date'], any> {
  name: 'Date';
}

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type HourlyOrdersResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HourlyOrders'] = ResolversParentTypes['HourlyOrders']> = {
  hour?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  orders?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type IngredientResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Ingredient'] = ResolversParentTypes['Ingredient']> = {
  name?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  stock?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type KitchenTicketResolvers<ContextType = Context, ParentType extends ResolversParentTypes['KitchenTicket'] = ResolversParentTypes['KitchenTicket']> = {
  order?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
  priority?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  queuedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  station?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type MenuItemResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MenuItem'] = ResolversParentTypes['MenuItem']> = {
  available?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  category?: Resolver<ResolversTypes['MenuCategory'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  ingredients?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sizes?: Resolver<Array<ResolversTypes['MenuItemSize']>, ParentType, ContextType>;
  timesOrdered?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type MenuItemSizeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MenuItemSize'] = ResolversParentTypes['MenuItemSize']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  item?: Resolver<ResolversTypes['MenuItem'], ParentType, ContextType>;
  price?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['PizzaSize'], ParentType, ContextType>;
};

export interface MoneyScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Money'], any> {
  name: 'Money';
}

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  addToCart?: Resolver<ResolversTypes['Session'], ParentType, ContextType, RequireFields<MutationAddToCartArgs, 'quantity' | 'sizeId'>>;
  addToSegment?: Resolver<ResolversTypes['Segment'], ParentType, ContextType, RequireFields<MutationAddToSegmentArgs, 'customerId' | 'segment'>>;
  claimNextTicket?: Resolver<Maybe<ResolversTypes['KitchenTicket']>, ParentType, ContextType, RequireFields<MutationClaimNextTicketArgs, 'station'>>;
  completeTicket?: Resolver<ResolversTypes['Order'], ParentType, ContextType, RequireFields<MutationCompleteTicketArgs, 'orderId'>>;
  createCampaign?: Resolver<ResolversTypes['Campaign'], ParentType, ContextType, RequireFields<MutationCreateCampaignArgs, 'id' | 'segments'>>;
  evictTags?: Resolver<ResolversTypes['Int'], ParentType, ContextType, RequireFields<MutationEvictTagsArgs, 'tags'>>;
  placeOrder?: Resolver<ResolversTypes['Order'], ParentType, ContextType, Partial<MutationPlaceOrderArgs>>;
  removeFromCart?: Resolver<ResolversTypes['Session'], ParentType, ContextType, RequireFields<MutationRemoveFromCartArgs, 'sizeId'>>;
  restock?: Resolver<ResolversTypes['Ingredient'], ParentType, ContextType, RequireFields<MutationRestockArgs, 'ingredient' | 'quantity'>>;
  setAvailability?: Resolver<ResolversTypes['MenuItem'], ParentType, ContextType, RequireFields<MutationSetAvailabilityArgs, 'available' | 'itemId'>>;
  setPreferences?: Resolver<ResolversTypes['Session'], ParentType, ContextType, Partial<MutationSetPreferencesArgs>>;
  setPrice?: Resolver<ResolversTypes['MenuItem'], ParentType, ContextType, RequireFields<MutationSetPriceArgs, 'price' | 'sizeId'>>;
  setPriority?: Resolver<ResolversTypes['KitchenTicket'], ParentType, ContextType, RequireFields<MutationSetPriorityArgs, 'orderId' | 'priority'>>;
  signIn?: Resolver<ResolversTypes['SignInPayload'], ParentType, ContextType, RequireFields<MutationSignInArgs, 'email' | 'password'>>;
  signOut?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  signOutEverywhere?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  signUp?: Resolver<ResolversTypes['SignInPayload'], ParentType, ContextType, RequireFields<MutationSignUpArgs, 'email' | 'name' | 'password'>>;
};

export type OrderResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order']> = {
  customer?: Resolver<ResolversTypes['Customer'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lines?: Resolver<Array<ResolversTypes['OrderLine']>, ParentType, ContextType>;
  placedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  readyAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type OrderConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderConnection'] = ResolversParentTypes['OrderConnection']> = {
  edges?: Resolver<Array<ResolversTypes['OrderEdge']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OrderEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderEdge'] = ResolversParentTypes['OrderEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
};

export type OrderLineResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderLine'] = ResolversParentTypes['OrderLine']> = {
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['MenuItemSize'], ParentType, ContextType>;
  unitPrice?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type PopularItemResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PopularItem'] = ResolversParentTypes['PopularItem']> = {
  item?: Resolver<ResolversTypes['MenuItem'], ParentType, ContextType>;
  timesOrdered?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PreferencesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Preferences'] = ResolversParentTypes['Preferences']> = {
  favouriteItems?: Resolver<Array<ResolversTypes['MenuItem']>, ParentType, ContextType>;
  language?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  vegetarian?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  cacheStats?: Resolver<ResolversTypes['CacheStats'], ParentType, ContextType>;
  campaign?: Resolver<Maybe<ResolversTypes['Campaign']>, ParentType, ContextType, RequireFields<QueryCampaignArgs, 'id'>>;
  hourlyOrders?: Resolver<Array<ResolversTypes['HourlyOrders']>, ParentType, ContextType, Partial<QueryHourlyOrdersArgs>>;
  inventory?: Resolver<Array<ResolversTypes['Ingredient']>, ParentType, ContextType, RequireFields<QueryInventoryArgs, 'first'>>;
  kitchenQueue?: Resolver<Array<ResolversTypes['KitchenTicket']>, ParentType, ContextType, RequireFields<QueryKitchenQueueArgs, 'first'>>;
  me?: Resolver<Maybe<ResolversTypes['Customer']>, ParentType, ContextType>;
  menu?: Resolver<Array<ResolversTypes['MenuItem']>, ParentType, ContextType, Partial<QueryMenuArgs>>;
  menuItem?: Resolver<Maybe<ResolversTypes['MenuItem']>, ParentType, ContextType, RequireFields<QueryMenuItemArgs, 'id'>>;
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType, RequireFields<QueryOrderArgs, 'id'>>;
  orders?: Resolver<ResolversTypes['OrderConnection'], ParentType, ContextType, RequireFields<QueryOrdersArgs, 'first'>>;
  popularItems?: Resolver<Array<ResolversTypes['PopularItem']>, ParentType, ContextType, RequireFields<QueryPopularItemsArgs, 'first'>>;
  segment?: Resolver<Maybe<ResolversTypes['Segment']>, ParentType, ContextType, RequireFields<QuerySegmentArgs, 'name'>>;
  segmentOverlap?: Resolver<Array<ResolversTypes['Customer']>, ParentType, ContextType, RequireFields<QuerySegmentOverlapArgs, 'first' | 'names'>>;
  session?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType>;
};

export type SegmentResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Segment'] = ResolversParentTypes['Segment']> = {
  customers?: Resolver<Array<ResolversTypes['Customer']>, ParentType, ContextType, RequireFields<SegmentCustomersArgs, 'first'>>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SessionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Session'] = ResolversParentTypes['Session']> = {
  cart?: Resolver<Array<ResolversTypes['CartLine']>, ParentType, ContextType>;
  customer?: Resolver<ResolversTypes['Customer'], ParentType, ContextType>;
  lastActivity?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  loginTime?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  preferences?: Resolver<ResolversTypes['Preferences'], ParentType, ContextType>;
};

export type SignInPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SignInPayload'] = ResolversParentTypes['SignInPayload']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  token?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  kitchenTickets?: SubscriptionResolver<ResolversTypes['KitchenTicket'], "kitchenTickets", ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  CacheStats?: CacheStatsResolvers<ContextType>;
  Campaign?: CampaignResolvers<ContextType>;
  CartLine?: CartLineResolvers<ContextType>;
  Customer?: CustomerResolvers<ContextType>;
  Date?: GraphQLScalarType;
  DateTime?: GraphQLScalarType;
  HourlyOrders?: HourlyOrdersResolvers<ContextType>;
  Ingredient?: IngredientResolvers<ContextType>;
  KitchenTicket?: KitchenTicketResolvers<ContextType>;
  MenuItem?: MenuItemResolvers<ContextType>;
  MenuItemSize?: MenuItemSizeResolvers<ContextType>;
  Money?: GraphQLScalarType;
  Mutation?: MutationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  OrderConnection?: OrderConnectionResolvers<ContextType>;
  OrderEdge?: OrderEdgeResolvers<ContextType>;
  OrderLine?: OrderLineResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PopularItem?: PopularItemResolvers<ContextType>;
  Preferences?: PreferencesResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Segment?: SegmentResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  SignInPayload?: SignInPayloadResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = Context> = {
  cached?: CachedDirectiveResolver<any, any, ContextType>;
  evictTags?: EvictTagsDirectiveResolver<any, any, ContextType>;
};
