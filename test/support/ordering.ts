import { expect } from "vitest";
import type { Pizzeria } from "./pizzeria.js";

export async function addToCart(
  pizzeria: Pizzeria,
  token: string,
  sizeId: string,
  quantity = 1,
): Promise<void> {
  const { errors } = await pizzeria.ask(
    `mutation { addToCart(sizeId: "${sizeId}", quantity: ${quantity}) { loginTime } }`,
    { token },
  );
  expect(errors).toBeUndefined();
}

/** Orders one pizza; answers with the order's id. */
export async function placeOrder(
  pizzeria: Pizzeria,
  token: string,
  sizeId = "margherita-s",
): Promise<string> {
  await addToCart(pizzeria, token, sizeId);
  const { data } = await pizzeria.ask<{ placeOrder: { id: string } }>(
    "mutation { placeOrder { id } }",
    { token },
  );
  return data.placeOrder.id;
}
