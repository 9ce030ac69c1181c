import { ConfigMap } from "../../api/core/v1/config-map.ts";
import { Namespace } from "../../api/core/v1/namespace.ts";
import { type Controller, defineController } from "../runner/controller.ts";
import { plan, rootCaConfigMap } from "./plan.ts";

/** `rootCa` in PEM. */
export function rootCaPublisher(rootCa: string): Controller {
  return defineController({
    name: "root-ca-certificate-publisher-controller",
    serviceAccount: "root-ca-cert-publisher",
    queue: "root_ca_cert_publisher",
    primary: Namespace,
    also: [
      {
        resource: ConfigMap,
        keys: ({ metadata: { name, namespace = "" } }) => (name === rootCaConfigMap ? [namespace] : []),
      },
    ],
    workers: 1,
    observe: (namespace, cache) => ({
      namespace,
      configMap: cache.get(ConfigMap, `${namespace.metadata.name}/${rootCaConfigMap}`),
      rootCa,
    }),
    plan,
  });
}
