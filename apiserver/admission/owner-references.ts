import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { OwnerReference, UserInfo } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { AuthorizationAttributes, Authorizer } from "../authorization/authorizer.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { refused } from "./refusal.ts";

/**
 * Owners are a way to have an object deleted, and to hold back their deletion: only who may delete the object changes its
 * owners, and only who may set finalizers on an owner lets the object block it (plugin/pkg/admission/gc).
 */
export function ownerReferences(authorizer: Authorizer, served: () => Iterable<ResourceDefinition>): AdmissionPlugin {
  return {
    name: "OwnerReferencesPermissionEnforcement",
    handles: ({ operation, definition, subresource }) =>
      (operation === "CREATE" || operation === "UPDATE") &&
      !(definition.group === "" && definition.plural === "pods" && subresource === "status"),
    validate(attributes) {
      const owners = attributes.object?.metadata?.ownerReferences ?? [];
      const old = attributes.oldObject?.metadata.ownerReferences ?? [];
      if (semanticEqual(owners, old)) return;
      return check(attributes, newlyBlocking(owners as readonly OwnerReference[], old), { authorizer, served });
    },
  };
}

interface Means {
  readonly authorizer: Authorizer;
  readonly served: () => Iterable<ResourceDefinition>;
}

async function check(
  attributes: AdmissionAttributes,
  blocking: readonly OwnerReference[],
  means: Means,
): Promise<void> {
  const { user, definition, namespace, subresource, name, operation } = attributes;
  const { authorizer } = means;
  if (operation !== "CREATE") {
    const { group, version, plural: resource } = definition;
    const decision = await authorizer.authorize({
      ...asked(user, "delete"),
      namespace,
      group,
      version,
      resource,
      subresource,
      name,
    });
    if (decision.decision !== "allow") {
      throw refused(attributes, `cannot set an ownerRef on a resource you can't delete: ${decision.reason}, <nil>`);
    }
  }
  if (blocking.length === 0) return;
  const anything = { group: "*", version: "*", resource: "*", subresource: "finalizers", name: "*" };
  const all = await authorizer.authorize({ ...asked(user, "update"), ...anything });
  if (all.decision === "allow") return;
  for (const reference of blocking) await checkBlocking(attributes, reference, means);
}

async function checkBlocking(
  attributes: AdmissionAttributes,
  { apiVersion, kind, name }: OwnerReference,
  { authorizer, served }: Means,
): Promise<void> {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const found = [...served()].find((one) => one.group === group && one.version === version && one.kind === kind);
  if (found === undefined) {
    const missing = `no matches for kind ${goQuote(kind)} in version ${goQuote(apiVersion)}`;
    throw refused(
      attributes,
      `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${apiVersion} Kind ${kind}: ${missing}`,
    );
  }
  const decision = await authorizer.authorize({
    ...asked(attributes.user, "update"),
    namespace: found.scope === "Namespaced" ? attributes.namespace : "",
    group,
    version,
    resource: found.plural,
    subresource: "finalizers",
    name,
  });
  if (decision.decision === "allow") return;
  throw refused(
    attributes,
    `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${decision.reason}, <nil>`,
  );
}

function asked(user: UserInfo, verb: string): AuthorizationAttributes {
  const nothing = { namespace: "", group: "", version: "", resource: "", subresource: "", name: "", path: "" };
  return { user, verb, isResourceRequest: true, ...nothing };
}

function newlyBlocking(owners: readonly OwnerReference[], old: readonly OwnerReference[]): readonly OwnerReference[] {
  const before = new Map(old.map((reference) => [reference.uid, reference]));
  return owners.filter(({ uid, blockOwnerDeletion }) => blockOwnerDeletion && !before.get(uid)?.blockOwnerDeletion);
}
