import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../json/json.ts";
import { ConversionFailure, type Convert, converted, decided } from "./conversion.ts";
import { widgetSchema as schema } from "./test-schema.ts";

const object: JsonObject = { apiVersion: "example.com/v1", spec: { size: 1 } };
const shown = (apiVersion: string) => ({ object: { ...object, apiVersion }, schema });

/** Asks for the object in these versions, one after the other, made anew each time. */
const visiting =
  (...versions: readonly string[]) =>
  (convert: Convert): unknown =>
    versions.map((version) => convert({ ...object }, version)?.object["apiVersion"]);

describe("a decision with conversions", () => {
  test("is there at once where nobody has to wait", () => {
    const convert = (_: JsonObject, version: string) => (version === "gone" ? undefined : shown(version));
    assert.deepEqual(decided(convert, visiting("a", "gone")), ["a", undefined]);
  });

  test("waits for each conversion once", async () => {
    const asked: string[] = [];
    const convert = async (_: JsonObject, version: string) => {
      asked.push(version);
      return shown(version);
    };
    assert.deepEqual(await decided(convert, visiting("a", "b", "a", "b")), ["a", "b", "a", "b"]);
    assert.deepEqual(asked, ["a", "b"]);
  });

  test("fails in upstream's words, whether it had to wait or not", async () => {
    const deciding = (convert: Convert): unknown => converted(convert, object, "a", "failed to convert old object");
    const wanted = { name: "ConversionFailure", message: "failed to convert old object: out of order" };
    const broken = new Error("out of order");
    await assert.rejects(Promise.resolve(decided(() => Promise.reject(broken), deciding)), wanted);
    const now = (): never => {
      throw broken;
    };
    assert.throws(() => decided(now, deciding), wanted);
    assert.throws(() => converted(now, object, "a", ""), new ConversionFailure("out of order", { cause: broken }));
  });
});
