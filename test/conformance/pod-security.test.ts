import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, failure, onBothProtocols } from "../support/conformance.ts";
import { makeNamespace } from "../support/namespace.ts";

const merge = { "content-type": "application/merge-patch+json" };
const label = (mode: string) => `pod-security.kubernetes.io/${mode}`;
const pod = (name: string, security: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "c", image: "i", securityContext: security }] },
});
const escalation =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
const privileged = 'privileged (container "c" must not set securityContext.privileged=true)';

onBothProtocols("pod security", (subject) => {
  test("a pod below the enforced level is Forbidden, and every violation is named", async () => {
    const { admin } = subject();
    const path = `${await makeNamespace(admin, "restricted", { [label("enforce")]: "restricted" })}/pods`;
    await expect(
      admin,
      { method: "POST", path, body: pod("bare") },
      403,
      failure(403, "Forbidden", `pods "bare" is forbidden: violates PodSecurity "restricted:latest": ${escalation}`, {
        name: "bare",
        kind: "pods",
      }),
    );
    const confined = {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    };
    const answer = await expect(admin, { method: "POST", path, body: pod("confined", confined) }, 201);
    assert.equal(answer.headers["warning"], undefined);
  });

  test("a level to warn of lets a pod in with a warning; a pod's maker is warned too", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "warned", { [label("warn")]: "baseline", [label("warn-version")]: "v1.25" });
    const warning = `299 - "would violate PodSecurity \\"baseline:v1.25\\": ${privileged.replaceAll('"', '\\"')}"`;
    const body = pod("p", { privileged: true });
    const made = await expect(admin, { method: "POST", path: `${own}/pods`, body }, 201);
    assert.equal(made.headers["warning"], warning);
    const labels = { app: "a" };
    const deployment = {
      metadata: { name: "d" },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: body.spec } },
    };
    const path = "/apis/apps/v1/namespaces/warned/deployments";
    assert.equal((await expect(admin, { method: "POST", path, body: deployment }, 201)).headers["warning"], warning);
  });

  test("an ephemeral container is held to the level too; other changes of an old pod are not", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "ephemeral");
    const path = `${own}/pods/p`;
    await expect(admin, { method: "POST", path: `${own}/pods`, body: pod("p", { privileged: true }) }, 201);
    const labels = { metadata: { labels: { [label("enforce")]: "baseline", [label("enforce-version")]: "v1.30" } } };
    await expect(admin, { method: "PATCH", path: own, headers: merge, body: labels }, 200);
    await expect(admin, { method: "PATCH", path, headers: merge, body: { metadata: { labels: { a: "b" } } } }, 200);
    const strategic = { "content-type": "application/strategic-merge-patch+json" };
    const ephemeralContainers = [{ name: "e", image: "i", securityContext: { privileged: true } }];
    await expect(
      admin,
      {
        method: "PATCH",
        path: `${path}/ephemeralcontainers`,
        headers: strategic,
        body: { spec: { ephemeralContainers } },
      },
      403,
      failure(
        403,
        "Forbidden",
        'pods "p" is forbidden: violates PodSecurity "baseline:v1.30": privileged (containers "c", "e" must not set securityContext.privileged=true)',
        { name: "p", kind: "pods" },
      ),
    );
  });

  test("a label that means nothing is Invalid", async () => {
    const { admin } = subject();
    const body = { metadata: { name: "odd", labels: { [label("enforce")]: "strict" } } };
    const message = 'Invalid value: "strict": must be one of privileged, baseline, restricted';
    const field = "metadata.labels[pod-security.kubernetes.io/enforce]";
    await expect(
      admin,
      { method: "POST", path: "/api/v1/namespaces", body },
      422,
      failure(422, "Invalid", `Namespace "odd" is invalid: ${field}: ${message}`, {
        name: "odd",
        kind: "Namespace",
        causes: [{ reason: "FieldValueInvalid", message, field }],
      }),
    );
  });

  test("a namespace that becomes stricter is warned of the pods it has", async () => {
    const { admin } = subject();
    const own = await makeNamespace(admin, "stricter");
    for (const name of ["b", "a"]) {
      await expect(admin, { method: "POST", path: `${own}/pods`, body: pod(name, { privileged: true }) }, 201);
    }
    const body = { metadata: { labels: { [label("enforce")]: "baseline" } } };
    const answer = await expect(admin, { method: "PATCH", path: own, headers: merge, body }, 200);
    assert.equal(
      answer.headers["warning"],
      '299 - "existing pods in namespace \\"stricter\\" violate the new PodSecurity enforce level \\"baseline:latest\\"", 299 - "a (and 1 other pod): privileged"',
    );
  });
});
