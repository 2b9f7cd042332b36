import { type HttpClient, RequestFailedError } from "./http-client.js";

/** What the replay asks of a server, operation by operation. Mutations throw for any error in the answer. */
export interface Shop {
  readonly http: HttpClient;
  /** The answers' texts, to be compared as they came. */
  menu(): Promise<string>;
  menuItem(id: string): Promise<string>;
  signUp(name: string, email: string, password: string): Promise<string>;
  signIn(email: string, password: string): Promise<string>;
  addToCart(token: string, sizeId: string, quantity: number): Promise<void>;
  /** The order's id and total. */
  placeOrder(token: string, idempotencyKey: string): Promise<{ id: string; total: string }>;
  order(token: string, id: string): Promise<{ status: OrderStatus; total: string } | null>;
  /** The newest order's id and how many there are. */
  orders(token: string): Promise<{ newest: string | undefined; count: number }>;
  setPrice(token: string, sizeId: string, price: string): Promise<void>;
  setAvailability(token: string, itemId: string, available: boolean): Promise<void>;
  inventory(token: string, after: string | undefined): Promise<{ name: string; stock: number }[]>;
  restock(token: string, ingredient: string, quantity: number): Promise<void>;
  claimNextTicket(token: string, station: string): Promise<string | undefined>;
  completeTicket(token: string, orderId: string): Promise<void>;
  popularItems(): Promise<{ id: string; timesOrdered: number }[]>;
  hourlyOrders(day: string): Promise<{ hour: number; orders: number }[]>;
}

export type OrderStatus = "PENDING" | "PREPARING" | "READY";

const ITEM = "id name available sizes { id price }";
const MENU = `{ menu { ${ITEM} } }`;
const MENU_ITEM = `query ($id: ID!) { menuItem(id: $id) { ${ITEM} } }`;

export function createShop(http: HttpClient): Shop {
  async function ask<Data>(
    query: string,
    variables: Record<string, unknown> = {},
    token?: string,
  ): Promise<Data> {
    const { data, errors } = JSON.parse(await http.post(query, variables, token)) as {
      data: Data;
      errors?: { message: string }[];
    };
    if (errors)
      throw new RequestFailedError(`A server must do as asked, but: ${errors[0]?.message}`);
    return data;
  }

  return {
    http,
    menu: () => http.post(MENU),
    menuItem: (id) => http.post(MENU_ITEM, { id }),

    async signUp(name, email, password) {
      const { payload } = await ask<{ payload: { token: string } }>(
        `mutation ($name: String!, $email: String!, $password: String!) {
           payload: signUp(name: $name, email: $email, password: $password) { token } }`,
        { name, email, password },
      );
      return payload.token;
    },
    async signIn(email, password) {
      const { payload } = await ask<{ payload: { token: string } }>(
        `mutation ($email: String!, $password: String!) {
           payload: signIn(email: $email, password: $password) { token } }`,
        { email, password },
      );
      return payload.token;
    },
    async addToCart(token, sizeId, quantity) {
      await ask(
        "mutation ($sizeId: ID!, $quantity: Int!) { addToCart(sizeId: $sizeId, quantity: $quantity) { loginTime } }",
        { sizeId, quantity },
        token,
      );
    },
    async placeOrder(token, key) {
      const { placeOrder } = await ask<{ placeOrder: { id: string; total: string } }>(
        "mutation ($key: ID) { placeOrder(idempotencyKey: $key) { id total } }",
        { key },
        token,
      );
      return placeOrder;
    },
    async order(token, id) {
      const { order } = await ask<{ order: { status: OrderStatus; total: string } | null }>(
        "query ($id: ID!) { order(id: $id) { status total } }",
        { id },
        token,
      );
      return order;
    },
    async orders(token) {
      const { orders } = await ask<{
        orders: { totalCount: number; edges: { node: { id: string } }[] };
      }>("{ orders(first: 1) { totalCount edges { node { id } } } }", {}, token);
      return { newest: orders.edges[0]?.node.id, count: orders.totalCount };
    },
    async setPrice(token, sizeId, price) {
      await ask(
        "mutation ($sizeId: ID!, $price: Money!) { setPrice(sizeId: $sizeId, price: $price) { id } }",
        { sizeId, price },
        token,
      );
    },
    async setAvailability(token, itemId, available) {
      await ask(
        `mutation ($itemId: ID!, $available: Boolean!) {
           setAvailability(itemId: $itemId, available: $available) { id } }`,
        { itemId, available },
        token,
      );
    },
    async inventory(token, after) {
      const { inventory } = await ask<{ inventory: { name: string; stock: number }[] }>(
        "query ($after: String) { inventory(first: 100, after: $after) { name stock } }",
        { after },
        token,
      );
      return inventory;
    },
    async restock(token, ingredient, quantity) {
      await ask(
        `mutation ($ingredient: ID!, $quantity: Int!) {
           restock(ingredient: $ingredient, quantity: $quantity) { stock } }`,
        { ingredient, quantity },
        token,
      );
    },
    async claimNextTicket(token, station) {
      const { claimNextTicket } = await ask<{ claimNextTicket: { order: { id: string } } | null }>(
        "mutation ($station: String!) { claimNextTicket(station: $station) { order { id } } }",
        { station },
        token,
      );
      return claimNextTicket?.order.id;
    },
    async completeTicket(token, orderId) {
      await ask(
        "mutation ($orderId: ID!) { completeTicket(orderId: $orderId) { id } }",
        { orderId },
        token,
      );
    },
    async popularItems() {
      const { popularItems } = await ask<{
        popularItems: { item: { id: string }; timesOrdered: number }[];
      }>("{ popularItems(first: 50) { item { id } timesOrdered } }");
      return popularItems.map(({ item, timesOrdered }) => ({ id: item.id, timesOrdered }));
    },
    async hourlyOrders(day) {
      const { hourlyOrders } = await ask<{ hourlyOrders: { hour: number; orders: number }[] }>(
        "query ($day: Date) { hourlyOrders(date: $day) { hour orders } }",
        { day },
      );
      return hourlyOrders;
    },
  };
}
