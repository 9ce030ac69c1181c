import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { Namespace } from "../../api/core/v1/namespace.ts";
import { descriptionAnnotation, type Observed, plan } from "./plan.ts";

const namespace: Namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "n" },
  spec: {},
  status: { phase: "Active" },
};
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

function published(observed: Partial<Observed>): unknown {
  const [action] = plan({ namespace, configMap: undefined, rootCa: "PEM", ...observed });
  return action === undefined ? undefined : [action.type, "object" in action ? action.object : undefined];
}

function configMap(data: ConfigMap["data"], annotations: Record<string, string>): ConfigMap {
  const metadata = { name: "kube-root-ca.crt", namespace: "n", resourceVersion: "4", annotations };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, ...(data === undefined ? {} : { data }) };
}

test("a namespace without it gets the config map, one that ends does not", () => {
  const metadata = { name: "kube-root-ca.crt", namespace: "n", annotations: { [descriptionAnnotation]: description } };
  assert.deepEqual(published({}), ["create", { metadata, data: { "ca.crt": "PEM" } }]);
  const ending = { ...namespace, metadata: { name: "n", deletionTimestamp: "2026-01-01T00:00:00Z" } };
  assert.equal(published({ namespace: ending }), undefined);
});

test("what differs is put right, at the version that was seen; other annotations stay", () => {
  const right = configMap({ "ca.crt": "PEM" }, { [descriptionAnnotation]: "any text", mine: "1" });
  assert.equal(published({ configMap: right }), undefined);
  const wanted = configMap({ "ca.crt": "PEM" }, { [descriptionAnnotation]: description, mine: "1" });
  assert.deepEqual(published({ configMap: configMap({ "ca.crt": "old" }, { mine: "1" }) }), ["update", wanted]);
  assert.deepEqual(published({ configMap: configMap({ "ca.crt": "PEM" }, { mine: "1" }) }), ["update", wanted]);
  assert.deepEqual(published({ configMap: configMap({ "ca.crt": "PEM", more: "x" }, { mine: "1" }) }), [
    "update",
    wanted,
  ]);
});
