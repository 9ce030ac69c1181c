import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { realClock } from "../../base/mod.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import { expect } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { clientOf } from "../support/http.ts";
import { startHttpsServer } from "../support/https-server.ts";

const group = "odd.example.com";
const objects = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

function definition(plural: string, schema: unknown, more: object = {}): object {
  const kind = plural.slice(0, -1);
  const names = { plural, singular: kind, kind, listKind: `${kind}List` };
  const yes = { status: "True", lastTransitionTime: "2026-01-01T00:00:00Z", reason: "r", message: "m" };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, uid: `uid-${plural}`, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      group,
      names,
      scope: "Namespaced",
      conversion: { strategy: "None" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more }],
    },
    status: {
      acceptedNames: names,
      storedVersions: ["v1"],
      conditions: [
        { type: "NamesAccepted", ...yes },
        { type: "Established", ...yes },
      ],
    },
  };
}

/** What validation refuses, and an older server, another one or somebody's hand may have put into the store. */
const odd: Readonly<Record<string, object>> = {
  rules: definition("rules", { type: "object", "x-kubernetes-validations": [{ rule: "self.(" }] }),
  patterns: definition("patterns", { type: "object", properties: { a: { type: "string", pattern: "(" } } }),
  columns: definition("columns", objects, { additionalPrinterColumns: [{ name: "a", type: "b", jsonPath: "{{" }] }),
  fields: definition("fields", objects, { selectableFields: [{ jsonPath: "[[" }] }),
  scales: definition("scales", objects, {
    subresources: { scale: { specReplicasPath: "((", statusReplicasPath: "" } },
  }),
  defaults: definition("defaults", { type: "object", properties: { a: { type: "string", default: { b: [] } } } }),
  schemas: definition("schemas", null),
  items: definition("items", { type: "array", items: null }),
  versions: { ...definition("versions", {}), spec: { group, names: {}, scope: "Namespaced", versions: null } },
};

describe("definitions in the store that cannot be served", { timeout: 300_000 }, () => {
  for (const [plural, stored] of Object.entries(odd)) {
    test(`${plural}: the server starts and serves all else, and so it does when such a one is written while it runs`, async () => {
      const storage = memoryStorage({ clock: realClock });
      const key = `/registry/apiextensions.k8s.io/customresourcedefinitions/${plural}.${group}`;
      await storage.put(key, Buffer.from(JSON.stringify(stored)));
      const https = await startHttpsServer({ storage });
      const admin = clientOf.h2(https.port, https.admin);
      try {
        await expect(admin, { path: "/readyz" }, 200, "ok");
        await expect(admin, { path: `${definitions}/${plural}.${group}` }, 200);
        const path = `/apis/${group}/v1/namespaces/default/${plural}`;
        const { status } = await admin.call({ path });
        assert.ok(status === 200 || status === 404, String(status));
        const again = structuredClone(stored) as { spec: { preserveUnknownFields?: boolean } };
        again.spec.preserveUnknownFields = false;
        await storage.put(key, Buffer.from(JSON.stringify(again)));
        await storage.delete(key);
        await expect(admin, { method: "POST", path: definitions, body: definition("goods", objects) }, 201);
        const goods = `/apis/${group}/v1/namespaces/default/goods`;
        const body = { apiVersion: `${group}/v1`, kind: "good", metadata: { name: "a" } };
        await eventually(() => expect(admin, { method: "POST", path: goods, body }, 201));
        await expect(admin, { path: "/openapi/v3" }, 200);
        await expect(admin, { path: "/apis" }, 200);
      } finally {
        admin.close();
        await https.close();
        await storage.close();
      }
    });
  }
});
