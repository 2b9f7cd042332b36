import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type SalesFile = "pizza_types.csv" | "pizzas.csv" | "orders.csv" | "order_details.csv";

/** A small year of sales, invented, with CRLF line ends and a quoted field, as spreadsheets write them. */
export const sampleSales: Readonly<Record<SalesFile, readonly string[]>> = {
  "pizza_types.csv": [
    "pizza_type_id,name,category,ingredients",
    'comet,The Comet Pizza,Classic,"Tomatoes, Star Anise, Garlic"',
    'meteor,"The Meteor, or Shooting Star, Pizza",Veggie,"Tomatoes, Crème Fraîche"',
  ],
  "pizzas.csv": [
    "pizza_id,pizza_type_id,size,price",
    "comet_s,comet,S,10.5",
    "comet_l,comet,L,17.25",
    "meteor_m,meteor,M,14",
  ],
  "orders.csv": [
    "order_id,date,time",
    "1,2015-01-01,11:38:36",
    "2,2015-01-01,12:57:40",
    "3,2015-12-31,23:59:59",
  ],
  "order_details.csv": [
    "order_details_id,order_id,pizza_id,quantity",
    "1,1,comet_s,1",
    "2,2,comet_l,2",
    "3,2,meteor_m,1",
    "4,3,comet_s,4",
  ],
};

export interface SalesFolder extends AsyncDisposable {
  readonly path: string;
  /** Replaces a file, or removes it. Line by line, or as bytes. */
  write(file: SalesFile, content: readonly string[] | Buffer | undefined): Promise<void>;
}

/** Writes the sample, with some files of one's own, to a new temporary folder. */
export async function salesFolder(
  files: Partial<Record<SalesFile, readonly string[] | Buffer | undefined>> = {},
): Promise<SalesFolder> {
  const path = await mkdtemp(join(tmpdir(), "pizzeria-sales-"));
  const write: SalesFolder["write"] = async (file, content) => {
    if (content === undefined) return rm(join(path, file), { force: true });
    const bytes = Buffer.isBuffer(content) ? content : lines(content);
    await writeFile(join(path, file), bytes);
  };
  for (const [file, content] of Object.entries({ ...sampleSales, ...files })) {
    await write(file as SalesFile, content);
  }
  return { path, write, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function lines(content: readonly string[]): string {
  return content.map((line) => `${line}\r\n`).join("");
}
