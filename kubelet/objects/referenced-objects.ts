import type { ConfigMap } from "../../api/core/v1/config-map.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Secret } from "../../api/core/v1/secret.ts";

/**
 * The ConfigMaps and Secrets that this node's pods refer to, each followed by a watch of its own as long as a registered pod
 * names it: a kubelet may read no others (Node authorizer).
 */
export interface ReferencedObjects {
  /** Until `unregister`, what this pod refers to is followed. Idempotent. */
  register(pod: Pod): void;
  unregister(uid: string): void;
  /** At least as new as the API was when the pod that refers to it was registered. Undefined: there is none. */
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** Told the uids of registered pods of which a referenced object has changed. Dispose to hear no more. */
  onChange(listener: (uids: readonly string[]) => void): Disposable;
}
