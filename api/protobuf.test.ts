import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isNotAcceptable } from "../apimachinery/errors/api-error.ts";
import type { JsonObject } from "../apimachinery/json/json.ts";
import { compactDefinitions } from "./generated/definitions.ts";
import { builtInResources } from "./generated/resources.ts";
import { decodeProtobuf, encodeProtobuf, encodeProtobufWatchFrame } from "./protobuf.ts";

/** One object of each kind with every field filled; not part of the project. */
const folder = join(import.meta.dirname, "../../shared/data/golden");
const skip = existsSync(folder) ? false : `no golden objects at ${folder}`;

/**
 * Golden kinds that this API has no message for: versions that are no longer served, options that travel in the query,
 * reviews of webhooks (JSON alone), and kinds that only stand in others. The generator's tests turn these too.
 */
const withoutMessage = [
  /^(admission|imagepolicy)\.k8s\.io\./,
  /^extensions\.v1beta1\./,
  /^apps\.v1beta[12]\./,
  /^batch\.v1beta1\./,
  /^policy\.v1beta1\./,
  /^rbac\.authorization\.k8s\.io\.v1(alpha1|beta1)\./,
  /^(authentication|authorization|discovery|events|scheduling)\.k8s\.io\.v1beta1\./,
  /^flowcontrol\.apiserver\.k8s\.io\.v1beta[123]\./,
  /^node\.k8s\.io\.v1(alpha1|beta1)\./,
  /^storage\.k8s\.io\.v1alpha1\./,
  /^storage\.k8s\.io\.v1beta1\.(CSIDriver|CSINode|CSIStorageCapacity|StorageClass|VolumeAttachment)$/,
  /^admissionregistration\.k8s\.io\.v1alpha1\.Validating/,
  /^admissionregistration\.k8s\.io\.v1beta1\.(Validating.*|MutatingWebhookConfiguration)$/,
  /^certificates\.k8s\.io\.v1beta1\.CertificateSigningRequest$/,
  /^coordination\.k8s\.io\.v1beta1\.Lease$/,
  /^networking\.k8s\.io\.v1beta1\.Ingress(Class)?$/,
  /^core\.v1\.(?!Delete)\w+Options$/,
  /^core\.v1\.(PodStatusResult|SerializedReference|WatchEvent)$/,
  /^apidiscovery\.k8s\.io\..*\.APIGroupDiscovery$/,
];

test("each golden object of this API becomes its protobuf, byte for byte, and comes back from it", { skip }, () => {
  let count = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const bytes = readFileSync(join(folder, file.replace(/json$/, "pb")));
    if (withoutMessage.some((pattern) => pattern.test(file.replace(/\.json$/, "")))) {
      assert.throws(
        () => decodeProtobuf(bytes),
        /no kind "\w+" is registered for version|Object 'Kind' is missing/,
        file,
      );
      continue;
    }
    const object = JSON.parse(readFileSync(join(folder, file), "utf8")) as JsonObject;
    assert.deepEqual(decodeProtobuf(bytes), object, file);
    assert.equal(Buffer.from(encodeProtobuf(object)).toString("hex"), bytes.toString("hex"), file);
    count++;
  }
  assert.equal(count, 101);
});

test("every resource and its list have a message", () => {
  for (const { group, version, kind, verbs } of builtInResources) {
    const apiVersion = group === "" ? version : `${group}/${version}`;
    encodeProtobuf({ apiVersion, kind });
    if (verbs.includes("list")) encodeProtobuf({ apiVersion, kind: `${kind}List`, metadata: {}, items: [{}] });
  }
});

test("every kind that has a definition has a message", () => {
  for (const { kinds = [] } of Object.values(compactDefinitions())) {
    for (const text of kinds) {
      const [group, version, kind] = text.split("/");
      encodeProtobuf({ apiVersion: group === "" ? version : `${group}/${version}`, kind });
    }
  }
});

test("a list's items carry no type of their own", () => {
  const metadata = { name: "a", namespace: "default" };
  const list = {
    kind: "ConfigMapList",
    apiVersion: "v1",
    metadata: { resourceVersion: "7" },
    items: [{ metadata, data: { a: "b" } }],
  };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(list)), list);
});

test("what stands in one field of JSON schemas comes back as it was", () => {
  const choices = {
    properties: {
      a: { type: "array", items: { type: "string" }, default: [null, 1], enum: [null, "x", { y: 1 }] },
      b: { items: [{ type: "string" }, { type: "integer" }], additionalItems: false },
      c: { additionalProperties: { $ref: "#/x", "x-kubernetes-int-or-string": true }, additionalItems: true },
    },
    dependencies: { a: ["b", "c"], d: { type: "object" } },
  };
  const spec = {
    group: "example.com",
    names: { plural: "widgets", kind: "Widget" },
    scope: "Namespaced",
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: choices } }],
  };
  const crd = {
    kind: "CustomResourceDefinition",
    apiVersion: "apiextensions.k8s.io/v1",
    metadata: { name: "x" },
    spec,
  };
  const { status: _, ...back } = decodeProtobuf(encodeProtobuf(crd)) as JsonObject;
  assert.deepEqual(back, crd);
});

test("metadata alone, errors and options of a deletion have messages; tables have none", () => {
  const meta = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { name: "a" } };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(meta)), meta);
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", reason: "NotFound", code: 404 };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(status)), status);
  const options = { kind: "DeleteOptions", apiVersion: "apps/v1", propagationPolicy: "Orphan" };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(options)), options);
  assert.throws(() => encodeProtobuf({ kind: "Table", apiVersion: "meta.k8s.io/v1" }), isNotAcceptable);
  assert.throws(
    () => encodeProtobufWatchFrame("ADDED", { kind: "Widget", apiVersion: "example.com/v1" }),
    isNotAcceptable,
  );
});
