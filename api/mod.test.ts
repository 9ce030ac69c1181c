import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../apimachinery/resource/resource.ts";
import { thaw } from "../apimachinery/resource/thaw.ts";
import { deepFreeze } from "../apimachinery/schema/freeze.ts";
import { builtInResources as discovered } from "./generated/resources.ts";
import { builtInResources, findResource } from "./mod.ts";
import { subresourceKinds } from "./reviews.ts";
import { objectOf } from "./schema-arbitrary.ts";
import { decoded, now } from "./test-support.ts";

const all: readonly ResourceDefinition[] = builtInResources;

test("each resource says of itself what upstream's discovery says of it", () => {
  for (const resource of all) {
    const { group, version, plural } = resource;
    const found = discovered.find((one) => one.group === group && one.version === version && one.plural === plural);
    assert.ok(found, `${group}/${version}/${plural} is not known upstream`);
    assert.deepEqual(
      {
        kind: resource.kind,
        singular: resource.singular,
        namespaced: resource.scope === "Namespaced",
        verbs: [...resource.verbs].sort(),
        shortNames: resource.shortNames,
        categories: resource.categories,
        status: resource.subresources.status === true,
      },
      {
        kind: found.kind,
        singular: found.singular,
        namespaced: found.namespaced,
        verbs: [...found.verbs].sort(),
        shortNames: found.shortNames ?? [],
        categories: found.categories ?? [],
        status: (found.subresources ?? []).some(({ name }) => name === "status"),
      },
      plural,
    );
  }
});

test("a resource is found by group, version and plural, and stands once in the list", () => {
  assert.equal(findResource("", "v1", "services")?.kind, "Service");
  assert.equal(findResource("networking.k8s.io", "v1", "ingresses")?.kind, "Ingress");
  assert.equal(findResource("", "v1", "Service"), undefined);
  const names = all.map(({ group, version, plural }) => `${group}/${version}/${plural}`);
  assert.deepEqual(names, [...new Set(names)]);
});

test("resources lie in the store where upstream puts them", () => {
  const moved = all.filter(({ storagePath, plural, storedAs }) => storagePath !== plural && storedAs === undefined);
  assert.deepEqual(Object.fromEntries(moved.map(({ plural, storagePath }) => [plural, storagePath])), {
    customresourcedefinitions: "apiextensions.k8s.io/customresourcedefinitions",
    nodes: "minions",
    replicationcontrollers: "controllers",
    endpoints: "services/endpoints",
    services: "services/specs",
    ingresses: "ingress",
    apiservices: "apiregistration.k8s.io/apiservices",
  });
});

/** Everything pure that a server does with an object between the wire and the store. */
function exercise(resource: ResourceDefinition, input: object, oldInput: object): void {
  const context = { user: { username: "u", groups: ["g"] }, now, dryRun: false, subresource: "" };
  const old = deepFreeze(decoded(resource, oldInput));
  const created = decoded(resource, input);
  resource.prepareForCreate?.(created, context);
  const changed = decoded(resource, input);
  resource.prepareForUpdate?.(changed, old, context);
  deepFreeze(created);
  deepFreeze(changed);
  for (const subresource of ["", "status"]) {
    for (const error of resource.validate?.(created, undefined, { ...context, subresource }) ?? [])
      assert.ok(error.type);
    for (const error of resource.validate?.(changed, old, { ...context, subresource }) ?? []) assert.ok(error.type);
  }
  for (const warning of resource.warnings?.(changed, old) ?? []) assert.equal(typeof warning, "string");
  for (const { name, cell } of resource.columns) assert.notEqual(cell(changed, now), undefined, name);
  for (const read of Object.values(resource.fieldSelectors)) assert.equal(typeof read(changed), "string");
  if (resource.storedAs === undefined) return;
  const { toStored, fromStored } = resource.storedAs;
  const again = (stored: ApiObject): ApiObject =>
    toStored(deepFreeze(thaw(fromStored(deepFreeze(stored))) as ApiObject));
  // Once a version that can say less has been through, nothing is lost any more.
  const stored = again(toStored(changed));
  assert.deepEqual(again(stored), stored);
}

for (const resource of [...all, ...subresourceKinds]) {
  test(`nothing that decodes makes the rules of ${resource.kind} (${resource.group}) throw`, () => {
    const objects = objectOf(resource.schema);
    fc.assert(
      fc.property(objects, objects, (input, old) => exercise(resource, input as object, old as object)),
      { numRuns: 60, interruptAfterTimeLimit: 2000 },
    );
  });
}
