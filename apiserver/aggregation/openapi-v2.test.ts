import assert from "node:assert/strict";
import { test } from "node:test";
import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { inDocumentOrder, ownPart } from "./openapi-v2.ts";

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });

test("of a service's document, its own paths count and what they lead to", () => {
  const document = {
    paths: { "/apis/g/v1/things": { get: ref("Thing") }, "/apis/g/v1beta1/things": {}, "/version": ref("Info") },
    definitions: { Thing: { items: [ref("Part")] }, Part: { self: ref("Part") }, Info: {} },
  };
  assert.deepEqual(ownPart(document, "g", "v1"), {
    paths: { "/apis/g/v1/things": { get: ref("Thing") } },
    definitions: { Thing: { items: [ref("Part")] }, Part: { self: ref("Part") } },
  });
});

test("services come by the priority of their group, which is the highest of its versions', and then by name", () => {
  const service = (name: string, groupPriorityMinimum: number): APIService => {
    const [version, group] = name.split(".") as [string, string];
    return {
      metadata: { name },
      spec: { group, version, groupPriorityMinimum, versionPriority: 1 },
    } as unknown as APIService;
  };
  const services = [service("v2.b", 1), service("v1.c", 50), service("v1.a", 50), service("v1.b", 99)];
  assert.deepEqual(
    inDocumentOrder(services).map(({ metadata }) => metadata.name),
    ["v1.b", "v2.b", "v1.a", "v1.c"],
  );
});
