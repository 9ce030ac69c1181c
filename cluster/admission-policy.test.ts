import assert from "node:assert/strict";
import { test } from "node:test";
import { ValidatingAdmissionPolicy } from "../api/admissionregistration/v1/validating-admission-policy.ts";
import { ValidatingAdmissionPolicyBinding } from "../api/admissionregistration/v1/validating-admission-policy-binding.ts";
import { Deployment } from "../api/apps/v1/deployment.ts";
import { withWorkloads } from "./testing/workloads.ts";

const rule = { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] };
const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "x" }] } };

test("a policy tells what of its expressions cannot fit, and holds writes to the rest", {
  timeout: 60_000,
}, async () => {
  await withWorkloads({}, async ({ cluster, until }) => {
    const policies = cluster.client.resource(ValidatingAdmissionPolicy);
    const validations = [{ expression: "object.spec.replicas <= 5" }, { expression: "!has(object.spec.replica)" }];
    await policies.create({
      metadata: { name: "p" },
      spec: { matchConstraints: { resourceRules: [rule] }, validations },
    });
    await until(async () => (await policies.get("p")).status?.observedGeneration === 1);
    assert.deepEqual((await policies.get("p")).status?.typeChecking?.expressionWarnings, [
      {
        fieldRef: "spec.validations[1].expression",
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:5: undefined field 'replica'\n | !has(object.spec.replica)\n | ....^\n",
      },
    ]);
    const bindings = cluster.client.resource(ValidatingAdmissionPolicyBinding);
    await bindings.create({ metadata: { name: "b" }, spec: { policyName: "p", validationActions: ["Deny"] } });
    const deployments = cluster.client.resource(Deployment, "default");
    const of = (replicas: number) => ({ replicas, selector: { matchLabels: { a: "b" } }, template });
    await assert.rejects(deployments.create({ metadata: { name: "big" }, spec: of(6) }), {
      message:
        "deployments.apps \"big\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: object.spec.replicas <= 5",
    });
    await deployments.create({ metadata: { name: "small" }, spec: of(5) });
  });
});
