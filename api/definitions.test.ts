import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../apimachinery/json/json.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import { decodeObject } from "../apimachinery/schema/decode.ts";
import { applyDefaults } from "../apimachinery/schema/defaults.ts";
import { compactDefinitions, definition, definitionSchema } from "./generated/definitions.ts";
import { publishedPaths } from "./generated/paths.ts";
import { builtInResources } from "./generated/resources.ts";
import type { Deployment, DeploymentInput } from "./generated/types/apps-v1.ts";
import type { Pod } from "./generated/types/core-v1.ts";

/** What is stored of what a client sends, before the resource's own defaults. */
function stored<T extends ApiObject>(name: string, input: object): T {
  const { object } = decodeObject(definition(name), structuredClone(input) as JsonObject);
  applyDefaults(definition(name), object);
  return object as unknown as T;
}

test("every definition and every reference in it can be resolved", () => {
  for (const name of Object.keys(compactDefinitions())) {
    const schema = definitionSchema(`io.k8s.${name}`);
    if (schema.type === "object")
      assert.equal(schema.fields.size, Object.keys(compactDefinitions()[name]!.fields ?? {}).length);
  }
});

test("every resource has a structure of its kind, and paths that serve it", () => {
  const paths = publishedPaths();
  for (const resource of builtInResources) {
    const { group, version, kind, plural, namespaced } = resource;
    const kinds = compactDefinitions()[resource.definition.replace("io.k8s.", "")]?.kinds;
    assert.ok(kinds?.includes(`${group}/${version}/${kind}`), `${plural}.${group}`);
    const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    assert.ok(paths[`${root}/${namespaced ? "namespaces/{namespace}/" : ""}${plural}`], `${root} ${plural}`);
  }
});

test("a Deployment gets upstream's constant defaults down to its containers' probes", () => {
  const input: DeploymentInput = {
    metadata: { name: "web" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [
            { name: "web", image: "web:1", ports: [{ containerPort: 80 }], livenessProbe: { httpGet: { port: 80 } } },
          ],
        },
      },
    },
  };
  assert.deepEqual(stored<Deployment>("io.k8s.api.apps.v1.Deployment", input), {
    metadata: { name: "web" },
    spec: {
      progressDeadlineSeconds: 600,
      replicas: 1,
      revisionHistoryLimit: 10,
      selector: { matchLabels: { app: "web" } },
      strategy: { type: "RollingUpdate" },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [
            {
              name: "web",
              image: "web:1",
              livenessProbe: {
                httpGet: { path: "/", port: 80, scheme: "HTTP" },
                failureThreshold: 3,
                periodSeconds: 10,
                successThreshold: 1,
                timeoutSeconds: 1,
              },
              ports: [{ containerPort: 80, protocol: "TCP" }],
              resources: {},
              terminationMessagePath: "/dev/termination-log",
              terminationMessagePolicy: "File",
            },
          ],
          dnsPolicy: "ClusterFirst",
          restartPolicy: "Always",
          schedulerName: "default-scheduler",
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        },
      },
    },
    status: {},
  });
});

test("a pod's type says what defaulting leaves", () => {
  const pod = stored<Pod>("io.k8s.api.core.v1.Pod", { spec: { containers: [], restartPolicy: "" } });
  const policy: string = pod.spec.restartPolicy;
  assert.equal(policy, "Always");
});

test("a decode error names embedded structs and upstream's types", () => {
  const probe = (value: unknown) => () =>
    decodeObject(definition("io.k8s.api.core.v1.Pod"), {
      spec: { containers: [{ livenessProbe: value as JsonObject }] },
    });
  assert.throws(probe({ httpGet: "x" }), {
    message:
      "json: cannot unmarshal string into Go struct field Probe.spec.containers.livenessProbe.ProbeHandler.httpGet of type v1.HTTPGetAction",
  });
  assert.throws(probe({ httpGet: { scheme: 1 } }), {
    message:
      "json: cannot unmarshal number into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.scheme of type v1.URIScheme",
  });
});

test("zero values that upstream's structs always write are there", () => {
  const role = stored<ApiObject & { roleRef: object }>("io.k8s.api.rbac.v1.RoleBinding", {
    roleRef: { kind: "Role", name: "a" },
  });
  assert.deepEqual(role.roleRef, { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "a" });
  const pod = stored<Pod>("io.k8s.api.core.v1.Pod", {
    spec: {
      containers: [{ name: "a", env: [{ name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } }] }],
    },
  });
  assert.equal(pod.spec.containers[0]!.env![0]!.valueFrom!.resourceFieldRef!.divisor, "0");
});
