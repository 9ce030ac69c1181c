import type { Area } from "../rule.ts";
import { apiService } from "./api-service.ts";
import { flowSchema } from "./flow-schema.ts";
import { mutatingAdmissionPolicy } from "./mutating-policy.ts";
import { mutatingAdmissionPolicyBinding, validatingAdmissionPolicyBinding } from "./policy-bindings.ts";
import { priorityLevelConfiguration } from "./priority-level-configuration.ts";
import { validatingAdmissionPolicy } from "./validating-policy.ts";
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from "./webhooks.ts";

const declared = "It declares the rules; they are called by writes.";
const stored = "It asks what is stored, which has been held to the rule since the first release.";

export const extensions: Area = {
  kinds: [
    validatingWebhookConfiguration,
    mutatingWebhookConfiguration,
    validatingAdmissionPolicy,
    validatingAdmissionPolicyBinding,
    mutatingAdmissionPolicy,
    mutatingAdmissionPolicyBinding,
    apiService,
    flowSchema,
    priorityLevelConfiguration,
  ],
  unreachable: {
    "api/admissionregistration/v1/mutating-webhook-configuration.ts": {
      "export const MutatingWebhookConfiguration = defineWebhookConfiguration<MutatingWebhookConfiguration>(": declared,
    },
    "api/admissionregistration/v1/validating-webhook-configuration.ts": {
      "export const ValidatingWebhookConfiguration = defineWebhookConfiguration<ValidatingWebhookConfiguration>(":
        declared,
    },
    "api/admissionregistration/v1/webhooks.ts": {
      "const lenient = leniency(webhooks, old);": stored,
      'validateLabelSelector(hook.namespaceSelector, path("")).length > 0 ||': stored,
      'validateLabelSelector(hook.objectSelector, path("")).length > 0;': stored,
    },
  },
};
