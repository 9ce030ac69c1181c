import { dotsInLabel, longerThan, notDNSLabel } from "../messages.ts";
import { duplicate, forbidden, invalid, type KindRules, notSupported, refused, required } from "../rule.ts";
import { choice, init, main, pod } from "./pod.ts";

const second = "spec.containers[1]";
const policy = `${main}.resizePolicy`;
const sidecarOnly = "may not be set for init containers without restartPolicy=Always";
const padded = "must not have leading or trailing whitespace";
const sidecar = { name: "side", image: "a", restartPolicy: "Always" };

export const containers: KindRules = {
  ...pod,
  create: [
    {
      says: "a pod has a container",
      accepts: {},
      refuses: [
        refused({ "spec.containers": [] }, required("spec.containers")),
        refused({ "spec.containers": undefined }, required("spec.containers")),
      ],
    },
    {
      says: "a container has a name, which is a label of DNS",
      accepts: [{ [`${main}.name`]: "0" }, { [`${main}.name`]: "a".repeat(63) }],
      refuses: [
        refused({ [`${main}.name`]: "" }, required(`${main}.name`)),
        refused({ [`${main}.name`]: undefined }, required(`${main}.name`)),
        refused({ [`${main}.name`]: "A" }, invalid(`${main}.name`, "A", notDNSLabel)),
        refused({ [`${main}.name`]: "a.b" }, invalid(`${main}.name`, "a.b", dotsInLabel)),
        refused({ [`${main}.name`]: "a".repeat(64) }, invalid(`${main}.name`, "a".repeat(64), longerThan(63))),
      ],
    },
    {
      says: "no two containers have one name",
      accepts: { [second]: { name: "other", image: "a" } },
      refuses: refused({ [second]: { name: "main", image: "a" } }, duplicate(`${second}.name`, "main")),
    },
    {
      says: "an init container has a name that no other has",
      accepts: { [init]: { name: "init", image: "a" } },
      refuses: [
        refused({ [init]: { name: "main", image: "a" } }, duplicate(`${init}.name`, "main")),
        refused(
          { [init]: { name: "init", image: "a" }, "spec.initContainers[1]": { name: "init", image: "b" } },
          duplicate("spec.initContainers[1].name", "init"),
        ),
        refused({ [init]: { image: "a" } }, required(`${init}.name`)),
      ],
    },
    {
      says: "a container has an image, without space around it",
      accepts: { [`${main}.image`]: "a b" },
      refuses: [
        refused({ [`${main}.image`]: "" }, required(`${main}.image`)),
        refused({ [`${main}.image`]: undefined }, required(`${main}.image`)),
        refused({ [`${main}.image`]: " a" }, invalid(`${main}.image`, " a", padded)),
        refused({ [`${main}.image`]: "a\t" }, invalid(`${main}.image`, "a\t", padded)),
        refused({ [init]: { name: "init", image: "a " } }, invalid(`${init}.image`, "a ", padded)),
      ],
    },
    choice(
      "the last message comes from a file, or from the logs if the file is empty",
      `${main}.terminationMessagePolicy`,
      ["File", "FallbackToLogsOnError"],
    ),
    choice("an image is pulled always, never, or if it is not there", `${main}.imagePullPolicy`, [
      "Always",
      "IfNotPresent",
      "Never",
    ]),
    {
      says: "a resize policy names a resource that can be resized, once",
      accepts: {
        [policy]: [
          { resourceName: "cpu", restartPolicy: "NotRequired" },
          { resourceName: "memory", restartPolicy: "RestartContainer" },
        ],
      },
      refuses: [
        refused(
          { [policy]: [{ resourceName: "storage", restartPolicy: "NotRequired" }] },
          notSupported(policy, "storage", ["cpu", "memory"]),
        ),
        refused({ [policy]: [{ resourceName: "", restartPolicy: "NotRequired" }] }, required(policy)),
        refused(
          {
            [policy]: [
              { resourceName: "cpu", restartPolicy: "NotRequired" },
              { resourceName: "cpu", restartPolicy: "NotRequired" },
            ],
          },
          duplicate(`${policy}[1]`, "cpu"),
        ),
      ],
    },
    {
      says: "a resize policy says whether the container is restarted",
      accepts: { [policy]: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] },
      refuses: [
        refused(
          { [policy]: [{ resourceName: "cpu", restartPolicy: "Never" }] },
          notSupported(policy, "Never", ["NotRequired", "RestartContainer"]),
        ),
        refused({ [policy]: [{ resourceName: "cpu", restartPolicy: "" }] }, required(policy)),
      ],
    },
    {
      says: "a container that is never restarted is not restarted to be resized",
      accepts: {
        "spec.restartPolicy": "Never",
        [policy]: [{ resourceName: "cpu", restartPolicy: "NotRequired" }],
      },
      refuses: refused(
        { "spec.restartPolicy": "Never", [policy]: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] },
        invalid(policy, "RestartContainer", "must be 'NotRequired' when pod `restartPolicy` is 'Never'"),
      ),
    },
    {
      says: "an init container has hooks and probes if it keeps running",
      accepts: {
        [init]: {
          ...sidecar,
          lifecycle: { preStop: { exec: { command: ["a"] } } },
          livenessProbe: { exec: { command: ["a"] } },
          readinessProbe: { exec: { command: ["a"] } },
          startupProbe: { exec: { command: ["a"] } },
        },
      },
      refuses: [
        ...["livenessProbe", "readinessProbe", "startupProbe"].map((field) =>
          refused(
            { [init]: { name: "init", image: "a", [field]: { exec: { command: ["a"] } } } },
            forbidden(`${init}.${field}`, sidecarOnly),
          ),
        ),
        refused({ [init]: { name: "init", image: "a", lifecycle: {} } }, forbidden(`${init}.lifecycle`, sidecarOnly)),
        refused(
          { [init]: { ...sidecar, livenessProbe: {} } },
          required(`${init}.livenessProbe`, "must specify a handler type"),
        ),
      ],
    },
    {
      says: "an init container that ends is not restarted to be resized",
      accepts: [
        { [init]: { ...sidecar, resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] } },
        {
          [init]: {
            name: "init",
            image: "a",
            resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }],
          },
        },
      ],
      refuses: refused(
        {
          [init]: {
            name: "init",
            image: "a",
            resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }],
          },
        },
        invalid(
          `${init}.resizePolicy[0].restartPolicy`,
          "RestartContainer",
          "must not be set to 'RestartContainer' for non-sidecar initContainers",
        ),
      ),
    },
    choice("a pod is restarted always, on failure, or never", "spec.restartPolicy", ["Always", "OnFailure", "Never"]),
    {
      says: "ephemeral containers come later",
      accepts: { "spec.ephemeralContainers": [] },
      refuses: refused(
        { "spec.ephemeralContainers": [{ name: "debug", image: "a" }] },
        forbidden("spec.ephemeralContainers", "cannot be set on create"),
      ),
    },
  ],
};
