import { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { Namespace } from "../../api/core/v1/namespace.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { Action } from "../runner/action.ts";

export const rootCaConfigMap = "kube-root-ca.crt";
export const descriptionAnnotation = "kubernetes.io/description";
/** As upstream says it: it is read by people and compared by tests. */
const description =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. " +
  "No other usage is guaranteed across distributions of Kubernetes clusters.";

export interface Observed {
  readonly namespace: Namespace;
  readonly configMap: ConfigMap | undefined;
  /** PEM. */
  readonly rootCa: string;
}

/**
 * Every namespace has the authority that vouches for the API server, for pods to mount
 * (pkg/controller/certificates/rootcacertpublisher).
 */
export function plan({ namespace, configMap, rootCa }: Observed): readonly Action[] {
  const data = { "ca.crt": rootCa };
  if (configMap === undefined) {
    if (namespace.metadata.deletionTimestamp !== undefined) return [];
    const annotations = { [descriptionAnnotation]: description };
    const metadata = { name: rootCaConfigMap, namespace: namespace.metadata.name ?? "", annotations };
    return [{ type: "create", resource: ConfigMap, object: { metadata, data }, tolerates: isNotFound }];
  }
  const { annotations = {} } = configMap.metadata;
  if (semanticEqual(configMap.data, data) && annotations[descriptionAnnotation]) return [];
  const metadata = { ...configMap.metadata, annotations: { ...annotations, [descriptionAnnotation]: description } };
  return [{ type: "update", resource: ConfigMap, object: { ...configMap, metadata, data } }];
}
