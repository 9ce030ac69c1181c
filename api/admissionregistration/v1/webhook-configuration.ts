import type { ApiObject, Draft, ObjectMeta } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { holdsSentEmpty, sentEmptyOf } from "../../../apimachinery/schema/sent-empty.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { warnOfStaticSuffix } from "./static-suffix.ts";
import { validateWebhooks, type Webhook } from "./webhooks.ts";

/** Declares one of the two configurations of webhooks, which differ in what their webhooks may have, and in no rule of their own. */
export function defineWebhookConfiguration<T extends ApiObject & { readonly webhooks?: readonly Webhook[] }>(
  plural: string,
): ResourceDefinition<T> {
  return defineBuiltIn<T>(`admissionregistration.k8s.io/v1/${plural}`, {
    generation: true,
    unconditionalUpdate: false,
    columns: [
      nameColumn,
      { name: "Webhooks", type: "integer", cell: ({ webhooks = [] }) => webhooks.length },
      ageColumn,
    ],
    // Compared by reflect.DeepEqual (mutatingwebhookconfiguration/strategy.go): an empty list that is sent is a change.
    prepareForUpdate: (draft, old) => {
      if (sentEmptyOf(draft, "webhooks") === undefined && !holdsSentEmpty(draft.webhooks)) return;
      (draft.metadata as Draft<ObjectMeta>).generation = (old.metadata.generation ?? 0) + 1;
    },
    validate: ({ webhooks }, old) => validateWebhooks(webhooks, old === undefined ? undefined : (old.webhooks ?? [])),
    warnings: warnOfStaticSuffix,
  });
}
