import { Namespace } from "../../api/core/v1/namespace.ts";
import { ServiceAccount } from "../../api/core/v1/service-account.ts";
import { defineController } from "../runner/controller.ts";
import { defaultServiceAccount, plan } from "./plan.ts";

export const serviceAccountController = defineController({
  name: "serviceaccount-controller",
  serviceAccount: "service-account-controller",
  queue: "serviceaccount",
  primary: Namespace,
  also: [
    {
      resource: ServiceAccount,
      keys: ({ metadata: { name, namespace = "" } }) => (name === defaultServiceAccount ? [namespace] : []),
    },
  ],
  workers: 1,
  observe: (namespace, cache) => ({
    namespace,
    exists: cache.get(ServiceAccount, `${namespace.metadata.name}/${defaultServiceAccount}`) !== undefined,
  }),
  plan,
});
