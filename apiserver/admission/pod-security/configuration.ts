import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { isDNS1123Label, isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { levelMessage, type modes, type Policy, parseLevel, parseVersion, versionMessage } from "./level.ts";

/** `pod-security.admission.config.k8s.io/v1 PodSecurityConfiguration`: what holds where no label says otherwise. */
export interface PodSecurityConfiguration {
  readonly defaults?: Readonly<Partial<Record<DefaultField, string>>>;
  /** Whoever is named here is not looked at. */
  readonly exemptions?: {
    readonly usernames?: readonly string[];
    readonly namespaces?: readonly string[];
    readonly runtimeClasses?: readonly string[];
  };
}

type DefaultField = "enforce" | "enforce-version" | "audit" | "audit-version" | "warn" | "warn-version";

/** The policy of namespaces without labels. What is wrong with it, `configurationErrors` says. */
export function defaultPolicy({ defaults = {} }: PodSecurityConfiguration): Policy {
  const read = (mode: (typeof modes)[number]) => ({
    level: parseLevel(defaults[mode] || "privileged") ?? "restricted",
    version: parseVersion(defaults[`${mode}-version`] || "latest") ?? Number.POSITIVE_INFINITY,
  });
  return { enforce: read("enforce"), audit: read("audit"), warn: read("warn") };
}

/** Every mistake of a configuration (pod-security-admission/admission/api/validation). */
export function configurationErrors({ defaults = {}, exemptions = {} }: PodSecurityConfiguration): FieldError[] {
  const errors: FieldError[] = [];
  for (const mode of ["enforce", "warn", "audit"] as const) {
    const level = defaults[mode] || "privileged";
    if (parseLevel(level) === undefined) errors.push(invalid(path("defaults", mode), level, levelMessage));
    const version = defaults[`${mode}-version`] || "latest";
    if (parseVersion(version) === undefined) {
      errors.push(invalid(path("defaults", `${mode}-version`), version, versionMessage));
    }
  }
  const exempt = path("exemptions");
  addListErrors(errors, exempt.child("namespaces"), exemptions.namespaces, (name) => isDNS1123Label(name));
  addListErrors(errors, exempt.child("runtimeClasses"), exemptions.runtimeClasses, (name) => isDNS1123Subdomain(name));
  addListErrors(errors, exempt.child("usernames"), exemptions.usernames, (name) =>
    name === "" ? ["username must not be empty"] : [],
  );
  return errors;
}

function addListErrors(
  errors: FieldError[],
  place: Path,
  values: readonly string[] = [],
  check: (value: string) => readonly string[],
): void {
  const seen = new Set<string>();
  for (const [i, value] of values.entries()) {
    const messages = check(value);
    if (messages.length > 0) errors.push(invalid(place.index(i), value, messages.join(", ")));
    else if (seen.has(value)) errors.push(duplicate(place.index(i), value));
    else seen.add(value);
  }
}
