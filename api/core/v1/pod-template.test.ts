import assert from "node:assert/strict";
import { test } from "node:test";
import { prepared, problems, row } from "../../test-support.ts";
import { container } from "./pod/test-pod.ts";
import { PodTemplate } from "./pod-template.ts";

const template = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: "a" },
  template: { metadata, spec: { containers: [container()], ...spec } },
});

test("a template is of a good pod, without what only pods get", () => {
  const one = prepared(PodTemplate, template({ terminationGracePeriodSeconds: -1 }, { labels: { a: "b" } }));
  assert.deepEqual(problems(PodTemplate, one), []);
  assert.equal(one.template.spec.enableServiceLinks, undefined);
  assert.equal(one.template.spec.terminationGracePeriodSeconds, -1);
  assert.deepEqual(
    [...PodTemplate.warnings!(one, undefined)],
    ["template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"],
  );
  assert.deepEqual([...PodTemplate.warnings!(one, one)], []);
  assert.deepEqual(row(PodTemplate, one), {
    Name: "a",
    Containers: "main",
    Images: "registry.example/app:1",
    "Pod Labels": "a=b",
  });
});

test("errors of a template's labels and containers are told by upstream's paths", () => {
  const bad = template({ ephemeralContainers: [container({ name: "debug" })] }, { labels: { "": "b" } });
  const errors = problems(PodTemplate, bad);
  assert.match(errors[0]!, /^template\.labels: Invalid value: "": name part must be non-empty$/);
  assert.equal(
    errors.at(-1),
    "template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template",
  );
});
