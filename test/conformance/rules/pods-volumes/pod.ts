import type { Change, Json, JsonObject } from "../rule.ts";

/** The pod that the rules here change. */
export const pod = {
  group: "",
  kind: "Pod",
  path: "/api/v1/namespaces/default/pods",
  valid: {
    metadata: { name: "rules" },
    spec: { containers: [{ name: "main", image: "a" }] },
  } as JsonObject,
};

/** Where the one volume of `volume` stands. */
export const at = "spec.volumes[0]";

/** A pod with one volume, `v`, of this kind. */
export function volume(kind: string, source: Json): Change {
  return { [at]: { name: "v", [kind]: source } };
}

/** `volume` for a source without one of its fields. */
export function without(kind: string, source: JsonObject, field: string): Change {
  return volume(kind, Object.fromEntries(Object.entries(source).filter(([name]) => name !== field)));
}

/** A pod whose spec is as it was told: no token is mounted into it. */
export const plainPod = {
  ...pod,
  valid: {
    metadata: { name: "rules" },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: "main", image: "a" }],
    },
  } as JsonObject,
};
