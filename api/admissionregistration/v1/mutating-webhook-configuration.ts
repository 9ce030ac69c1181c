import { ageColumn, nameColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { warnOfStaticSuffix } from "./static-suffix.ts";
import { validateWebhooks } from "./webhooks.ts";

export type MutatingWebhookConfiguration = types.MutatingWebhookConfiguration;

export const MutatingWebhookConfiguration = defineBuiltIn<MutatingWebhookConfiguration>(
  "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
  {
    generation: true,
    unconditionalUpdate: false,
    columns: [
      nameColumn,
      { name: "Webhooks", type: "integer", cell: ({ webhooks = [] }) => webhooks.length },
      ageColumn,
    ],
    validate: ({ webhooks }, old) => validateWebhooks(webhooks, old === undefined ? undefined : (old.webhooks ?? [])),
    warnings: warnOfStaticSuffix,
  },
);
