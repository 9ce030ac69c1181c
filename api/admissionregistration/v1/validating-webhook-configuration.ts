import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { defineWebhookConfiguration } from "./webhook-configuration.ts";

export type ValidatingWebhookConfiguration = types.ValidatingWebhookConfiguration;

export const ValidatingWebhookConfiguration = defineWebhookConfiguration<ValidatingWebhookConfiguration>(
  "validatingwebhookconfigurations",
);
