import {
  duplicate,
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notFound,
  refused,
  required,
} from "../rule.ts";
import { init, pod } from "./pod.ts";

const list = "spec.ephemeralContainers";
const debug = { name: "debug", image: "a" };
const add = (...more: readonly JsonObject[]) => ({ [list]: more.map((one) => ({ ...debug, ...one })) });
const notHere = "cannot be set for an Ephemeral Container";
const probe = { exec: { command: ["a"] } };
/** Fields of containers that debugging does not have. */
const ofContainers: Readonly<Record<string, Json>> = {
  ports: [{ containerPort: 1 }],
  resources: { limits: { cpu: "1" } },
  resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }],
  restartPolicy: "Always",
  restartPolicyRules: [{ action: "Restart" }],
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: {},
  lifecycle: {},
};

/** Of what is stored and what is put, in upstream's internal form. */
const otherImage = `@@ -1,6 +1,6 @@
 {
  "Name": "debug",
- "Image": "a",
+ "Image": "b",
  "Command": null,
  "Args": null,
  "WorkingDir": "",
`;

export const ephemeral: KindRules = {
  ...pod,
  subresources: {
    ephemeralcontainers: [
      {
        says: "a container for debugging has a name and an image, as others",
        accepts: add({}, { name: "more" }),
        refuses: [
          refused(add({ name: "" }), required(`${list}[0].name`)),
          refused(add({ image: "" }), required(`${list}[0].image`)),
          refused(
            add({ image: "a " }),
            invalid(`${list}[0].image`, "a ", "must not have leading or trailing whitespace"),
          ),
        ],
      },
      {
        says: "its name no other container has",
        stored: { [init]: { name: "init", image: "a" } },
        accepts: add({}),
        refuses: [
          refused(add({ name: "main" }), duplicate(`${list}[0].name`, "main")),
          refused(add({ name: "init" }), duplicate(`${list}[0].name`, "init")),
          refused(add({}, {}), duplicate(`${list}[1].name`, "debug")),
        ],
      },
      {
        says: "it may be of another container",
        stored: { [init]: { name: "init", image: "a" } },
        accepts: [add({ targetContainerName: "main" }), add({ targetContainerName: "init" })],
        refuses: [
          refused(add({ targetContainerName: "other" }), notFound(`${list}[0].targetContainerName`, "other")),
          refused(
            add({}, { name: "more", targetContainerName: "debug" }),
            notFound(`${list}[1].targetContainerName`, "debug"),
          ),
        ],
      },
      {
        says: "it has no ports, resources, probes and the like",
        accepts: add({ resources: {}, env: [{ name: "A" }], command: ["a"], stdin: true }),
        refuses: Object.entries(ofContainers).map(([field, value]) =>
          refused(add({ [field]: value }), forbidden(`${list}[0].${field}`, notHere)),
        ),
      },
      {
        says: "it says nothing of them, not even that there are none",
        accepts: add({ ports: null, resources: { claims: null }, resizePolicy: null, envFrom: [], env: [] }),
        refuses: [
          ...["ports", "resizePolicy", "restartPolicyRules"].map((field) =>
            refused(add({ [field]: [] }), forbidden(`${list}[0].${field}`, notHere)),
          ),
          ...[{ claims: [] }, { limits: {} }, { requests: {} }].map((resources) =>
            refused(add({ resources }), forbidden(`${list}[0].resources`, notHere)),
          ),
        ],
      },
      {
        says: "it mounts whole volumes",
        stored: { "spec.volumes": [{ name: "v", emptyDir: {} }] },
        accepts: add({ volumeMounts: [{ name: "v", mountPath: "/a" }] }),
        refuses: ["subPath", "subPathExpr"].map((field) =>
          refused(
            add({ volumeMounts: [{ name: "v", mountPath: "/a", [field]: "b" }] }),
            forbidden(`${list}[0].volumeMounts[0].${field}`, notHere),
          ),
        ),
      },
      {
        says: "what is there stays",
        before: { subresource: "ephemeralcontainers", change: add({}) },
        accepts: { [`${list}[+]`]: { name: "more", image: "a" } },
        refuses: [
          refused({ [list]: [] }, forbidden(list, 'existing ephemeral containers "debug" may not be removed\n')),
          refused(
            { [`${list}[0].image`]: "b" },
            forbidden(list, `existing ephemeral containers "debug" may not be changed\n${otherImage}`),
          ),
        ],
      },
      {
        says: "a pod that a kubelet reads from a file has none",
        stored: { "spec.nodeName": "a", "metadata.annotations[kubernetes.io/config.mirror]": "b" },
        accepts: [],
        refuses: refused(add({}), forbidden("[]", "static pods do not support ephemeral containers")),
      },
    ],
  },
};
