import { ValidatingAdmissionPolicy } from "../../api/admissionregistration/v1/validating-admission-policy.ts";
import { defineController } from "../runner/controller.ts";
import { isChecked, plan } from "./plan.ts";
import { publishedKinds } from "./published-kinds.ts";
import { typesOf } from "./type-check.ts";

export const validatingAdmissionPolicyStatusController = defineController({
  name: "validatingadmissionpolicy-status-controller",
  serviceAccount: "validatingadmissionpolicy-status-controller",
  queue: "validatingadmissionpolicy-status",
  primary: ValidatingAdmissionPolicy,
  workers: 1,
  async observe(policy: ValidatingAdmissionPolicy, _cache, _now, { client, signal }) {
    const types = isChecked(policy) ? undefined : await typesOf(policy, publishedKinds(client, signal));
    return { policy, types };
  },
  plan,
});
