import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../admission/plugin.ts";
import { newObject } from "../../admission/refusal.ts";
import { groupMasters } from "../../authentication/names.ts";
import type { Authorizer } from "../authorizer.ts";
import { escalationMessage } from "./covers.ts";
import type { RuleIndex } from "./rule-index.ts";
import { type AnyBinding, type ClusterRole, type PolicyRule, rbacGroup } from "./types.ts";

const resources: ReadonlySet<string> = new Set(["clusterroles", "roles", "clusterrolebindings", "rolebindings"]);

/** Everything there is: what an aggregated role may come to hold. */
const fullAuthority: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/**
 * Nobody hands out permissions that he does not hold, unless he may `escalate` the role or `bind` it
 * (pkg/registry/rbac/…/policybased). Comes last of all mutation, so that nothing is slipped in after it.
 */
export function rbacEscalation(index: RuleIndex, authorizer: Authorizer): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    handles: ({ definition, operation, subresource, user }) =>
      definition.group === rbacGroup &&
      resources.has(definition.plural) &&
      subresource === "" &&
      (operation === "CREATE" || operation === "UPDATE") &&
      !user.groups.includes(groupMasters),
    async admit(attributes) {
      if (onlyCollectorFields(attributes)) return;
      const isRole = attributes.definition.plural.endsWith("roles");
      await (isRole ? checkRole(attributes, index, authorizer) : checkBinding(attributes, index, authorizer));
    },
  };
}

async function checkRole(attributes: AdmissionAttributes, index: RuleIndex, authorizer: Authorizer): Promise<void> {
  const { definition, operation, namespace } = attributes;
  const name = operation === "CREATE" ? "" : attributes.name;
  if (await may(authorizer, attributes, { verb: "escalate", resource: definition.plural, namespace, name })) return;
  const role = newObject<ClusterRole>(attributes);
  const message = missingRights(attributes, index, role.rules ?? []);
  if (message !== undefined) throw forbidden(attributes, message);
  const aggregates = (object: ApiObject | undefined) =>
    ((object as ClusterRole | undefined)?.aggregationRule?.clusterRoleSelectors ?? []).length > 0;
  if (
    (aggregates(role) || aggregates(attributes.oldObject)) &&
    missingRights(attributes, index, fullAuthority) !== undefined
  ) {
    throw forbidden(attributes, "must have cluster-admin privileges to use the aggregationRule");
  }
}

async function checkBinding(attributes: AdmissionAttributes, index: RuleIndex, authorizer: Authorizer): Promise<void> {
  const { namespace } = attributes;
  const { roleRef } = newObject<AnyBinding>(attributes);
  const resource = roleRef.kind === "ClusterRole" ? "clusterroles" : "roles";
  if (roleRef.kind !== "ClusterRole" && roleRef.kind !== "Role")
    throw new Error(`unsupported role reference kind: ${goQuote(roleRef.kind)}`);
  if (await may(authorizer, attributes, { verb: "bind", resource, namespace, name: roleRef.name })) return;
  const rules = index.rulesOf(roleRef, namespace);
  if (rules === undefined) throw ApiError.notFound({ group: rbacGroup, resource }, roleRef.name);
  const message = missingRights(attributes, index, rules);
  if (message !== undefined) throw forbidden(attributes, message);
}

function missingRights(
  { user, namespace }: AdmissionAttributes,
  index: RuleIndex,
  wanted: readonly PolicyRule[],
): string | undefined {
  const { rules, errors } = index.rulesFor(user, namespace);
  return escalationMessage(user, rules, wanted, errors);
}

async function may(
  authorizer: Authorizer,
  { user }: AdmissionAttributes,
  asked: { readonly verb: string; readonly resource: string; readonly namespace: string; readonly name: string },
): Promise<boolean> {
  const { decision } = await authorizer.authorize({
    ...asked,
    user,
    isResourceRequest: true,
    group: rbacGroup,
    version: "*",
    subresource: "",
    path: "",
  });
  return decision === "allow";
}

function forbidden(attributes: AdmissionAttributes, message: string): ApiError {
  return ApiError.forbidden(
    { group: rbacGroup, resource: attributes.definition.plural },
    attributes.object?.metadata.name ?? "",
    message,
  );
}

/** The garbage collector changes owners and finalizers of objects that it could not have made itself. */
function onlyCollectorFields({ object, oldObject }: AdmissionAttributes): boolean {
  if (object === undefined || oldObject === undefined) return false;
  const rest = (one: ApiObject) => {
    const { ownerReferences: _, finalizers: __, managedFields: ___, selfLink: ____, ...metadata } = one.metadata;
    return { ...one, metadata };
  };
  return semanticEqual(rest(object), rest(oldObject));
}
