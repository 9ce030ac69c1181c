import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";

/** The order of upstream's plugins (pkg/kubeapiserver/options/plugins.go), of which a server has some. */
export const pluginOrder: readonly string[] = [
  "AlwaysAdmit",
  "NamespaceAutoProvision",
  "NamespaceLifecycle",
  "NamespaceExists",
  "LimitPodHardAntiAffinityTopology",
  "LimitRanger",
  "ServiceAccount",
  "NodeRestriction",
  "TaintNodesByCondition",
  "AlwaysPullImages",
  "ImagePolicyWebhook",
  "PodSecurity",
  "PodNodeSelector",
  "Priority",
  "DefaultTolerationSeconds",
  "PodTolerationRestriction",
  "EventRateLimit",
  "ExtendedResourceToleration",
  "DefaultStorageClass",
  "StorageObjectInUseProtection",
  "OwnerReferencesPermissionEnforcement",
  "PersistentVolumeClaimResize",
  "RuntimeClass",
  "CertificateApproval",
  "CertificateSigning",
  "ClusterTrustBundleAttest",
  "CertificateSubjectRestriction",
  "DefaultIngressClass",
  "DenyServiceExternalIPs",
  "PodTopologyLabels",
  "NodeDeclaredFeatureValidator",
  "PodResizeValidator",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionWebhook",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionWebhook",
  "ResourceQuota",
  "AlwaysDeny",
  // Not upstream's: there the registries of claims and of roles do it, which comes after all mutation.
  "DeviceAdminAccess",
  "RBACEscalation",
  // Likewise: upstream's registry of policies.
  "PolicyParamAccess",
];

/**
 * All plugins as two passes: `admit` before the object is validated, `validate` after. The first refusal ends a pass.
 * Both stay synchronous as long as the plugins asked do, so that an ordinary write never waits a turn for its admission.
 */
export class AdmissionChain {
  readonly #mutating: readonly AdmissionPlugin[];
  readonly #validating: readonly AdmissionPlugin[];

  /** Plugins in any order; they run in `pluginOrder`. A name that is not in it is an error of whoever wires. */
  constructor(plugins: readonly AdmissionPlugin[]) {
    const place = (plugin: AdmissionPlugin) => {
      const index = pluginOrder.indexOf(plugin.name);
      if (index < 0) throw new Error(`admission plugin ${plugin.name} has no place in the order`);
      return index;
    };
    const places = new Map(plugins.map((plugin) => [plugin, place(plugin)]));
    const ordered = [...plugins].sort((a, b) => places.get(a)! - places.get(b)!);
    this.#mutating = ordered.filter((plugin) => plugin.admit !== undefined);
    this.#validating = ordered.filter((plugin) => plugin.validate !== undefined);
  }

  /** May change `attributes.object`. Refusals are thrown. */
  admit(attributes: AdmissionAttributes): void | Promise<void> {
    let requested = false;
    const pass = (active: boolean) => {
      const reinvocation = {
        active,
        request: () => {
          requested = true;
        },
      };
      return inTurn(this.#mutating, attributes, (plugin) => plugin.admit?.(attributes, reinvocation));
    };
    const first = pass(false);
    if (first instanceof Promise) return first.then(() => (requested ? pass(true) : undefined));
    return requested ? pass(true) : undefined;
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    return inTurn(this.#validating, attributes, (plugin) => plugin.validate?.(attributes));
  }
}

function inTurn(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
  run: (plugin: AdmissionPlugin) => void | Promise<void>,
  start = 0,
): void | Promise<void> {
  for (let i = start; i < plugins.length; i++) {
    if (!plugins[i]!.handles(attributes)) continue;
    const result = run(plugins[i]!);
    if (result instanceof Promise) return result.then(() => inTurn(plugins, attributes, run, i + 1));
  }
}
