import type { Change, Json, JsonObject } from "../rule.ts";

export const volume = {
  group: "",
  kind: "PersistentVolume",
  path: "/api/v1/persistentvolumes",
  valid: {
    metadata: { name: "rules" },
    spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/a" } },
  } as JsonObject,
};

/** The volume with this source instead. */
export function source(kind: string, fields: Json): Change {
  return { "spec.hostPath": undefined, [`spec.${kind}`]: fields };
}
