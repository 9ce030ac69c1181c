import type { KindRules } from "../rule.ts";
import { claimMetadataRules, claimSpecRules, crossNamespaceRules } from "./claim-spec.ts";
import { at, pod, volume } from "./pod.ts";

const template = `${at}.ephemeral.volumeClaimTemplate`;
const claim = volume("ephemeral", {
  volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
});

export const ephemeralVolumes: KindRules = {
  ...pod,
  create: [
    ...claimMetadataRules(`${template}.metadata`, claim),
    ...claimSpecRules(`${template}.spec`, claim),
    ...crossNamespaceRules(`${template}.spec`, claim),
  ],
};
