import type { AdmissionAttributes, AdmissionPlugin, Operation } from "./plugin.ts";
import type { AdmissionTimes, Step } from "./times.ts";

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
  "ResourceClaimStatusAccess",
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
  readonly #times: AdmissionTimes | undefined;

  /** Plugins in any order; they run in `pluginOrder`. A name that is not in it is an error of whoever wires. */
  constructor(plugins: readonly AdmissionPlugin[], times?: AdmissionTimes) {
    this.#times = times;
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
    return timed("admit", attributes.operation, this.#times, () => {
      let requested = false;
      const pass = (active: boolean) => {
        const reinvocation = {
          active,
          request: () => {
            requested = true;
          },
        };
        const run = (plugin: AdmissionPlugin) => plugin.admit?.(attributes, reinvocation);
        return this.#inTurn(this.#mutating, attributes, "admit", run);
      };
      const first = pass(false);
      if (first instanceof Promise) return first.then(() => (requested ? pass(true) : undefined));
      return requested ? pass(true) : undefined;
    });
  }

  validate(attributes: AdmissionAttributes): void | Promise<void> {
    return timed("validate", attributes.operation, this.#times, () =>
      this.#inTurn(this.#validating, attributes, "validate", (plugin) => plugin.validate?.(attributes)),
    );
  }

  #inTurn(
    plugins: readonly AdmissionPlugin[],
    attributes: AdmissionAttributes,
    step: Step,
    run: (plugin: AdmissionPlugin) => void | Promise<void>,
    start = 0,
  ): void | Promise<void> {
    const { operation } = attributes;
    const times = this.#times;
    // One look at the clock a plugin: where one ends, the next begins.
    let atMs = times?.now() ?? 0;
    for (let i = start; i < plugins.length; i++) {
      const plugin = plugins[i]!;
      if (!plugin.handles(attributes)) continue;
      let result: void | Promise<void>;
      try {
        result = run(plugin);
      } catch (error) {
        times?.note(plugin.name, step, operation, true, atMs);
        throw error;
      }
      if (result instanceof Promise) {
        const startedMs = atMs;
        return result.then(
          () => {
            times?.note(plugin.name, step, operation, false, startedMs);
            return this.#inTurn(plugins, attributes, step, run, i + 1);
          },
          (error: unknown) => {
            times?.note(plugin.name, step, operation, true, startedMs);
            throw error;
          },
        );
      }
      atMs = times?.note(plugin.name, step, operation, false, atMs) ?? 0;
    }
  }
}

/** Runs a whole pass, and notes how long that took and whether it was a refusal. */
function timed(
  step: Step,
  operation: Operation,
  times: AdmissionTimes | undefined,
  run: () => void | Promise<void>,
): void | Promise<void> {
  if (times === undefined) return run();
  const startedMs = times.now();
  const note = (rejected: boolean): void => void times.note("", step, operation, rejected, startedMs);
  const refuse = (error: unknown): never => {
    note(true);
    throw error;
  };
  let result: void | Promise<void>;
  try {
    result = run();
  } catch (error) {
    return refuse(error);
  }
  if (result instanceof Promise) return result.then(() => note(false), refuse);
  note(false);
}
