import assert from "node:assert/strict";
import { before, test } from "node:test";
import { expect, onBothProtocols, seen } from "../support/conformance.ts";
import type { Answer } from "../support/http.ts";

// Behaviour: test/integration/apiserver/field_validation_test.go (KEP-2885), with objects of our own.

const deployments = "/apis/apps/v1/namespaces/default/deployments";
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const boxes = "/apis/fields.example.com/v1/namespaces/default/boxes";

const wrongJson = (name: string) => `{
  "apiVersion": "apps/v1",
  "kind": "Deployment",
  "metadata": { "name": "other", "name": "${name}", "strange": "m" },
  "spec": {
    "odd": "1", "oddTwice": "1", "oddTwice": "2", "paused": true, "paused": false,
    "selector": { "matchLabels": { "app": "a" } },
    "template": {
      "metadata": { "labels": { "app": "a" } },
      "spec": { "containers": [
        { "name": "c", "image": "i", "oddDeep": "1", "imagePullPolicy": "Always", "imagePullPolicy": "Never" }
      ] }
    }
  }
}`;
const wrongYaml = (name: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: other
  name: ${name}
  strange: m
spec:
  odd: "1"
  oddTwice: "1"
  oddTwice: "2"
  paused: true
  paused: false
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers:
      - name: c
        image: i
        oddDeep: "1"
        imagePullPolicy: Always
        imagePullPolicy: Never`;
const deployment = (name: string) => ({
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: "a" } },
    template: { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
});

const jsonProblems = [
  'duplicate field "metadata.name"',
  'unknown field "metadata.strange"',
  'unknown field "spec.odd"',
  'unknown field "spec.oddTwice"',
  'duplicate field "spec.paused"',
  'unknown field "spec.template.spec.containers[0].oddDeep"',
  'duplicate field "spec.template.spec.containers[0].imagePullPolicy"',
];
const yamlLines = [
  'line 5: key "name" already set in map',
  'line 10: key "oddTwice" already set in map',
  'line 12: key "paused" already set in map',
  'line 22: key "imagePullPolicy" already set in map',
];
const yamlUnknown = [
  'unknown field "metadata.strange"',
  'unknown field "spec.odd"',
  'unknown field "spec.oddTwice"',
  'unknown field "spec.template.spec.containers[0].oddDeep"',
];
const patchProblems = [
  'duplicate field "spec.oddTwice"',
  'duplicate field "spec.paused"',
  'duplicate field "spec.template.spec.containers[0].imagePullPolicy"',
  'unknown field "spec.odd"',
  'unknown field "spec.oddTwice"',
  'unknown field "spec.template.spec.containers[0].oddDeep"',
];
const patchText = `{"spec":{"odd":"1","oddTwice":"1","oddTwice":"2","paused":true,"paused":false,"template":{"spec":{"containers":[
  {"name":"c","image":"i","oddDeep":"1","imagePullPolicy":"Always","imagePullPolicy":"Never"}]}}}}`;
const operations = `[
  {"op":"add","path":"/spec/odd","value":"1","foo":"bar"},
  {"op":"add","path":"/spec/lost","path":"/spec/found","value":"1"},
  {"op":"add","path":"/spec/paused","value":true},
  {"op":"add","path":"/spec/template/spec/containers/0/oddDeep","value":"1"}]`;
const operationProblems = [
  'json patch unknown field "[0].foo"',
  'json patch duplicate field "[1].path"',
  'unknown field "spec.found"',
  'unknown field "spec.odd"',
  'unknown field "spec.template.spec.containers[0].oddDeep"',
];

/** The texts of the warnings, as they were before they were quoted for the header. */
function warnings({ headers }: Answer): readonly string[] {
  const lines = headers["warning"];
  const text = Array.isArray(lines) ? lines.join(", ") : (lines ?? "");
  return [...text.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, quoted]) => JSON.parse(`"${quoted!}"`) as string);
}

interface Send {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

onBothProtocols("field validation", (subject) => {
  /** Strict refuses and says why, Warn is the default and says it in headers, Ignore says nothing. */
  async function tries(send: Send, problems: readonly string[], strict: RegExp | string, code: number): Promise<void> {
    const { admin } = subject();
    const { method, path, type, body } = send;
    const query = path.includes("?") ? "&" : "?";
    const call = (validation: string) => {
      const asked = validation === "" ? "" : `&fieldValidation=${validation}`;
      return { method, path: `${path}${query}dryRun=All${asked}`, headers: { "content-type": type }, body };
    };
    const done = method === "POST" ? 201 : 200;
    const refusal = String(seen(await expect(admin, call("Strict"), code)).message);
    if (typeof strict === "string") assert.equal(refusal, strict);
    else assert.match(refusal, strict);
    assert.deepEqual(warnings(await expect(admin, call("Warn"), done)), problems);
    assert.deepEqual(warnings(await expect(admin, call(""), done)), problems);
    assert.deepEqual(warnings(await expect(admin, call("Ignore"), done)), []);
  }

  const escaped = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));

  before(async () => {
    const { admin } = subject();
    await expect(admin, { method: "POST", path: deployments, body: deployment("fields") }, 201);
  });

  test("a create in JSON is told what is unknown and what stands twice, as it stands in the text", async () => {
    const send = { method: "POST", path: deployments, type: "application/json", body: wrongJson("new") };
    const strict = `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${jsonProblems.join(", ")}`;
    await tries(send, jsonProblems, strict, 400);
  });

  test("in YAML, what stands twice is told by line, and what is unknown after it", async () => {
    const problems = [...yamlLines, ...yamlUnknown];
    const send = { method: "POST", path: deployments, type: "application/yaml", body: wrongYaml("new") };
    const strict = `Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: yaml: unmarshal errors:\n  ${yamlLines.join("\n  ")}, ${yamlUnknown.join(", ")}`;
    await tries(send, problems, strict, 400);
  });

  test("an update is told the same", async () => {
    const path = `${deployments}/fields`;
    const send = { method: "PUT", path, type: "application/json", body: wrongJson("fields") };
    await tries(send, jsonProblems, escaped(`strict decoding error: ${jsonProblems.join(", ")}`), 400);
  });

  test("a merge patch and a strategic one are told of the patch first, then of what they make", async () => {
    for (const type of ["application/merge-patch+json", "application/strategic-merge-patch+json"]) {
      const send = { method: "PATCH", path: `${deployments}/fields`, type, body: patchText };
      await tries(send, patchProblems, escaped(`strict decoding error: ${patchProblems.join(", ")}`), 422);
    }
  });

  test("a JSON patch is told of its operations first", async () => {
    const type = "application/json-patch+json";
    const send = { method: "PATCH", path: `${deployments}/fields`, type, body: operations };
    await tries(send, operationProblems, escaped(`strict decoding error: ${operationProblems.join(", ")}`), 422);
  });

  test("an apply is told by line what stands twice; what is unknown it refuses in any case", async () => {
    const text = (more: string) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: fields, namespace: default}\nspec:\n  paused: true\n  paused: false\n${more}`;
    const path = `${deployments}/fields?fieldManager=m`;
    const send = { method: "PATCH", path, type: "application/apply-patch+yaml", body: text("") };
    const line = 'line 6: key "paused" already set in map';
    await tries(send, [line], `error strict decoding YAML: yaml: unmarshal errors:\n  ${line}`, 400);
    const headers = { "content-type": "application/apply-patch+yaml" };
    const unknown = await expect(subject().admin, { method: "PATCH", path, headers, body: text("  odd: 1\n") }, 500);
    assert.equal(
      seen(unknown).message,
      "failed to create typed patch object (default/fields; apps/v1, Kind=Deployment): .spec.odd: field not declared in schema",
    );
  });

  test("custom resources are told alike, duplicates before what is unknown", async () => {
    const { admin } = subject();
    const object = { type: "object" };
    const embedded = {
      ...object,
      "x-kubernetes-embedded-resource": true,
      "x-kubernetes-preserve-unknown-fields": true,
    };
    const properties = { known: { type: "string" }, inner: embedded };
    const schema = { openAPIV3Schema: { ...object, properties: { spec: { ...object, properties } } } };
    const names = { plural: "boxes", singular: "box", kind: "Box" };
    const versions = [{ name: "v1", served: true, storage: true, schema }];
    const spec = { group: "fields.example.com", scope: "Namespaced", names, versions };
    const definition = { metadata: { name: "boxes.fields.example.com" }, spec };
    await expect(admin, { method: "POST", path: definitions, body: definition }, 201);
    const body = `{
      "apiVersion": "fields.example.com/v1", "kind": "Box",
      "metadata": { "name": "other", "name": "b", "strange": "m" },
      "spec": { "odd": 1, "oddTwice": 1, "oddTwice": 2, "known": "1", "known": "2",
        "inner": { "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "i", "strangeInner": "m" } } }
    }`;
    const problems = [
      'duplicate field "metadata.name"',
      'duplicate field "spec.oddTwice"',
      'duplicate field "spec.known"',
      'unknown field "metadata.strange"',
      'unknown field "spec.odd"',
      'unknown field "spec.oddTwice"',
      'unknown field "spec.inner.metadata.strangeInner"',
    ];
    const strict = escaped(`strict decoding error: ${problems.join(", ")}`);
    await tries({ method: "POST", path: boxes, type: "application/json", body }, problems, strict, 400);
  });
});
