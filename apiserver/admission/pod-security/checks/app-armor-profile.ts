import { compareText, goQuote } from "../../../../apimachinery/text/go-quote.ts";
import { type Check, type CheckPod, joinQuote, namesWhere, pluralize, settersText, sorted } from "../check.ts";

const annotationPrefix = "container.apparmor.security.beta.kubernetes.io/";

const check: CheckPod = ({ metadata, spec }) => {
  const values = new Set<string>();
  const isBad = (type: string | undefined): boolean => {
    if (type === undefined || type === "RuntimeDefault" || type === "Localhost") return false;
    values.add(type);
    return true;
  };
  const podIsBad = isBad(spec.securityContext?.appArmorProfile?.type);
  const bad = namesWhere(spec, ({ securityContext }) => isBad(securityContext?.appArmorProfile?.type));
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(annotationPrefix) && !isAllowedValue(value))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .sort(compareText);
  const shown = [...sorted(values), ...annotations];
  const setters = [settersText(podIsBad, bad)].filter((text) => text !== "");
  if (annotations.length > 0) setters.push(pluralize("annotation", "annotations", annotations.length));
  if (setters.length === 0) return undefined;
  return {
    reason: pluralize("forbidden AppArmor profile", "forbidden AppArmor profiles", shown.length),
    detail: `${setters.join(" and ")} must not set AppArmor profile type to ${joinQuote(shown)}`,
  };
};

function isAllowedValue(value: string): boolean {
  return value === "" || value === "runtime/default" || value.startsWith("localhost/");
}

/** The node's AppArmor profile is not put aside. */
export const appArmorProfile: Check = { id: "appArmorProfile", level: "baseline", versions: [{ since: 0, check }] };
