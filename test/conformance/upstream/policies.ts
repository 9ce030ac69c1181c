import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { definitionOf, establish } from "../../support/custom-resources.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const matchConstraints = {
  resourceRules: [{ operations: ["CREATE"], apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"] }],
};
const workload = (name: string, replicas: number): object => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "c", image: "pause" }] } },
  },
});

describeUpstream("Admission policies", (use) => {
  const kinds = ["validating", "mutating"] as const;
  afterEach(async () => {
    for (const kind of kinds) {
      await use.typed(`${kind}admissionpolicybindings`).deleteCollection();
      await use.typed(`${kind}admissionpolicies`).deleteCollection();
    }
  });
  const enforce = async (kind: (typeof kinds)[number], namespace: string, spec: object): Promise<void> => {
    const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
    await use.typed(`${kind}admissionpolicies`).create({
      metadata: { name: "policy.example.com" },
      spec: { matchConstraints: { ...matchConstraints, namespaceSelector }, ...spec },
    });
    const actions = kind === "validating" ? { validationActions: ["Deny"] } : {};
    await use.typed(`${kind}admissionpolicybindings`).create({
      metadata: { name: "binding.example.com" },
      spec: { policyName: "policy.example.com", ...actions, matchResources: { namespaceSelector } },
    });
  };

  test("should validate against a Deployment", async () => {
    const namespace = await use.makeNamespace();
    await enforce("validating", namespace, {
      validations: [
        {
          expression: "object.spec.replicas > 1",
          messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
        },
        {
          expression: `namespaceObject.metadata.name == '${namespace}'`,
          message: "Other namespace should not be allowed.",
        },
      ],
    });
    const deployments = use.typed("deployments", namespace);
    // Its message cannot be made of a text and a number.
    await isRefused(
      deployments.create(workload("marker-deployment", 1)),
      422,
      /^deployments.apps "marker-deployment" is forbidden: ValidatingAdmissionPolicy 'policy.example.com' with binding 'binding.example.com' denied request: failed expression: object.spec.replicas > 1$/,
    );
    await deployments.create(workload("replicated", 2));
    await use.typed("replicasets", namespace).create(workload("non-replicated", 1));
  });

  test("should allow expressions to refer variables.", async () => {
    const namespace = await use.makeNamespace();
    await enforce("validating", namespace, {
      variables: [
        { name: "replicas", expression: "object.spec.replicas" },
        { name: "oddReplicas", expression: "variables.replicas % 2 == 1" },
      ],
      validations: [{ expression: "variables.replicas > 1" }, { expression: "variables.oddReplicas" }],
    });
    const deployments = use.typed("deployments", namespace);
    await isRefused(
      deployments.create(workload("marker-deployment", 1)),
      422,
      /failed expression: variables.replicas > 1$/,
    );
    await deployments.create(workload("replicated", 3));
    await use.typed("replicasets", namespace).create(workload("non-replicated", 1));
  });

  test("should type check validation expressions", async () => {
    const policies = use.typed("validatingadmissionpolicies");
    const checked = async (name: string, validation: object): Promise<readonly Thing[]> => {
      await policies.create({ metadata: { name }, spec: { matchConstraints, validations: [validation] } });
      return eventually(async () => {
        const { typeChecking } = (await policies.get(name))["status"];
        assert.ok(typeChecking);
        return typeChecking.expressionWarnings ?? [];
      });
    };
    assert.deepEqual(await checked("correct", { expression: "object.spec.replicas > 1" }), []);
    const [first, second, ...more] = await checked("confused", {
      expression: "object.spec.replicas > '1'",
      messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
    });
    assert.deepEqual(more, []);
    assert.deepEqual(
      [first?.["fieldRef"], second?.["fieldRef"]],
      ["spec.validations[0].expression", "spec.validations[0].messageExpression"],
    );
    assert.match(first?.["warning"], /found no matching overload for '_>_' applied to '\(int, string\)'/);
    assert.match(second?.["warning"], /found no matching overload for '_\+_' applied to '\(string, int\)'/);
  });

  test("should type check a CRD", async () => {
    const replicas = { type: "object", properties: { replicas: { type: "integer" } } };
    const schema = { properties: { spec: replicas } };
    await establish(use.admin, definitionOf("CronTab", [{ name: "v1", schema }]));
    const rule = { operations: ["*"], apiGroups: ["example.com"], apiVersions: ["v1"], resources: ["crontabs"] };
    const policies = use.typed("validatingadmissionpolicies");
    const checked = async (name: string, expressions: readonly string[]): Promise<readonly Thing[]> => {
      const validations = expressions.map((expression) => ({ expression }));
      const spec = { matchConstraints: { resourceRules: [rule] }, validations };
      await policies.create({ metadata: { name }, spec });
      return eventually(async () => {
        const { typeChecking } = (await policies.get(name))["status"];
        assert.ok(typeChecking);
        return typeChecking.expressionWarnings ?? [];
      });
    };
    const good = ["object.spec.replicas > 1", "object.metadata.namespace == 'a' && object.metadata.labels['b'] == 'c'"];
    assert.deepEqual(await checked("correct-crd", good), []);
    const [first, second, ...more] = await checked("confused-crd", [
      "object.spec.replicas > '1'",
      "object.spec.maxRetries < 10",
    ]);
    assert.deepEqual(more, []);
    assert.equal(first?.["fieldRef"], "spec.validations[0].expression");
    assert.match(first?.["warning"], /found no matching overload for '_>_' applied to '\(int, string\)'/);
    assert.equal(second?.["fieldRef"], "spec.validations[1].expression");
    assert.match(second?.["warning"], /undefined field 'maxRetries'/);
  });

  for (const [title, expression, annotations] of [
    ["should mutate a Deployment", "Object{spec: Object.spec{replicas: 7}}", undefined],
    [
      "should mutate a Deployment with annotations",
      'Object{metadata: Object.metadata{annotations: {"my-annotation": "my-value"}}}',
      { "my-annotation": "my-value" },
    ],
  ] as const) {
    test(title, async () => {
      const namespace = await use.makeNamespace();
      const mutations = [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }];
      await enforce("mutating", namespace, { reinvocationPolicy: "Never", mutations });
      const made = await use.typed("deployments", namespace).create(workload("marker-deployment", 1));
      assert.deepEqual([made["spec"].replicas, made.metadata.annotations], [annotations ? 1 : 7, annotations]);
    });
  }
});
