import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, modelNames, readDescriptions } from "./descriptions.ts";

test("a definition's model is named by version and kind, and by its group where that is not enough", () => {
  assert.deepEqual(modelNames("api.core.v1.Event"), ["CoreV1Event", "V1Event"]);
  assert.deepEqual(modelNames("apimachinery.pkg.apis.meta.v1.ObjectMeta"), ["MetaV1ObjectMeta", "V1ObjectMeta"]);
});

test("sentences are taken from the comments of the class and of its fields", () => {
  const declaration = `/**
* A \\"widget\\".
*/
export declare class V1Widget {
    /**
    * How many.
    */
    'count': number;
    'ref'?: V1Ref;
    /**
    * Where \\\\d is.
    */
    'xPlace'?: string;
    /**
    * Of no field.
    */
    'other'?: string;
    static readonly discriminator: string | undefined;
`;
  const definition = { fields: { count: "int32", ref: "api.x.v1.Ref", "x-place": "string" } };
  assert.deepEqual(describe(declaration, definition), {
    description: 'A "widget".',
    fields: { count: "How many.", "x-place": "Where \\d is." },
  });
});

test("nearly every definition is described by the package, and none where there is no package", () => {
  const descriptions = readDescriptions();
  assert.ok(Object.keys(descriptions).length > 700);
  assert.match(descriptions["io.k8s.api.core.v1.Pod"]!.description!, /^Pod is a collection of containers/);
  assert.ok(descriptions["io.k8s.api.core.v1.Container"]!.fields["image"]);
  assert.notEqual(
    descriptions["io.k8s.api.core.v1.Event"]!.description,
    descriptions["io.k8s.api.events.v1.Event"]!.description,
  );
  assert.deepEqual(readDescriptions("/nowhere"), {});
});
