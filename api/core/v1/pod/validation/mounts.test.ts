import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problems } from "../../../../test-support.ts";
import { Pod } from "../../pod.ts";
import { type LooseSpec, podOf } from "../test-pod.ts";

const at = "spec.containers[0]";
const cache = { volumes: [{ name: "cache" }, { name: "disk", persistentVolumeClaim: { claimName: "disk" } }] };

interface Rule {
  readonly rule: string;
  readonly good: LooseSpec;
  readonly bad: LooseSpec;
  readonly says: readonly string[];
  readonly spec?: LooseSpec;
}

const rules: readonly Rule[] = [
  {
    rule: "a mount is of a volume",
    good: { volumeMounts: [{ name: "cache", mountPath: "/c" }] },
    bad: { volumeMounts: [{ name: "other", mountPath: "/c" }] },
    says: [`${at}.volumeMounts[0].name: Not found: "other"`],
    spec: cache,
  },
  {
    rule: "mounts have paths of their own",
    good: {
      volumeMounts: [
        { name: "cache", mountPath: "/a" },
        { name: "cache", mountPath: "/b" },
      ],
    },
    bad: {
      volumeMounts: [
        { name: "cache", mountPath: "/a" },
        { name: "cache", mountPath: "/a" },
      ],
    },
    says: [`${at}.volumeMounts[1].mountPath: Invalid value: "/a": must be unique`],
    spec: cache,
  },
  {
    rule: "a sub-path stays below its volume",
    good: { volumeMounts: [{ name: "cache", mountPath: "/a", subPath: "b/c" }] },
    bad: { volumeMounts: [{ name: "cache", mountPath: "/a", subPath: "b/../.." }] },
    says: [`${at}.volumeMounts.subPath: Invalid value: "b/../..": must not contain '..'`],
    spec: cache,
  },
  {
    rule: "only privileged containers mount in both directions",
    good: {
      volumeMounts: [{ name: "cache", mountPath: "/a", mountPropagation: "Bidirectional" }],
      securityContext: { privileged: true },
    },
    bad: { volumeMounts: [{ name: "cache", mountPath: "/a", mountPropagation: "Bidirectional" }] },
    says: [
      `${at}.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ],
    spec: cache,
  },
  {
    rule: "what is read-only below is read-only above",
    good: { volumeMounts: [{ name: "cache", mountPath: "/a", readOnly: true, recursiveReadOnly: "IfPossible" }] },
    bad: { volumeMounts: [{ name: "cache", mountPath: "/a", recursiveReadOnly: "Enabled" }] },
    says: [`${at}.volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`],
    spec: cache,
  },
  {
    rule: "a device is a claim's",
    good: { volumeDevices: [{ name: "disk", devicePath: "/dev/x" }] },
    bad: { volumeDevices: [{ name: "cache", devicePath: "/dev/x" }] },
    says: [
      `${at}.volumeDevices[0].name: Invalid value: "cache": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
    ],
    spec: cache,
  },
];

describe("a container's mounts and devices", () => {
  for (const { rule, good, bad, says, spec } of rules) {
    test(rule, () => {
      assert.deepEqual(problems(Pod, podOf(good, spec)), []);
      assert.deepEqual(problems(Pod, podOf(bad, spec)), says);
    });
  }
});
