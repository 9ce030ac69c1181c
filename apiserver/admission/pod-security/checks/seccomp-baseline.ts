import { goQuote } from "../../../../apimachinery/text/go-quote.ts";
import {
  type Check,
  type CheckPod,
  containersOf,
  joinQuote,
  namesWhere,
  pluralize,
  settersText,
  sorted,
  type Violation,
} from "../check.ts";

const podAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
const containerAnnotation = "container.seccomp.security.alpha.kubernetes.io/";

const checkAnnotations: CheckPod = ({ metadata: { annotations = {} }, spec }) => {
  const keys = [podAnnotation, ...containersOf(spec).map(({ name }) => containerAnnotation + name)];
  const forbidden = new Set<string>();
  for (const key of keys) {
    const value = annotations[key];
    if (value !== undefined && !isAllowedValue(value)) forbidden.add(`${key}=${goQuote(value)}`);
  }
  if (forbidden.size === 0) return undefined;
  const noun = pluralize("annotation", "annotations", forbidden.size);
  return { reason: "seccompProfile", detail: `forbidden ${noun} ${sorted(forbidden).join(", ")}` };
};

function isAllowedValue(value: string): boolean {
  return value === "runtime/default" || value === "docker/default" || value.startsWith("localhost/");
}

/** Profiles that are named and not allowed; at both levels. */
export function badSeccompProfiles({ spec }: Parameters<CheckPod>[0]): Violation | undefined {
  const values = new Set<string>();
  const isBad = (type: string | undefined): boolean => {
    if (type === undefined || isAllowedSeccompProfile(type)) return false;
    values.add(type);
    return true;
  };
  const podIsBad = isBad(spec.securityContext?.seccompProfile?.type);
  const bad = namesWhere(spec, ({ securityContext }) => isBad(securityContext?.seccompProfile?.type));
  const setters = settersText(podIsBad, bad);
  if (setters === "") return undefined;
  const detail = `${setters} must not set securityContext.seccompProfile.type to ${joinQuote(sorted(values))}`;
  return { reason: "seccompProfile", detail };
}

export function isAllowedSeccompProfile(type: string): boolean {
  return type === "Localhost" || type === "RuntimeDefault";
}

/** System calls are not unconfined by request. */
export const seccompProfileBaseline: Check = {
  id: "seccompProfile_baseline",
  level: "baseline",
  versions: [
    { since: 0, check: checkAnnotations },
    { since: 19, check: badSeccompProfiles },
  ],
};
