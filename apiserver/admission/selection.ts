import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { WebhookKubeconfig } from "../webhook-client/credentials.ts";
import type { WebhookServer } from "../webhook-client/webhook-client.ts";
import { pluginOrder } from "./chain.ts";
import type { PluginConfigurations } from "./plugin-configuration.ts";

/** Which plugins run beside those that are on anyway, and which of those do not. */
export interface PluginSelection {
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
}

/** The same, and how they are configured. */
export interface AdmissionSettings extends PluginSelection {
  readonly configurations?: PluginConfigurations;
  readonly kubeconfigs?: PluginKubeconfigs;
}

/** What the kubeconfigs say that configurations name. */
export interface PluginKubeconfigs {
  /** Whom ImagePolicyWebhook asks; without it, it is not there. */
  readonly imagePolicy?: WebhookServer;
  /** As whom webhooks are called. */
  readonly mutatingWebhooks?: WebhookKubeconfig;
  readonly validatingWebhooks?: WebhookKubeconfig;
}

/** Never off: upstream has no plugins for them either. */
const always: ReadonlySet<string> = new Set(["DeviceAdminAccess", "ResourceClaimStatusAccess", "RBACEscalation"]);

/** Off where nobody turns them on (pkg/kubeapiserver/options DefaultOffAdmissionPlugins). */
const offByDefault: ReadonlySet<string> = new Set([
  "AlwaysAdmit",
  "AlwaysDeny",
  "AlwaysPullImages",
  "DenyServiceExternalIPs",
  "EventRateLimit",
  "ExtendedResourceToleration",
  "ImagePolicyWebhook",
  "LimitPodHardAntiAffinityTopology",
  "NamespaceAutoProvision",
  "NamespaceExists",
  "OwnerReferencesPermissionEnforcement",
  "PodNodeSelector",
  "PodTolerationRestriction",
]);

/** Upstream's other plugins: they may be turned off, which they are, and not on. */
const absent: ReadonlySet<string> = new Set([
  "ClusterTrustBundleAttest",
  "JobValidation",
  "PodGroupProtection",
  "PodGroupWorkloadExists",
]);

export function isEnabled(name: string, { enable = [], disable = [] }: PluginSelection): boolean {
  if (always.has(name) || enable.includes(name)) return true;
  return !offByDefault.has(name) && !disable.includes(name);
}

/** What is wrong with a selection, in upstream's words (apiserver/pkg/server/options AdmissionOptions.Validate). */
export function selectionErrors({ enable = [], disable = [] }: PluginSelection): string[] {
  const known = (name: string): boolean => !always.has(name) && pluginOrder.includes(name);
  const errors: string[] = [];
  for (const name of enable) {
    if (!known(name) || absent.has(name)) errors.push(`enable-admission-plugins plugin ${goQuote(name)} is unknown`);
  }
  for (const name of disable) {
    if (!known(name) && !absent.has(name)) errors.push(`disable-admission-plugins plugin ${goQuote(name)} is unknown`);
  }
  const both = [...new Set(enable.filter((name) => disable.includes(name)))].sort();
  if (both.length > 0) {
    errors.push(`[${both.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  }
  return errors;
}
