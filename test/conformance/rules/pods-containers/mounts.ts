import {
  forbidden,
  invalid,
  type JsonObject,
  type KindRules,
  notFound,
  notSupported,
  refused,
  required,
} from "../rule.ts";
import { main, pod } from "./pod.ts";

const mounts = `${main}.volumeMounts`;
const devices = `${main}.volumeDevices`;
const mount = `${mounts}[0]`;
const device = `${devices}[0]`;
const one = (more: JsonObject) => ({ [mount]: { name: "v", mountPath: "/a", ...more } });
const block = (more: JsonObject) => ({ [device]: { name: "p", devicePath: "/dev/a", ...more } });
const privileged = { [`${main}.securityContext.privileged`]: true };

/** Has a directory `v`, claims `p` and `q`, an ephemeral claim `e`. */
const valid = {
  metadata: { name: "rules" },
  spec: {
    containers: [{ name: "main", image: "a" }],
    volumes: [
      { name: "v", emptyDir: {} },
      { name: "p", persistentVolumeClaim: { claimName: "p" } },
      { name: "q", persistentVolumeClaim: { claimName: "q" } },
      {
        name: "e",
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1" } } },
          },
        },
      },
    ],
  },
};

export const volumeMounts: KindRules = {
  ...pod,
  valid,
  create: [
    {
      says: "a mount is of a volume of the pod",
      accepts: one({}),
      refuses: [
        refused(one({ name: "w" }), notFound(`${mount}.name`, "w")),
        refused(one({ name: "" }), required(`${mount}.name`), notFound(`${mount}.name`, "")),
      ],
    },
    {
      says: "a mount has a path, which no other of the container has",
      accepts: {
        [mounts]: [
          { name: "v", mountPath: "a:b" },
          { name: "v", mountPath: "/a" },
        ],
      },
      refuses: [
        refused(one({ mountPath: "" }), required(`${mount}.mountPath`)),
        refused(
          {
            [mounts]: [
              { name: "v", mountPath: "/a" },
              { name: "p", mountPath: "/a" },
            ],
          },
          invalid(`${mounts}[1].mountPath`, "/a", "must be unique"),
        ),
      ],
    },
    {
      says: "a volume is mounted or used as a device",
      accepts: { ...one({}), ...block({}) },
      refuses: [
        refused(
          { ...one({ name: "p" }), ...block({}) },
          invalid(`${mount}.name`, "p", "must not already exist in volumeDevices"),
          invalid(`${device}.name`, "p", "must not already exist in volumeMounts"),
        ),
        refused(
          { ...one({ mountPath: "/dev/a" }), ...block({}) },
          invalid(`${mount}.mountPath`, "/dev/a", "must not already exist as a path in volumeDevices"),
          invalid(`${device}.devicePath`, "/dev/a", "must not already exist as a path in volumeMounts"),
        ),
      ],
    },
    ...(["subPath", "subPathExpr"] as const).map((field) => ({
      says: `${field} stays below the volume`,
      accepts: one({ [field]: "a/..b/$(C)" }),
      refuses: [
        refused(one({ [field]: "/a" }), invalid(`${mounts}.${field}`, "/a", "must be a relative path")),
        refused(one({ [field]: "a/../b" }), invalid(`${mounts}.${field}`, "a/../b", "must not contain '..'")),
        refused(
          one({ [field]: "/.." }),
          invalid(`${mounts}.${field}`, "/..", "must be a relative path"),
          invalid(`${mounts}.${field}`, "/..", "must not contain '..'"),
        ),
      ],
    })),
    {
      says: "a path below the volume is told as it is or as an expression",
      accepts: one({ subPathExpr: "a" }),
      refuses: refused(
        one({ subPath: "a", subPathExpr: "b" }),
        invalid(`${mount}.subPathExpr`, "b", "subPathExpr and subPath are mutually exclusive"),
      ),
    },
    {
      says: "mounts are passed on to the container, both ways, or not",
      accepts: [
        one({ mountPropagation: "None" }),
        one({ mountPropagation: "HostToContainer" }),
        { ...one({ mountPropagation: "Bidirectional" }), ...privileged },
      ],
      refuses: [
        refused(
          one({ mountPropagation: "Both" }),
          notSupported(`${mounts}.mountPropagation`, "Both", ["Bidirectional", "HostToContainer", "None"]),
        ),
        refused(
          one({ mountPropagation: "Bidirectional" }),
          forbidden(
            `${mounts}.mountPropagation`,
            "Bidirectional mount propagation is available only to privileged containers",
          ),
        ),
      ],
    },
    {
      says: "all below a mount is read-only where the mount is and passes nothing on",
      accepts: [
        one({ recursiveReadOnly: "Disabled" }),
        ...["Enabled", "IfPossible"].map((recursiveReadOnly) => one({ readOnly: true, recursiveReadOnly })),
        one({ readOnly: true, recursiveReadOnly: "Enabled", mountPropagation: "None" }),
      ],
      refuses: [
        refused(
          one({ recursiveReadOnly: "Maybe" }),
          notSupported(`${mounts}.recursiveReadOnly`, "Maybe", ["Disabled", "Enabled", "IfPossible"]),
        ),
        refused(
          one({ recursiveReadOnly: "Enabled" }),
          forbidden(`${mounts}.recursiveReadOnly`, "may only be specified when readOnly is true"),
        ),
        refused(
          one({ readOnly: true, recursiveReadOnly: "IfPossible", mountPropagation: "HostToContainer" }),
          forbidden(
            `${mounts}.recursiveReadOnly`,
            "may only be specified when mountPropagation is None or not specified",
          ),
        ),
      ],
    },
    {
      says: "a device is of a volume of the pod that is claimed",
      accepts: [block({}), block({ name: "e" })],
      refuses: [
        refused(block({ name: "w" }), notFound(`${device}.name`, "w")),
        refused(block({ name: "" }), required(`${device}.name`), notFound(`${device}.name`, "")),
        refused(
          block({ name: "v" }),
          invalid(
            `${device}.name`,
            "v",
            "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
          ),
        ),
      ],
    },
    {
      says: "a container has a device once, each at a path of its own",
      accepts: {
        [devices]: [
          { name: "p", devicePath: "/a" },
          { name: "q", devicePath: "/..b" },
        ],
      },
      refuses: [
        refused(
          {
            [devices]: [
              { name: "p", devicePath: "/a" },
              { name: "p", devicePath: "/b" },
            ],
          },
          invalid(`${devices}[1].name`, "p", "must be unique"),
        ),
        refused(
          {
            [devices]: [
              { name: "p", devicePath: "/a" },
              { name: "q", devicePath: "/a" },
            ],
          },
          invalid(`${devices}[1].devicePath`, "/a", "must be unique"),
        ),
        refused(block({ devicePath: "" }), required(`${device}.devicePath`)),
        refused(
          block({ devicePath: "/a/../b" }),
          invalid(`${device}.devicePath`, "/a/../b", "can not contain backsteps ('..')"),
        ),
      ],
    },
  ],
};
