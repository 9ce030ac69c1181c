import { ValidatingAdmissionPolicy } from "../../api/admissionregistration/v1/validating-admission-policy.ts";
import { defineController } from "../runner/controller.ts";
import { plan } from "./plan.ts";

export const validatingAdmissionPolicyStatusController = defineController({
  name: "validatingadmissionpolicy-status-controller",
  serviceAccount: "validatingadmissionpolicy-status-controller",
  queue: "validatingadmissionpolicy-status",
  primary: ValidatingAdmissionPolicy,
  workers: 1,
  observe: (policy) => policy,
  plan,
});
