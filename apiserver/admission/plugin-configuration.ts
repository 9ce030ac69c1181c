import type { FieldError } from "../../apimachinery/field/error.ts";
import { forbidden, formatFieldErrors, invalid } from "../../apimachinery/field/errors.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { readConfiguration, type Shape, shaped, texts, typeOfFile } from "../configuration/shaped.ts";
import { type EventRateLimitConfiguration, eventRateLimitErrors } from "./off-by-default/event-rate-limit.ts";
import { type ImagePolicyConfiguration, readImagePolicy } from "./off-by-default/image-policy-configuration.ts";
import type { PodTolerationConfiguration } from "./off-by-default/pod-toleration-restriction.ts";
import {
  type PodSecurityConfiguration,
  configurationErrors as podSecurityErrors,
} from "./pod-security/configuration.ts";
import {
  type ResourceQuotaConfiguration,
  configurationErrors as resourceQuotaErrors,
} from "./resource-quota/configuration.ts";

/** What the files of `--admission-control-config-file` say, by plugin. */
export interface PluginConfigurations {
  readonly podSecurity?: PodSecurityConfiguration;
  readonly resourceQuota?: ResourceQuotaConfiguration;
  readonly eventRateLimit?: EventRateLimitConfiguration;
  /** Selectors by namespace, and `clusterDefaultNodeSelector`. */
  readonly podNodeSelector?: Readonly<Record<string, string>>;
  readonly podTolerations?: PodTolerationConfiguration;
  readonly imagePolicy?: ImagePolicyConfiguration;
  readonly mutatingWebhooks?: WebhookAdmissionConfiguration;
  readonly validatingWebhooks?: WebhookAdmissionConfiguration;
}

export interface WebhookAdmissionConfiguration {
  /** Whose users are shown to webhooks. Empty: nobody. */
  readonly kubeConfigFile: string;
}

interface PluginEntry {
  readonly name?: string;
  readonly path?: string;
  readonly configuration?: unknown;
}

interface Reading {
  readonly field: keyof PluginConfigurations;
  readonly apiVersions: readonly string[];
  readonly kind: string;
  readonly shape: Shape;
  readonly errors?: (configuration: never) => readonly FieldError[];
}

const versions = (group: string, ...names: readonly string[]): string[] => names.map((name) => `${group}/${name}`);

const toleration: Shape = {
  ...{ key: "text", operator: "text", value: "text", effect: "text", tolerationSeconds: "number" },
};

const readings: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  [
    "PodSecurity",
    {
      field: "podSecurity",
      apiVersions: versions("pod-security.admission.config.k8s.io", "v1", "v1beta1", "v1alpha1"),
      kind: "PodSecurityConfiguration",
      shape: {
        defaults: { "*": "text" },
        exemptions: { usernames: texts, namespaces: texts, runtimeClasses: texts },
      },
      errors: podSecurityErrors,
    },
  ],
  [
    "ResourceQuota",
    {
      field: "resourceQuota",
      apiVersions: [
        ...versions("apiserver.config.k8s.io", "v1"),
        ...versions("resourcequota.admission.k8s.io", "v1", "v1beta1", "v1alpha1"),
      ],
      kind: "ResourceQuotaConfiguration",
      shape: {
        limitedResources: [
          {
            ...{ apiGroup: "text", resource: "text", matchContains: texts },
            matchScopes: [{ scopeName: "text", operator: "text", values: texts }],
          },
        ],
      },
      errors: resourceQuotaErrors,
    },
  ],
  [
    "EventRateLimit",
    {
      field: "eventRateLimit",
      apiVersions: versions("eventratelimit.admission.k8s.io", "v1alpha1"),
      kind: "Configuration",
      shape: { limits: [{ type: "text", qps: "number", burst: "number", cacheSize: "number" }] },
      errors: eventRateLimitErrors,
    },
  ],
  [
    "PodTolerationRestriction",
    {
      field: "podTolerations",
      apiVersions: versions("podtolerationrestriction.admission.k8s.io", "v1alpha1"),
      kind: "Configuration",
      shape: { default: [toleration], whitelist: [toleration] },
    },
  ],
]);

/** Those that are read in a way of their own. */
const ownReaders: ReadonlyMap<string, { field: keyof PluginConfigurations; read: (content: unknown) => object }> =
  new Map([
    ["ImagePolicyWebhook", { field: "imagePolicy", read: readImagePolicy }],
    ["MutatingAdmissionWebhook", { field: "mutatingWebhooks", read: readWebhookAdmission }],
    ["ValidatingAdmissionWebhook", { field: "validatingWebhooks", read: readWebhookAdmission }],
  ]);

/** As apiserver/pkg/admission/plugin/webhook/config LoadConfig. */
function readWebhookAdmission(content: unknown): WebhookAdmissionConfiguration {
  const { kubeConfigFile = "", staticManifestsDir = "" } = readConfiguration(content, {
    kind: "WebhookAdmissionConfiguration",
    versions: ["v1"],
    shape: { kubeConfigFile: "text", staticManifestsDir: "text" },
  });
  const errors: FieldError[] = [];
  if (kubeConfigFile !== "" && !kubeConfigFile.startsWith("/")) {
    errors.push(invalid("kubeConfigFile", kubeConfigFile, "must be an absolute file path"));
  } else if (staticManifestsDir !== "") {
    const why = "staticManifestsDir requires the ManifestBasedAdmissionControlConfig feature gate to be enabled";
    errors.push(forbidden("staticManifestsDir", why));
  }
  if (errors.length > 0) throw new Error(formatFieldErrors(errors));
  return { kubeConfigFile };
}

/**
 * Reads an `apiserver.config.k8s.io/v1 AdmissionConfiguration`. `readFile` gives the parsed contents of a plugin's file, by
 * the path that is written there. Throws with what is wrong. Plugins that are not listed here are passed over.
 */
export function readPluginConfigurations(document: unknown, readFile: (path: string) => unknown): PluginConfigurations {
  const { apiVersion, kind } = typeOfFile(document);
  const known = /^apiserver\.(config\.)?k8s\.io\/v1(alpha1)?$/.test(apiVersion);
  if (!known || kind !== "AdmissionConfiguration") throw new Error(notRegistered(kind, apiVersion));
  const file = shaped(document, { plugins: [{ name: "text", path: "text", configuration: "anything" }] });
  const { plugins = [] } = file as { readonly plugins?: readonly PluginEntry[] };
  const result: Record<string, unknown> = {};
  for (const { name = "", path = "", configuration } of plugins) {
    const content = configuration ?? (path === "" ? undefined : readFile(path)) ?? undefined;
    if (content === undefined) continue;
    if (name === "PodNodeSelector") {
      const selectors = shaped(content, { podNodeSelectorPluginConfig: { "*": "text" } }) as Record<string, unknown>;
      result["podNodeSelector"] = selectors["podNodeSelectorPluginConfig"] ?? {};
      continue;
    }
    const own = ownReaders.get(name);
    if (own !== undefined) {
      result[own.field] ??= own.read(content);
      continue;
    }
    const reading = readings.get(name);
    if (reading !== undefined && !(reading.field in result)) result[reading.field] = checked(name, content, reading);
  }
  return result;
}

function checked(name: string, content: unknown, { apiVersions, kind, shape, errors }: Reading): unknown {
  const { apiVersion, kind: found } = typeOfFile(content);
  // ResourceQuota's was called Configuration in its older group.
  const kinds = apiVersion.startsWith("resourcequota.") ? ["Configuration"] : [kind];
  if (!apiVersions.includes(apiVersion) || !kinds.includes(found))
    throw new Error(`${name}: ${notRegistered(found, apiVersion)}`);
  const configuration = shaped(content, { apiVersion: "text", kind: "text", ...(shape as object) });
  const wrong = errors?.(configuration as never) ?? [];
  if (wrong.length > 0) throw new Error(`${name}: ${formatFieldErrors(wrong)}`);
  return configuration;
}

function notRegistered(kind: string, apiVersion: string): string {
  return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)}`;
}
