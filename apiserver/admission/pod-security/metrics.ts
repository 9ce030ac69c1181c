import type { MetricsRegistry } from "../../../base/metrics.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { type LevelVersion, latest, type Mode, versionText } from "./level.ts";

/** Version of the API that is served: policies of later ones are counted as `future`. */
const servedMinor = 36;

/** Counts of decisions, under upstream's names (pod-security-admission/metrics). */
export interface PodSecurityMetrics {
  evaluation(decision: "allow" | "deny", policy: LevelVersion, mode: Mode, attributes: AdmissionAttributes): void;
  exemption(attributes: AdmissionAttributes): void;
  error(fatal: boolean, attributes: AdmissionAttributes): void;
}

export function podSecurityMetrics(registry: MetricsRegistry): PodSecurityMetrics {
  const evaluations = registry.counter({
    name: "pod_security_evaluations_total",
    help: "Number of policy evaluations that occurred, not counting ignored or exempt requests.",
    labels: ["decision", "policy_level", "policy_version", "mode", "request_operation", "resource", "subresource"],
  });
  const exemptions = registry.counter({
    name: "pod_security_exemptions_total",
    help: "Number of exempt requests, not counting ignored or out of scope requests.",
    labels: ["request_operation", "resource", "subresource"],
  });
  const errors = registry.counter({
    name: "pod_security_errors_total",
    help: "Number of errors preventing normal evaluation. Non-fatal errors may result in the latest restricted profile being used for evaluation.",
    labels: ["fatal", "request_operation", "resource", "subresource"],
  });
  return {
    evaluation(decision, { level, version }, mode, attributes) {
      evaluations.labels(decision, level, versionLabel(level, version), mode, ...requestLabels(attributes)).inc();
    },
    exemption: (attributes) => exemptions.labels(...requestLabels(attributes)).inc(),
    error: (fatal, attributes) => errors.labels(String(fatal), ...requestLabels(attributes)).inc(),
  };
}

function versionLabel(level: string, version: number): string {
  if (level === "privileged" || version === latest) return "latest";
  return version <= servedMinor ? versionText(version) : "future";
}

function requestLabels({ operation, definition, subresource }: AdmissionAttributes): [string, string, string] {
  const { plural } = definition;
  const resource = plural === "pods" ? "pod" : plural === "namespaces" ? "namespace" : "controller";
  return [operation.toLowerCase(), resource, subresource];
}
