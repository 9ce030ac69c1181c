import { groupAuthenticated } from "../../authentication/names.ts";
import { each, shaped, typeOfFile } from "../../configuration/shaped.ts";

/** What some subject may. Empty names match what is empty; `*` matches all (abac.authorization.kubernetes.io PolicySpec). */
export interface Policy {
  readonly user: string;
  readonly group: string;
  /** Only get, list and watch. */
  readonly readonly: boolean;
  readonly apiGroup: string;
  readonly resource: string;
  readonly namespace: string;
  /** `/foo/*` is all below; empty matches none. */
  readonly nonResourcePath: string;
}

const anyPolicy: Policy = {
  ...{ user: "", group: "", readonly: false, apiGroup: "", resource: "", namespace: "", nonResourcePath: "" },
};
const oldShape = { ...each("text", "user", "group", "resource", "namespace"), readonly: "flag" } as const;
const shape = { spec: { ...oldShape, ...each("text", "apiGroup", "nonResourcePath") } };
const group = "abac.authorization.kubernetes.io";

/**
 * Reads a policy file: an object of JSON a line, lines that are empty or begin with # left out
 * (pkg/auth/authorizer/abac). Throws `error reading policy file FILE, line N: LINE: …`.
 */
export function parsePolicyFile(text: string, file: string): readonly Policy[] {
  return text.split("\n").flatMap((line, i) => {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) return [];
    try {
      return [policyOf(JSON.parse(line))];
    } catch (cause) {
      const { message } = cause as Error;
      throw new Error(`error reading policy file ${file}, line ${i + 1}: ${line}: ${message}`, { cause });
    }
  });
}

function policyOf(content: unknown): Policy {
  const { apiVersion, kind } = typeOfFile(content);
  if (apiVersion === `${group}/v1beta1` && kind === "Policy") {
    const { spec = {} } = shaped(content, shape) ?? {};
    return authenticatedOnly({ ...anyPolicy, ...spec });
  }
  return fromUnversioned(shaped(content, oldShape) ?? {});
}

/** Lines of the first form name no version, and leave out what is to match all. */
function fromUnversioned(given: Partial<Policy>): Policy {
  const { user = "", group: members = "", namespace = "", resource = "" } = given;
  return authenticatedOnly({
    ...anyPolicy,
    ...given,
    ...(user === "" && members === "" ? { group: groupAuthenticated } : {}),
    namespace: namespace || "*",
    resource: resource || "*",
    apiGroup: "*",
    ...(namespace === "" && resource === "" ? { nonResourcePath: "*" } : {}),
  });
}

/** `*` is everybody whom somebody has recognized. */
function authenticatedOnly(policy: Policy): Policy {
  return policy.user === "*" || policy.group === "*" ? { ...policy, user: "", group: groupAuthenticated } : policy;
}
