import { type Check, type CheckPod, containersText, namesWhere, settersText, unlessOwnUsers } from "../check.ts";

const reason = "runAsNonRoot != true";

const check: CheckPod = ({ spec }) => {
  const ofPod = spec.securityContext?.runAsNonRoot;
  const explicitly = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false);
  const setters = settersText(ofPod === false, explicitly);
  if (setters !== "") return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  if (ofPod === true) return undefined;
  const implicitly = namesWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (implicitly.length === 0) return undefined;
  return { reason, detail: `pod or ${containersText(implicitly)} must set securityContext.runAsNonRoot=true` };
};

/** Nothing runs as root. */
export const runAsNonRoot: Check = {
  id: "runAsNonRoot",
  level: "restricted",
  versions: [
    { since: 0, check },
    { since: 35, check: unlessOwnUsers(check) },
  ],
};
