import assert from "node:assert/strict";
import { test } from "node:test";
import { AbacAuthorizer } from "../../apiserver/authorization/abac/abac-authorizer.ts";
import { parsePolicyFile } from "../../apiserver/authorization/abac/policy-file.ts";
import { configMaps, expect, failure, onBothProtocols } from "../support/conformance.ts";

const policies = `{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"jane","namespace":"default","resource":"configmaps","apiGroup":"","readonly":true}}
{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"group":"*","nonResourcePath":"/version"}}`;

onBothProtocols(
  "policies of a file decide who may",
  (use) => {
    test("what a policy allows is answered, everything else is Forbidden, for no policy matched", async () => {
      const jane = use().as(use().https.issue({ commonName: "jane" }));
      await expect(jane, { path: configMaps }, 200);
      await expect(jane, { path: "/version" }, 200);
      const why =
        'configmaps is forbidden: User "jane" cannot create resource "configmaps" in API group "" in the namespace "default": No policy matched.';
      const body = { metadata: { name: "a" } };
      const refused = failure(403, "Forbidden", why, { kind: "configmaps" });
      await expect(jane, { method: "POST", path: configMaps, body }, 403, refused);
      const path = 'forbidden: User "jane" cannot get path "/metrics": No policy matched.';
      await expect(jane, { path: "/metrics" }, 403, failure(403, "Forbidden", path, {}));
      await expect(use().admin, { path: "/metrics" }, 200);
    });

    test("a review says why, too", async () => {
      const body = {
        ...{ kind: "SubjectAccessReview", apiVersion: "authorization.k8s.io/v1", metadata: {} },
        spec: { user: "joe", resourceAttributes: { verb: "get", resource: "pods" } },
      };
      const { json } = await expect(
        use().admin,
        { method: "POST", path: "/apis/authorization.k8s.io/v1/subjectaccessreviews", body },
        201,
      );
      const { status } = json as { status: object };
      assert.deepEqual(status, { allowed: false, reason: "No policy matched." });
    });
  },
  { access: { authorizationModes: [new AbacAuthorizer(parsePolicyFile(policies, "policies"))] } },
);
