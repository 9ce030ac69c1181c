import { type Check, type CheckPod, containersText, joinQuote, namesWhere, notOnWindows, sorted } from "../check.ts";

const check: CheckPod = ({ spec }) => {
  const forbidden = new Set<string>();
  const notDropping = namesWhere(
    spec,
    ({ securityContext }) => !(securityContext?.capabilities?.drop ?? []).includes("ALL"),
  );
  const adding = namesWhere(spec, ({ securityContext }) => {
    const added = (securityContext?.capabilities?.add ?? []).filter((name) => name !== "NET_BIND_SERVICE");
    for (const name of added) forbidden.add(name);
    return added.length > 0;
  });
  const details: string[] = [];
  if (notDropping.length > 0) {
    details.push(`${containersText(notDropping)} must set securityContext.capabilities.drop=["ALL"]`);
  }
  if (adding.length > 0) {
    const names = joinQuote(sorted(forbidden));
    details.push(`${containersText(adding)} must not include ${names} in securityContext.capabilities.add`);
  }
  return details.length === 0 ? undefined : { reason: "unrestricted capabilities", detail: details.join("; ") };
};

const overrides = ["capabilities_baseline"];

/** All capabilities are given up; only NET_BIND_SERVICE may come back. */
export const capabilitiesRestricted: Check = {
  id: "capabilities_restricted",
  level: "restricted",
  versions: [
    { since: 22, check, overrides },
    { since: 25, check: notOnWindows(check), overrides },
  ],
};
