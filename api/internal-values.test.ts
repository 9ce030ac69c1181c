import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PodSpec } from "./generated/types/core-v1.ts";
import { internalTypes } from "./internal-types.ts";
import { type InternalType, internalPodSpec, internalValue } from "./internal-values.ts";

describe("an object as upstream shows it", () => {
  test("has every field by its name in Go, in order", () => {
    assert.equal(
      JSON.stringify(internalValue("VolumeMount", { mountPath: "/a", name: "v" })),
      '{"Name":"v","ReadOnly":false,"RecursiveReadOnly":null,"MountPath":"/a","SubPath":"","MountPropagation":null,"SubPathExpr":""}',
    );
  });

  test("is null where it is not set, and so is a list", () => {
    assert.equal(internalValue("NodeSelectorTerm", undefined), null);
    assert.deepEqual(internalValue("NodeSelectorTerm", [{}]), [{ MatchExpressions: null, MatchFields: null }]);
  });

  test("holds the fields of embedded types among its own", () => {
    assert.deepEqual(internalValue("SecretKeySelector", { name: "a", key: "b" }), {
      Name: "a",
      Key: "b",
      Optional: null,
    });
    assert.equal(Object.keys(internalValue("Volume", { name: "v" }) as object)[0], "Name");
  });

  test("holds structs that are not set, quantities of nothing, and maps by key", () => {
    assert.deepEqual(internalValue("ResourceFieldSelector", { resource: "limits.cpu" }), {
      ContainerName: "",
      Resource: "limits.cpu",
      Divisor: "0",
    });
    const template = { metadata: { annotations: { d: "e", c: "d" }, labels: { b: "c" } }, spec: { selector: {} } };
    assert.equal(
      JSON.stringify(internalValue("PersistentVolumeClaimTemplate", template)),
      '{"labels":{"b":"c"},"annotations":{"c":"d","d":"e"},"Spec":{"AccessModes":null,"Selector":{},"Resources":{"Limits":null,"Requests":null},"VolumeName":"","StorageClassName":null,"VolumeMode":null,"DataSource":null,"DataSourceRef":null,"VolumeAttributesClassName":null}}',
    );
  });

  test("has selectors of labels as the API declares them", () => {
    const labelSelector = {
      matchExpressions: [{ values: ["c"], operator: "In", key: "b" }],
      matchLabels: { e: "f", d: "e" },
    };
    const { LabelSelector } = internalValue("PodAffinityTerm", { labelSelector }) as Record<string, unknown>;
    assert.equal(
      JSON.stringify(LabelSelector),
      '{"matchLabels":{"d":"e","e":"f"},"matchExpressions":[{"key":"b","operator":"In","values":["c"]}]}',
    );
  });

  test("keeps what a pod shares with the host in its security context", () => {
    const shown = internalPodSpec({
      containers: [],
      hostPID: true,
      securityContext: { runAsUser: 1 },
    } as unknown as PodSpec);
    const { SecurityContext } = shown as Record<string, Record<string, unknown>>;
    assert.equal(SecurityContext!["HostPID"], true);
    assert.equal(SecurityContext!["HostIPC"], false);
    assert.equal(SecurityContext!["RunAsUser"], 1);
  });
});

test("all types that fields are of are told", () => {
  for (const type of Object.keys(internalTypes)) internalValue(type as InternalType, {});
});
