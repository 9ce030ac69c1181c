import type { AdmissionPlugin } from "../plugin.ts";
import { refused } from "../refusal.ts";

/** Lets everything in, as if it were not there (plugin/pkg/admission/admit). */
export const alwaysAdmit: AdmissionPlugin = { name: "AlwaysAdmit", handles: () => false };

/** Lets nothing in (plugin/pkg/admission/deny). */
export const alwaysDeny: AdmissionPlugin = {
  name: "AlwaysDeny",
  handles: () => true,
  admit(attributes) {
    throw refused(attributes, "admission control is denying all modifications");
  },
};
