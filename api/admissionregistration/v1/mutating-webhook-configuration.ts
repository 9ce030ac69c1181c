import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { defineWebhookConfiguration } from "./webhook-configuration.ts";

export type MutatingWebhookConfiguration = types.MutatingWebhookConfiguration;

export const MutatingWebhookConfiguration = defineWebhookConfiguration<MutatingWebhookConfiguration>(
  "mutatingwebhookconfigurations",
);
