import { goQuote } from "../../../apimachinery/text/go-quote.ts";
import type { AuthorizationAttributes, Authorizer, Decision } from "../authorizer.ts";
import { clusterRoleRules } from "../rbac/bootstrap/cluster-roles.ts";
import { parseRule } from "../rbac/bootstrap/parse.ts";
import { combinedResource, ruleAllows } from "../rbac/rules.ts";
import type { PolicyRule } from "../rbac/types.ts";
import { selectsField } from "./field-selector.ts";
import type { NodeGraph, VertexKind } from "./node-graph.ts";
import { nodeIdentity } from "./node-identity.ts";

const allowed: Decision = { decision: "allow", reason: "" };
const noOpinion = (reason = ""): Decision => ({ decision: "noOpinion", reason });

/** Lets kubelets do what their own node and pods need, and nothing of others' (plugin/pkg/auth/authorizer/node). */
export class NodeAuthorizer implements Authorizer {
  readonly name = "Node";
  readonly #graph: NodeGraph;
  readonly #rules: readonly PolicyRule[];

  constructor(graph: NodeGraph, rules: readonly PolicyRule[] = clusterRoleRules["system:node"]!.map(parseRule)) {
    this.#graph = graph;
    this.#rules = rules;
  }

  authorize(attributes: AuthorizationAttributes): Decision {
    const node = nodeIdentity(attributes.user);
    if (node === undefined) return noOpinion();
    if (node === "") return noOpinion(`unknown node for user ${goQuote(attributes.user.username)}`);
    const special = attributes.isResourceRequest ? this.#byResource(node, attributes) : undefined;
    if (special !== undefined) return special;
    const combined = combinedResource(attributes);
    return this.#rules.some((rule) => ruleAllows(rule, attributes, combined)) ? allowed : noOpinion();
  }

  rulesFor(user: AuthorizationAttributes["user"]) {
    const isNode = nodeIdentity(user) !== undefined;
    return {
      resourceRules: [],
      nonResourceRules: [],
      incomplete: isNode,
      ...(isNode ? { evaluationError: "node authorizer does not support user rule resolution" } : {}),
    };
  }

  #byResource(node: string, attributes: AuthorizationAttributes): Decision | undefined {
    switch (`${attributes.group}/${attributes.resource}`) {
      case "/secrets":
        return this.#read(node, "secret", attributes);
      case "/configmaps":
        return this.#read(node, "configmap", attributes);
      case "/persistentvolumeclaims":
        return attributes.subresource === "status"
          ? this.#updateStatus(node, "pvc", attributes)
          : this.#get(node, "pvc", attributes);
      case "/persistentvolumes":
        return this.#get(node, "pv", attributes);
      case "resource.k8s.io/resourceclaims":
        return this.#get(node, "resourceclaim", attributes);
      case "storage.k8s.io/volumeattachments":
        return this.#get(node, "va", attributes);
      case "/serviceaccounts":
        return this.#serviceAccount(node, attributes);
      case "coordination.k8s.io/leases":
        return lease(node, attributes);
      case "storage.k8s.io/csinodes":
        return csiNode(node, attributes);
      case "resource.k8s.io/resourceslices":
        return this.#slice(node, attributes);
      case "/nodes":
        return ownNode(node, attributes);
      case "/pods":
        return this.#pod(node, attributes);
      case "certificates.k8s.io/podcertificaterequests":
        return noOpinion();
      default:
        return undefined;
    }
  }

  #related(node: string, kind: VertexKind, { namespace, name }: AuthorizationAttributes): Decision {
    if (name === "") return noOpinion("No Object name found");
    if (this.#graph.reaches(kind, namespace, name, node)) return allowed;
    return noOpinion(`no relationship found between node '${node}' and this object`);
  }

  #get(node: string, kind: VertexKind, attributes: AuthorizationAttributes): Decision {
    if (attributes.verb !== "get") return noOpinion("can only get individual resources of this type");
    if (attributes.subresource !== "") return noOpinion("cannot get subresource");
    return this.#related(node, kind, attributes);
  }

  #read(node: string, kind: VertexKind, attributes: AuthorizationAttributes): Decision {
    if (!["get", "list", "watch"].includes(attributes.verb)) return noOpinion("can only read resources of this type");
    if (attributes.subresource !== "") return noOpinion("cannot read subresource");
    if (attributes.namespace === "") return noOpinion("can only read namespaced object of this type");
    return this.#related(node, kind, attributes);
  }

  #updateStatus(node: string, kind: VertexKind, attributes: AuthorizationAttributes): Decision {
    if (attributes.verb !== "update" && attributes.verb !== "patch")
      return noOpinion("can only get/update/patch this type");
    return this.#related(node, kind, attributes);
  }

  #serviceAccount(node: string, attributes: AuthorizationAttributes): Decision {
    const { verb, subresource, name, namespace } = attributes;
    if (verb === "get" && subresource === "") return this.#read(node, "serviceaccount", attributes);
    if (verb !== "create" || name === "") return noOpinion("can only create tokens for individual service accounts");
    if (subresource !== "token") return noOpinion("can only create token subresource of serviceaccount");
    if (this.#graph.reaches("serviceaccount", namespace, name, node)) return allowed;
    return noOpinion(`no relationship found between node '${node}' and this object`);
  }

  #slice(node: string, attributes: AuthorizationAttributes): Decision {
    if (attributes.subresource !== "") return noOpinion("cannot authorize ResourceSlice subresources");
    switch (attributes.verb) {
      case "create":
        return allowed; // admission looks at the node that the object names
      case "get":
      case "update":
      case "patch":
      case "delete":
        return this.#related(node, "slice", attributes);
      case "watch":
      case "list":
      case "deletecollection":
        if (selectsField(attributes.fieldSelector, "spec.nodeName", node)) return allowed;
        return noOpinion("can only list/watch/deletecollection resourceslices with nodeName field selector");
      default:
        return noOpinion(
          "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
        );
    }
  }

  #pod(node: string, attributes: AuthorizationAttributes): Decision {
    const { verb, subresource, name, fieldSelector } = attributes;
    switch (`${verb} ${subresource}`) {
      case "get ":
        return this.#get(node, "pod", attributes);
      case "list ":
      case "watch ":
        if (selectsField(fieldSelector, "spec.nodeName", node)) return allowed;
        if (name !== "") return this.#related(node, "pod", attributes);
        return noOpinion("can only list/watch pods with spec.nodeName field selector");
      case "create ":
      case "delete ":
      case "update status":
      case "patch status":
      case "create eviction":
        return allowed; // admission keeps the node to its own pods
      default:
        return noOpinion();
    }
  }
}

function ownNode(node: string, { verb, subresource, name }: AuthorizationAttributes): Decision {
  switch (`${verb} ${subresource}`) {
    case "create ":
    case "update ":
    case "patch ":
    case "update status":
    case "patch status":
      return allowed; // admission keeps the node to its own object
    case "get ":
    case "list ":
    case "watch ":
      if (name === node) return allowed;
      return noOpinion(
        name === ""
          ? `node '${node}' cannot read all nodes, only its own Node object`
          : `node '${node}' cannot read '${name}', only its own Node object`,
      );
    default:
      return noOpinion();
  }
}

const ownObjectVerbs = ["get", "create", "update", "patch", "delete"];

function lease(node: string, { verb, namespace, name }: AuthorizationAttributes): Decision {
  if (!ownObjectVerbs.includes(verb)) return noOpinion("can only get, create, update, patch, or delete a node lease");
  if (namespace !== "kube-node-lease")
    return noOpinion('can only access leases in the "kube-node-lease" system namespace');
  // At a create the name is only in the object, which admission sees.
  if (verb !== "create" && name !== node)
    return noOpinion("can only access node lease with the same name as the requesting node");
  return allowed;
}

function csiNode(node: string, { verb, subresource, name }: AuthorizationAttributes): Decision {
  if (!ownObjectVerbs.includes(verb)) return noOpinion("can only get, create, update, patch, or delete a CSINode");
  if (subresource !== "") return noOpinion("cannot authorize CSINode subresources");
  if (verb !== "create" && name !== node)
    return noOpinion("can only access CSINode with the same name as the requesting node");
  return allowed;
}
