import { apiObjectReference } from "../../api/core/v1/pod/references.ts";
import type { TokenRequest } from "../../api/generated/types/authentication-v1.ts";
import type { CertificateSigningRequest } from "../../api/generated/types/certificates-v1.ts";
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../api/generated/types/core-v1.ts";
import type { ResourceSlice } from "../../api/generated/types/resource-v1.ts";
import type { CSIDriver } from "../../api/generated/types/storage-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { nodeIdentity } from "../authorization/node/node-identity.ts";
import type { ObjectReader } from "../registry/access.ts";
import { parseRequest } from "./certificates.ts";
import { forbiddenNodeLabels } from "./node-labels.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { newObject, refused } from "./refusal.ts";
import { podReferencesAudience } from "./token-audience.ts";

export interface NodeRestrictionDeps {
  readonly reader: ObjectReader;
  readonly authorizer: Authorizer;
  readonly pods: ResourceDefinition<Pod>;
  readonly nodes: ResourceDefinition<Node>;
  readonly persistentVolumeClaims: ResourceDefinition<PersistentVolumeClaim>;
  readonly persistentVolumes: ResourceDefinition<PersistentVolume>;
  readonly csiDrivers: ResourceDefinition<CSIDriver>;
}

/** One write by one node. */
interface NodeWrite {
  readonly attributes: AdmissionAttributes;
  readonly node: string;
  readonly deps: NodeRestrictionDeps;
}

const mirrorAnnotation = "kubernetes.io/config.mirror";

/** Keeps each kubelet to its own node and the pods on it (plugin/pkg/admission/noderestriction). */
export function nodeRestriction(deps: NodeRestrictionDeps): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    handles: ({ operation, user }) => operation !== "CONNECT" && nodeIdentity(user) !== undefined,
    admit(attributes) {
      const node = nodeIdentity(attributes.user)!;
      if (node === "")
        throw refused(attributes, `could not determine node from user ${goQuote(attributes.user.username)}`);
      const check = checks[`${attributes.definition.group}/${attributes.definition.plural}`];
      return check?.({ attributes, node, deps });
    },
  };
}

const checks: Readonly<Record<string, (write: NodeWrite) => void | Promise<void>>> = {
  "/pods": checkPod,
  "/nodes": checkNode,
  "/persistentvolumeclaims": checkClaim,
  "/serviceaccounts": checkToken,
  "coordination.k8s.io/leases": checkLease,
  "storage.k8s.io/csinodes": (write) => checkOwnName(write, "CSINode"),
  "resource.k8s.io/resourceslices": checkSlice,
  "certificates.k8s.io/certificatesigningrequests": checkCertificateRequest,
  "certificates.k8s.io/podcertificaterequests": ({ attributes }) => {
    throw refused(attributes, "PodCertificateRequest feature gate is disabled");
  },
};

function checkPod(write: NodeWrite): void {
  const { attributes, node, deps } = write;
  const { subresource, operation, namespace, name } = attributes;
  switch (subresource) {
    case "":
      if (operation === "CREATE") checkMirrorPod(write);
      else if (operation === "DELETE") {
        if (findPod(deps, namespace, name).spec.nodeName !== node)
          throw refused(attributes, `node ${goQuote(node)} can only delete pods with spec.nodeName set to itself`);
      } else
        throw refused(
          attributes,
          `unexpected operation ${goQuote(operation)}, node ${goQuote(node)} can only create and delete mirror pods`,
        );
      return;
    case "status":
      checkPodStatus(write);
      return;
    case "eviction": {
      if (operation !== "CREATE") throw refused(attributes, `unexpected operation ${operation}`);
      const podName = name || attributes.object?.metadata.name || "";
      if (podName === "") throw refused(attributes, "could not determine pod from request data");
      if (findPod(deps, namespace, podName).spec.nodeName !== node)
        throw refused(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
      return;
    }
    default:
      throw refused(
        attributes,
        `unexpected pod subresource ${goQuote(subresource)}, only 'status' and 'eviction' are allowed`,
      );
  }
}

function findPod({ reader, pods }: NodeRestrictionDeps, namespace: string, name: string): Pod {
  const pod = reader.get(pods, namespace, name);
  if (pod === undefined) throw ApiError.notFound({ group: "", resource: "pod" }, name);
  return pod;
}

function checkMirrorPod({ attributes, node, deps }: NodeWrite): void {
  const pod = newObject<Pod>(attributes);
  const { metadata, spec } = pod;
  const quoted = goQuote(node);
  if (metadata.annotations?.[mirrorAnnotation] === undefined) {
    throw refused(
      attributes,
      `pod does not have ${goQuote(mirrorAnnotation)} annotation, node ${quoted} can only create mirror pods`,
    );
  }
  if (spec.nodeName !== node)
    throw refused(attributes, `node ${quoted} can only create pods with spec.nodeName set to itself`);
  const owners = metadata.ownerReferences ?? [];
  const [owner] = owners;
  if (owners.length > 1)
    throw refused(attributes, `node ${quoted} can only create pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node) {
    throw refused(attributes, `node ${quoted} can only create pods with an owner reference set to itself`);
  }
  if (owner.controller !== true)
    throw refused(attributes, `node ${quoted} can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion === true)
    throw refused(attributes, `node ${quoted} must not set blockOwnerDeletion on an owner reference`);
  const found = deps.reader.get(deps.nodes, "", node);
  if (found === undefined) throw ApiError.notFound({ group: "", resource: "node" }, node);
  if (owner.uid !== found.metadata.uid)
    throw refused(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${found.metadata.uid}`);
  const reference = apiObjectReference(pod);
  if (reference !== undefined)
    throw refused(attributes, `node ${quoted} can not create pods that reference ${reference}`);
}

function checkPodStatus({ attributes, node }: NodeWrite): void {
  if (attributes.operation !== "UPDATE")
    throw refused(attributes, `unexpected operation ${goQuote(attributes.operation)}`);
  const [pod, old] = [newObject<Pod>(attributes), attributes.oldObject as Pod];
  const quoted = goQuote(node);
  if (old.spec.nodeName !== node)
    throw refused(attributes, `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`);
  if (!semanticEqual(old.metadata.labels ?? {}, pod.metadata.labels ?? {}))
    throw refused(attributes, `node ${quoted} cannot update labels through pod status`);
  if (!semanticEqual(old.status?.resourceClaimStatuses, pod.status?.resourceClaimStatuses))
    throw refused(attributes, `node ${quoted} cannot update resource claim statues`);
  if (!semanticEqual(old.status?.extendedResourceClaimStatus, pod.status?.extendedResourceClaimStatus)) {
    throw refused(attributes, `node ${quoted} cannot update extended resource claim status`);
  }
}

function checkNode({ attributes, node }: NodeWrite): void {
  const { operation, oldObject } = attributes;
  const quoted = goQuote(node);
  const name = attributes.name || attributes.object?.metadata.name || "";
  if (name !== node) throw refused(attributes, `node ${quoted} is not allowed to modify node ${goQuote(name)}`);
  if (operation === "DELETE") return;
  const wanted = newObject<Node>(attributes);
  if (operation === "CREATE") {
    if (wanted.spec?.configSource !== undefined)
      throw refused(attributes, `node ${quoted} is not allowed to create pods with a non-nil configSource`);
    const labels = forbiddenNodeLabels(wanted.metadata.labels ?? {}, {});
    if (labels.length > 0)
      throw refused(attributes, `node ${quoted} is not allowed to set the following labels: ${labels.join(", ")}`);
    return;
  }
  const old = oldObject as Node;
  if (wanted.spec?.configSource !== undefined && !semanticEqual(wanted.spec.configSource, old.spec?.configSource)) {
    throw refused(attributes, `node ${quoted} is not allowed to update configSource to a new non-nil configSource`);
  }
  if (!semanticEqual(wanted.spec?.taints, old.spec?.taints))
    throw refused(attributes, `node ${quoted} is not allowed to modify taints`);
  if (!semanticEqual(wanted.metadata.ownerReferences, old.metadata.ownerReferences)) {
    throw refused(attributes, `node ${quoted} is not allowed to modify ownerReferences`);
  }
  const labels = forbiddenNodeLabels(wanted.metadata.labels ?? {}, old.metadata.labels ?? {});
  if (labels.length > 0) throw refused(attributes, `is not allowed to modify labels: ${labels.join(", ")}`);
}

function checkClaim({ attributes, node }: NodeWrite): void {
  if (attributes.subresource !== "status") throw refused(attributes, "may only update PVC status");
  if (attributes.operation !== "UPDATE")
    throw refused(attributes, `unexpected operation ${goQuote(attributes.operation)}`);
  const rest = (object: ApiObject) => {
    const { resourceVersion: _, managedFields: __, ...metadata } = object.metadata;
    const { capacity, conditions, allocatedResources, allocatedResourceStatuses, ...status } =
      (object as PersistentVolumeClaim).status ?? {};
    return { ...object, metadata, status };
  };
  if (!semanticEqual(rest(newObject(attributes)), rest(attributes.oldObject!))) {
    throw refused(
      attributes,
      `node ${goQuote(node)} is not allowed to update fields other than status.quantity and status.conditions`,
    );
  }
}

async function checkToken({ attributes, node, deps }: NodeWrite): Promise<void> {
  if (attributes.operation !== "CREATE" || attributes.subresource !== "token") return;
  const { boundObjectRef: ref, audiences = [] } = newObject<TokenRequest>(attributes).spec;
  if (ref?.apiVersion !== "v1" || ref.kind !== "Pod" || !ref.name)
    throw refused(attributes, "node requested token not bound to a pod");
  if (!ref.uid) throw refused(attributes, "node requested token with a pod binding without a uid");
  const pod = findPod(deps, attributes.namespace, ref.name);
  if (ref.uid !== pod.metadata.uid) {
    throw refused(
      attributes,
      `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (pod.spec.nodeName !== node)
    throw refused(attributes, "node requested token bound to a pod scheduled on a different node");
  if (audiences.length > 1) throw refused(attributes, "node may only request 0 or 1 audiences");
  const audience = audiences[0] ?? "";
  const { found, problem } = podReferencesAudience(pod, audience, deps);
  if (found) return;
  if (problem !== undefined) throw refused(attributes, `error validating audience ${goQuote(audience)}: ${problem}`);
  if (await mayRequestAudience({ attributes, node, deps }, audience)) return;
  throw refused(
    attributes,
    `audience ${goQuote(audience)} not found in pod spec volume, ${attributes.user.username} is not authorized to request tokens for this audience`,
  );
}

async function mayRequestAudience({ attributes, deps }: NodeWrite, audience: string): Promise<boolean> {
  const { decision } = await deps.authorizer.authorize({
    user: attributes.user,
    verb: "request-serviceaccounts-token-audience",
    isResourceRequest: true,
    namespace: attributes.namespace,
    group: "",
    version: "v1",
    resource: audience,
    subresource: "",
    name: attributes.name,
    path: "",
  });
  return decision === "allow";
}

function checkLease(write: NodeWrite): void {
  const { attributes } = write;
  if (attributes.namespace !== "kube-node-lease")
    throw refused(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  checkOwnName(write, "node lease");
}

/** At a create the name is only in the object. */
function checkOwnName({ attributes, node }: NodeWrite, what: string): void {
  const name = attributes.operation === "CREATE" ? attributes.object?.metadata.name : attributes.name;
  if (name !== node) throw refused(attributes, `can only access ${what} with the same name as the requesting node`);
}

function checkSlice({ attributes, node }: NodeWrite): void {
  const { operation } = attributes;
  if (operation === "UPDATE") return;
  const slice = operation === "CREATE" ? newObject<ResourceSlice>(attributes) : (attributes.oldObject as ResourceSlice);
  if (slice.spec.nodeName === node) return;
  throw refused(
    attributes,
    `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`,
  );
}

function checkCertificateRequest({ attributes, node }: NodeWrite): void {
  if (attributes.operation !== "CREATE") return;
  const { signerName, request } = newObject<CertificateSigningRequest>(attributes).spec;
  if (signerName !== "kubernetes.io/kubelet-serving" && signerName !== "kubernetes.io/kube-apiserver-client-kubelet")
    return;
  const { commonName } = parseRequest(attributes, request, "unable to parse csr: ");
  if (commonName !== `system:node:${node}`)
    throw refused(attributes, `can only create a node CSR with CN=system:node:${node}`);
}
