import type { Namespace } from "../../api/core/v1/namespace.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import type { Action } from "../runner/action.ts";

/** Pods that name no service account run as this one. */
export const defaultServiceAccount = "default";

export interface Observed {
  readonly namespace: Namespace;
  readonly exists: boolean;
}

/** Every active namespace has a service account `default` (pkg/controller/serviceaccount, ServiceAccountsController). */
export function plan({ namespace, exists }: Observed): readonly Action[] {
  if (exists || namespace.status.phase !== "Active") return [];
  const metadata = { name: defaultServiceAccount, namespace: namespace.metadata.name ?? "" };
  return [{ type: "create", resource: ServiceAccount, object: { metadata }, tolerates: isAlreadyExists }];
}
