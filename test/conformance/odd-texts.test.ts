import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols } from "../support/conformance.ts";

interface Refused {
  readonly details: { readonly causes: readonly { readonly field: string; readonly message: string }[] };
}

/** What clients see of texts that Go writes in two ways: by `%q`, and as JSON where they have a type of their own. */
onBothProtocols("odd texts in refusals", (subject) => {
  const causes = async (path: string, body: object): Promise<readonly string[]> => {
    const { json } = await expect(subject().admin, { method: "POST", path: `${path}?dryRun=All`, body }, 422);
    return (json as Refused).details.causes.map(({ field, message }) => `${field}: ${message}`);
  };

  test("enumerations and names of resources are JSON, what stands beside them is quoted", async () => {
    const container = { name: 'a<"b', image: "a", imagePullPolicy: "<Never>", resources: { limits: { "a&b": "1" } } };
    const notLabel =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    const notQualified =
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    const at = "template.spec.containers[0]";
    const body = {
      metadata: { name: "odd" },
      template: { spec: { containers: [container], restartPolicy: "a\u007f" } },
    };
    const found = await causes("/api/v1/namespaces/default/podtemplates", body);
    for (const cause of [
      `${at}.name: Invalid value: "a<\\"b": ${notLabel}`,
      `${at}.imagePullPolicy: Unsupported value: "\\u003cNever\\u003e": supported values: "Always", "IfNotPresent", "Never"`,
      `${at}.resources.limits[a&b]: Invalid value: "a\\u0026b": ${notQualified}`,
      'template.spec.restartPolicy: Unsupported value: "a\u007f": supported values: "Always", "OnFailure", "Never"',
    ])
      assert.ok(found.includes(cause), `${cause}\n${found.join("\n")}`);
  });

  test("the group and kind of a role are plain strings", async () => {
    const body = { metadata: { name: "odd" }, roleRef: { apiGroup: "<", kind: "&", name: "a" } };
    assert.deepEqual(await causes("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", body), [
      'roleRef.apiGroup: Unsupported value: "<": supported values: "rbac.authorization.k8s.io"',
      'roleRef.kind: Unsupported value: "&": supported values: "ClusterRole"',
    ]);
  });

  test("a taint's effect is told of a place that is none, and JSON all the same", async () => {
    const body = { metadata: { name: "odd" }, spec: { taints: [{ key: "a", effect: ">" }] } };
    assert.deepEqual(await causes("/api/v1/nodes", body), [
      'metadata.taints[0].effect: Unsupported value: "\\u003e": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ]);
  });
});
