import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { criFiles, readCriSource } from "./cri.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "../shared/data");
const source = readCriSource(folder);
const skip = source === undefined ? `no data to generate from at ${folder}` : false;

test("what is committed of the CRI is what the generator writes", { skip }, () => {
  const files = criFiles(source!);
  for (const [file, text] of files) assert.equal(readFileSync(join(root, "cri/generated", file), "utf8"), text, file);
  assert.deepEqual(readdirSync(join(root, "cri/generated")).sort(), [...files.keys()].sort());
});

test("a folder without the data is no source", () => {
  assert.equal(readCriSource(import.meta.dirname), undefined);
});

test("messages become interfaces, fields and methods", () => {
  const files = criFiles({
    package: "shop.v1",
    messages: {
      OrderRequest: {
        order_id: [2, "string"],
        CDI_items: [1, "repeated Item"],
        labels: [3, "map<string,string>"],
        item: [4, "Item"],
      },
      OrderResponse: {},
      Item: { kind: [1, "Kind"], Weight: [2, "int64"] },
      "enum:Kind": { BIG: 1, SMALL: 0 },
    },
    services: { Shop: { Order: ["OrderRequest", "stream OrderResponse"] } },
  });
  const messages = files.get("messages.ts")!;
  assert.match(messages, /export type Kind =\n {2}\| "SMALL"\n {2}\| "BIG";/);
  assert.match(messages, /export interface Item \{\n {2}readonly kind: Kind;\n {2}readonly weight: number;\n\}/);
  assert.match(
    messages,
    /export interface OrderRequest \{\n {2}readonly cdiItems: readonly Item\[\];\n {2}readonly orderId: string;\n {2}readonly labels: Readonly<Record<string, string>>;\n {2}readonly item\?: Item;\n\}/,
  );
  assert.match(messages, /export type OrderResponse = Readonly<Record<string, never>>;/);
  assert.match(
    files.get("fields.ts")!,
    /OrderRequest: \["1 \[\]Item cdiItems", "2 string orderId", "3 map labels", "4 Item item"\],/,
  );
  assert.match(
    files.get("services.ts")!,
    /order\(request: Init<OrderRequest>, signal\?: AbortSignal\): AsyncIterable<OrderResponse>;/,
  );
  assert.match(files.get("services.ts")!, /order: \{ path: "\/shop\.v1\.Shop\/Order", .* streams: true \},/);
});
