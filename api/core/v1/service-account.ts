import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { validateServiceAccountName } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";

// Rules: pkg/registry/core/serviceaccount/strategy.go.

export type ServiceAccount = types.ServiceAccount;

const enforceMountableSecrets = "kubernetes.io/enforce-mountable-secrets";

export const ServiceAccount = defineResource<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.core.v1.ServiceAccount"),
  validateName: validateServiceAccountName,
  returnDeletedObject: true,
  columns: [nameColumn, ageColumn],
  prepareForCreate: changing(keepSecretNames),
  prepareForUpdate: changing(keepSecretNames),
  *warnings(serviceAccount, old) {
    const annotated = (object: ServiceAccount): boolean =>
      Object.hasOwn(object.metadata.annotations ?? {}, enforceMountableSecrets);
    if (annotated(serviceAccount) && !(old !== undefined && annotated(old))) {
      yield `metadata.annotations[${enforceMountableSecrets}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`;
    }
  },
});

/** Secrets are named, in the account's own namespace; nothing else of the reference is kept. */
function keepSecretNames(serviceAccount: Draft<ServiceAccount>): void {
  if (!serviceAccount.secrets) return;
  serviceAccount.secrets = serviceAccount.secrets.map(({ name }) => (name ? { name } : {}));
}
