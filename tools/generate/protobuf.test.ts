import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { readMessage } from "../../apimachinery/protobuf/decode.ts";
import { protobufEnvelope } from "../../apimachinery/protobuf/envelope.ts";
import { messageTable } from "../../apimachinery/protobuf/messages.ts";
import { Reader } from "../../apimachinery/protobuf/reader.ts";
import { compactMessages } from "./protobuf.ts";
import { readSource } from "./source.ts";

const folder = join(import.meta.dirname, "../../../shared/data");
const golden = join(folder, "golden");
const source = readSource(folder);
const skip = source === undefined || !existsSync(golden) ? `no data to generate from at ${folder}` : false;

/** The messages of every kind there ever was, whether it is served or not. */
function everyMessage() {
  const kinds = new Map<string, string[]>();
  const packages = Object.keys(source!.protobuf).map((name) => name.replace(/^k8s\.io\./, "").replaceAll("_", "-"));
  for (const file of readdirSync(golden).filter((name) => name.endsWith(".json"))) {
    const [, group, version, kind] = /^(.*)\.(v\w+)\.(\w+)\.json$/.exec(file)!;
    const short = group!.split(".")[0] === "internal" ? "apiserverinternal" : group!.split(".")[0];
    const inGroup = `.${short!.replace(/^rbac.*/, "rbac")}.${version}`;
    const isMeta = packages.filter((name) => name.endsWith(".meta.v1"));
    const [home] = [...packages.filter((name) => name.endsWith(inGroup)), ...isMeta].filter((name) => {
      const messages = source!.protobuf[`k8s.io.${name.replaceAll("-", "_")}`]!;
      return messages[kind!] !== undefined;
    });
    assert.ok(home, file);
    const known = kinds.get(`${home}.${kind}`) ?? [];
    kinds.set(`${home}.${kind}`, [...known, `${group === "core" ? "" : group}/${version}/${kind}`]);
  }
  return compactMessages(source!, kinds);
}

test("every golden object becomes its protobuf, byte for byte, and comes back from it", { skip }, () => {
  const table = messageTable(() => everyMessage());
  const { encode, decode } = protobufEnvelope(table);
  let count = 0;
  for (const file of readdirSync(golden).filter((name) => name.endsWith(".json"))) {
    const object = JSON.parse(readFileSync(join(golden, file), "utf8")) as JsonObject;
    const bytes = readFileSync(join(golden, file.replace(/json$/, "pb")));
    if (object["kind"] === undefined) continue; // WatchEvent, which has no type: below.
    assert.deepEqual(decode(bytes), object, file);
    assert.equal(Buffer.from(encode(object)).toString("hex"), bytes.toString("hex"), file);
    count++;
  }
  assert.equal(count, 184);
});

test("the golden watch event is read as a frame's message is", { skip }, () => {
  const bytes = readFileSync(join(golden, "core.v1.WatchEvent.pb"));
  // Before the event: the magic (4), an empty type (6), tag and length (2). After it: two empty strings (4).
  const raw = bytes.subarray(12, -4);
  const message = messageTable(() => everyMessage()).ofKind("v1", "WatchEvent")!;
  assert.deepEqual(
    readMessage(new Reader(raw), message, raw.length),
    JSON.parse(readFileSync(join(golden, "core.v1.WatchEvent.json"), "utf8")),
  );
});

test("a field of an unknown message stops the generator", { skip }, () => {
  const protobuf = { "k8s.io.api.shop.v1": { Order: { spec: [1, "OrderSpec"] as const } } };
  assert.throws(
    () => compactMessages({ ...source!, protobuf }, new Map([["api.shop.v1.Order", ["shop/v1/Order"]]])),
    /a field holds the unknown message api\.shop\.v1\.OrderSpec/,
  );
});
