import type { Change, Json, JsonObject } from "../rule.ts";

export const job = {
  group: "batch",
  kind: "Job",
  path: "/apis/batch/v1/namespaces/default/jobs",
  valid: {
    metadata: { name: "rules" },
    spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "a" }] } } },
  } as JsonObject,
};

/** An indexed job with fields of its own. */
export function indexed(more: JsonObject = {}): Change {
  const fields: JsonObject = { completionMode: "Indexed", completions: 5, ...more };
  return Object.fromEntries(Object.entries(fields).map(([field, value]) => [`spec.${field}`, value as Json]));
}
