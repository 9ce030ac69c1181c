import type { SELinuxOptions } from "../../../../api/generated/types/core-v1.ts";
import { type Check, type CheckPod, joinQuote, namesWhere, pluralize, settersText, sorted } from "../check.ts";

const types = ["", "container_t", "container_init_t", "container_kvm_t"];

function checkFor(allowed: readonly string[]): CheckPod {
  return ({ spec }) => {
    const badTypes = new Set<string>();
    let [userSet, roleSet] = [false, false];
    const isBad = (options: SELinuxOptions | undefined): boolean => {
      if (options === undefined) return false;
      const { type = "", user = "", role = "" } = options;
      const badType = !allowed.includes(type);
      if (badType) badTypes.add(type);
      userSet ||= user !== "";
      roleSet ||= role !== "";
      return badType || user !== "" || role !== "";
    };
    const podIsBad = isBad(spec.securityContext?.seLinuxOptions);
    const bad = namesWhere(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions));
    const setters = settersText(podIsBad, bad);
    if (setters === "") return undefined;
    const what: string[] = [];
    if (badTypes.size > 0) what.push(`${pluralize("type", "types", badTypes.size)} ${joinQuote(sorted(badTypes))}`);
    if (userSet) what.push("user may not be set");
    if (roleSet) what.push("role may not be set");
    const detail = `${setters} set forbidden securityContext.seLinuxOptions: ${what.join("; ")}`;
    return { reason: "seLinuxOptions", detail };
  };
}

/** SELinux holds the container: a type of containers, no user and no role of one's own. */
export const seLinuxOptions: Check = {
  id: "seLinuxOptions",
  level: "baseline",
  versions: [
    { since: 0, check: checkFor(types) },
    { since: 31, check: checkFor([...types, "container_engine_t"]) },
  ],
};
